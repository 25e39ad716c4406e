package language

import (
	"reflect"
	"strings"
	"unicode"
)

// ListOf is the name of the code list of a type, as [Words.Code] knows it: the type's
// own in lower case with hyphens, so that AgeClass is age-class.
func ListOf(t reflect.Type) string {
	var b strings.Builder
	for i, r := range t.Name() {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
