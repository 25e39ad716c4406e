package events

import (
	"encoding"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// member is one member of a payload's JSON object.
type member struct {
	name     string
	required bool
	of       reflect.Type
	pattern  string // of a plain string, from the tag of that name
}

// membersOf lists the members of t's JSON object, those of an embedded struct
// included; none if t is no object with members of its own.
func membersOf(t reflect.Type) []member {
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	var all []member
	for _, field := range reflect.VisibleFields(t) {
		if name, options, tagged := strings.Cut(field.Tag.Get("json"), ","); name != "" && field.IsExported() {
			all = append(all, member{name, !tagged || !strings.Contains(options, "omitzero"), field.Type, field.Tag.Get("pattern")})
		}
	}
	return all
}

// complete refuses JSON, already decoded into t, that leaves a required member
// out, which the decoder takes for an empty one, or whose plain strings have
// another form than their pattern.
func complete(t reflect.Type, data jsontext.Value, at string) error {
	if t.Kind() == reflect.Slice && membersOf(t.Elem()) != nil {
		var list []jsontext.Value
		if err := json.Unmarshal(data, &list); err != nil {
			return malformed(t, err)
		}
		for i, value := range list {
			if err := complete(t.Elem(), value, at+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
		return nil
	}
	members := membersOf(t)
	if members == nil {
		return nil
	}
	var given map[string]jsontext.Value
	if err := json.Unmarshal(data, &given); err != nil {
		return malformed(t, err)
	}
	for _, m := range members {
		value, there := given[m.name]
		if !there && m.required {
			return Refuse(RuleDataMalformed, at+"/"+m.name, "a required member is missing")
		}
		if there && m.pattern != "" && !matches(m.pattern, value) {
			return Refuse(RuleDataCode, at+"/"+m.name, "the value is not of the form that the schema gives for it")
		}
		if there {
			if err := complete(m.of, value, at+"/"+m.name); err != nil {
				return err
			}
		}
	}
	return nil
}

func matches(pattern string, value jsontext.Value) bool {
	var text string
	return json.Unmarshal(value, &text) == nil && regexp.MustCompile(pattern).MatchString(text)
}

// knownPart cuts a JSON pointer before the first step that t does not name:
// such a step came from outside and may be anything.
func knownPart(t reflect.Type, pointer string) string {
	known := ""
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next := stepInto(t, step)
		if next == nil {
			break
		}
		t, known = next, known+"/"+step
	}
	return known
}

func stepInto(t reflect.Type, step string) reflect.Type {
	if t.Kind() == reflect.Slice {
		if _, err := strconv.ParseUint(step, 10, 16); err == nil {
			return t.Elem()
		}
		return nil
	}
	for _, m := range membersOf(t) {
		if m.name == step {
			return m.of
		}
	}
	return nil
}
