package match

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"handrail/events"
)

// LanguageOf reads a language as people and other systems write it, by its code
// of two letters (ISO 639-1) or of three (ISO 639-3); none for anything else, so
// that nothing is guessed from a name.
func LanguageOf(code string) events.Language {
	code = strings.ToLower(strings.TrimSpace(code))
	if len(code) == 2 {
		if base, err := language.ParseBase(code); err == nil {
			code = base.ISO3()
		}
	}
	if !slices.Contains(events.Language("").Codes(), code) {
		return ""
	}
	return events.Language(code)
}
