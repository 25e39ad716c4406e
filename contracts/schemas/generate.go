package schemas

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"handrail/events"
)

// Limits that events.Decode sets.
const (
	maxSet    = 32
	maxNumber = 9_999_999_999_999_999 // 16 digits
)

func dataOf(t events.Type) (schema, error) {
	if t.Sealed() {
		return sealed(t)
	}
	p := events.New(t)
	if p == nil {
		return schema{}, errors.New("the catalogue has no payload for it")
	}
	return object(reflect.TypeOf(p).Elem())
}

// object is the closed schema of a struct of facts, each member of which must
// name what reads it.
func object(t reflect.Type) (schema, error) {
	s := schema{Type: "object", Additional: new(false)}
	for _, field := range reflect.VisibleFields(t) {
		if field.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || !field.IsExported() {
			return schema{}, fmt.Errorf("%s.%s has no JSON name", t.Name(), field.Name)
		}
		value, err := valueOf(t, field)
		if err != nil {
			return schema{}, err
		}
		value.ReadBy = field.Tag.Get("reads")
		if value.ReadBy == "" {
			return schema{}, fmt.Errorf("%s.%s: no rule, clock or route reads it", t.Name(), field.Name)
		}
		s.Properties = append(s.Properties, member{name, value})
		if !strings.Contains(options, "omitzero") {
			s.Required = append(s.Required, name)
		}
	}
	return s, nil
}

// valueOf is the schema of a field of the struct in.
func valueOf(in reflect.Type, field reflect.StructField) (schema, error) {
	t := field.Type
	if s, ok := textOf(t, field.Tag.Get("pattern")); ok {
		return s, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return schema{Type: "boolean"}, nil
	case reflect.Int, reflect.Uint64:
		return schema{Type: "integer", Minimum: new(uint64(0)), Maximum: new(mostOf(in))}, nil
	case reflect.Struct:
		return object(t)
	case reflect.Slice:
		return listOf(in, t)
	default:
		return schema{}, fmt.Errorf("%s.%s is free text or of a kind that facts do not have", in.Name(), field.Name)
	}
}

// textOf is the schema of a string with a closed list or a closed syntax.
func textOf(t reflect.Type, pattern string) (schema, bool) {
	switch zero := reflect.Zero(t).Interface().(type) {
	case interface{ Codes() []string }:
		return schema{Type: "string", Enum: zero.Codes()}, true
	case events.Time:
		return schema{Type: "string", Pattern: zero.Pattern(), Format: "date-time"}, true
	case interface{ Pattern() string }:
		return schema{Type: "string", Pattern: zero.Pattern()}, true
	}
	return schema{Type: "string", Pattern: pattern}, t.Kind() == reflect.String && pattern != ""
}

// mostOf is the highest count that a struct's numbers may have.
func mostOf(in reflect.Type) uint64 {
	switch in {
	case reflect.TypeFor[events.Children](), reflect.TypeFor[events.CapacityPublished]():
		return 20
	}
	return maxNumber
}

// listOf is the schema of a list in a member of the struct in.
func listOf(in, t reflect.Type) (schema, error) {
	if item, ok := textOf(t.Elem(), ""); ok {
		return schema{Type: "array", Unique: true, MinItems: 1, MaxItems: maxSet, Items: &item}, nil
	}
	if t.Elem().Kind() == reflect.Uint64 {
		return schema{Type: "array", Unique: true, MinItems: 1, MaxItems: maxSet, Items: &schema{Type: "integer", Minimum: new(uint64(0)), Maximum: new(mostOf(in))}}, nil
	}
	if t.Elem() != reflect.TypeFor[events.Listing]() && t.Elem() != reflect.TypeFor[events.Vouching]() {
		return schema{}, fmt.Errorf("%s is no set", t)
	}
	item, err := object(t.Elem())
	switch in {
	case reflect.TypeFor[events.DirectoryListed]():
		return schema{Type: "array", MinItems: 1, MaxItems: 1, Items: &item}, err
	case reflect.TypeFor[events.DirectoryJoined]():
		return schema{Type: "array", MinItems: 2, MaxItems: 8, Items: &item}, err
	}
	return schema{Type: "array", MinItems: 2, MaxItems: 128, Items: &item}, err
}

// sealed is the schema of what events of type t seal: the compact JWE as a
// string, and its protected header, which is all that anyone but the recipient
// can read.
func sealed(t events.Type) (schema, error) {
	const base64url = `[A-Za-z0-9_-]`
	coordinate := schema{Type: "string", Pattern: `^` + base64url + `{42}[AEIMQUYcgkosw048]$`}
	curvePoint := schema{
		Type: "object", Additional: new(false), Required: []string{"kty", "crv", "x", "y"},
		Properties: members{
			{"kty", schema{Const: "EC"}}, {"crv", schema{Const: "P-256"}}, {"x", coordinate}, {"y", coordinate},
		},
	}
	header := schema{
		Anchor: "protected-header", Type: "object", Additional: new(false), Required: []string{"alg", "enc", "epk"},
		Properties: members{{"alg", schema{Const: "ECDH-ES+A256KW"}}, {"enc", schema{Const: "A256GCM"}}, {"epk", curvePoint}},
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[events.RecordHeader]()) {
		name := field.Tag.Get("json")
		value, ok := textOf(field.Type, field.Tag.Get("pattern"))
		switch {
		case name == "type":
			value = schema{Const: string(t)}
		case name == "section":
			value = sectionOf(t, value)
		case name == "source":
			value = schema{Type: "string", Pattern: `^urn:handrail:[a-z0-9-]{1,32}:agency:[a-z0-9-]{1,32}$`}
		case !ok:
			return schema{}, fmt.Errorf("%s is free text", field.Name)
		}
		header.Properties = append(header.Properties, member{name, value})
		header.Required = append(header.Required, name)
	}
	return schema{
		Type: "string", MaxLength: events.MaxBytes,
		// header, 40-byte wrapped key, 12-byte nonce, ciphertext, 16-byte tag
		Pattern: `^` + base64url + `+\.` + base64url + `{54}\.` + base64url + `{16}\.` + base64url + `+\.` + base64url + `{22}$`,
		Defs:    map[string]schema{"protected-header": header},
	}, nil
}

// sectionOf is the section that events of type t seal, out of all sections.
func sectionOf(t events.Type, all schema) schema {
	if t != events.TypeRecordSealed {
		return schema{Const: string(events.SectionQuestion)}
	}
	all.Enum = slices.DeleteFunc(all.Enum, func(code string) bool { return code == string(events.SectionQuestion) })
	return all
}
