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

// shape is what a Go type is as JSON: an object with members, a list, or anything else.
type shape struct {
	members []member
	element *shape // of a list; nil: it is none
}

// member is one member of a payload's JSON object.
type member struct {
	name     string
	required bool
	of       *shape
	pattern  *regexp.Regexp // of a plain string, from the tag of that name; nil: none
	field    []int          // for [reflect.Value.FieldByIndex]
}

// shapes are those of all payloads: reading them from the types anew, for all facts
// that arrive, would take longer than all the rest.
//
//nolint:gochecknoglobals // read-only, as compiled patterns are
var shapes = shapesOf(Types())

func shapesOf(types []Type) map[reflect.Type]*shape {
	all := map[reflect.Type]*shape{}
	for _, t := range types {
		if p := New(t); p != nil {
			of := reflect.TypeOf(p).Elem()
			all[of] = shapeOf(of)
		}
	}
	return all
}

// shapeOf takes a type apart, embedded structs included.
func shapeOf(t reflect.Type) *shape {
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return &shape{}
	case t.Kind() == reflect.Slice:
		return &shape{element: shapeOf(t.Elem())}
	case t.Kind() != reflect.Struct:
		return &shape{}
	}
	s := &shape{}
	for _, field := range reflect.VisibleFields(t) {
		name, options, tagged := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || !field.IsExported() {
			continue
		}
		m := member{name: name, required: !tagged || !strings.Contains(options, "omitzero"), of: shapeOf(field.Type), field: field.Index}
		if pattern := field.Tag.Get("pattern"); pattern != "" {
			m.pattern = regexp.MustCompile(pattern)
		}
		s.members = append(s.members, m)
	}
	return s
}

// filled says of a decoded value that [shape.complete] would surely not refuse the
// JSON that it was decoded from: nothing that is required is zero, and every plain
// string matches. Of most facts that is so, and they need not be read again; of the
// others only their JSON tells what was left out.
func (s *shape) filled(v reflect.Value) bool {
	if s.element != nil {
		for i := range v.Len() {
			if !s.element.filled(v.Index(i)) {
				return false
			}
		}
		return true
	}
	for i := range s.members {
		m := &s.members[i]
		field := v.FieldByIndex(m.field)
		switch {
		case field.IsZero() && (m.required || m.pattern != nil || m.of.members != nil):
			return false
		case m.pattern != nil && !m.pattern.MatchString(field.String()):
			return false
		case !m.of.filled(field):
			return false
		}
	}
	return true
}

// complete refuses JSON, already decoded into a type of the shape, that leaves a
// required member out, which the decoder takes for an empty one, or whose plain
// strings have another form than their pattern.
func (s *shape) complete(data jsontext.Value, at string) error {
	if s.element != nil && s.element.members != nil {
		var list []jsontext.Value
		if err := json.Unmarshal(data, &list); err != nil {
			return malformed(s, err)
		}
		for i, value := range list {
			if err := s.element.complete(value, at+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
		return nil
	}
	if s.members == nil {
		return nil
	}
	var given map[string]jsontext.Value
	if err := json.Unmarshal(data, &given); err != nil {
		return malformed(s, err)
	}
	for _, m := range s.members {
		value, there := given[m.name]
		if !there && m.required {
			return Refuse(RuleDataMalformed, at+"/"+m.name, "a required member is missing")
		}
		if there && m.pattern != nil && !matches(m.pattern, value) {
			return Refuse(RuleDataCode, at+"/"+m.name, "the value is not of the form that the schema gives for it")
		}
		if there {
			if err := m.of.complete(value, at+"/"+m.name); err != nil {
				return err
			}
		}
	}
	return nil
}

func matches(pattern *regexp.Regexp, value jsontext.Value) bool {
	var text string
	return json.Unmarshal(value, &text) == nil && pattern.MatchString(text)
}

// knownPart cuts a JSON pointer before the first step that the shape does not name:
// such a step came from outside and may be anything.
func (s *shape) knownPart(pointer string) string {
	known := ""
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next := s.stepInto(step)
		if next == nil {
			break
		}
		s, known = next, known+"/"+step
	}
	return known
}

func (s *shape) stepInto(step string) *shape {
	if s.element != nil {
		if _, err := strconv.ParseUint(step, 10, 16); err == nil {
			return s.element
		}
		return nil
	}
	for _, m := range s.members {
		if m.name == step {
			return m.of
		}
	}
	return nil
}
