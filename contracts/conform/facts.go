package conform

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"handrail/contracts/schemas"
	"handrail/events"
)

// mostListed is how many codes of a list a finding repeats.
const mostListed = 16

// schemaSet compiles published schemas when they are needed.
type schemaSet struct {
	compiled map[events.Type]*jsonschema.Schema
}

func newSchemaSet() *schemaSet { return &schemaSet{map[events.Type]*jsonschema.Schema{}} }

func (s *schemaSet) of(t events.Type) (*jsonschema.Schema, error) {
	if schema := s.compiled[t]; schema != nil {
		return schema, nil
	}
	text, err := schemas.Of(t)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", t.Name(), err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(t.Schema(), doc); err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", t.Name(), err)
	}
	s.compiled[t], err = c.Compile(t.Schema())
	return s.compiled[t], err
}

// facts judges the data of an event that is no sealed record: every place that the
// published schema refuses, and what a schema cannot say.
func (j *Judge) facts(r *Report, e events.Event) {
	payload, err := events.Decode(e.Type, e.Data)
	var v *events.Violation
	if errors.As(err, &v) {
		defer func() { // what the schema said in more words is not repeated
			if v.Pointer == "" && slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule == v.Rule }) || v.Pointer != "" && r.found(v.Pointer) {
				return
			}
			r.addViolation(v)
		}()
		if v.Rule == events.RuleEventTooLarge {
			return
		}
	}
	j.bySchema(r, e)
	if payload == nil {
		return
	}
	if err := events.CheckTimes(e, payload); errors.As(err, &v) {
		r.addViolation(v)
	}
}

func (j *Judge) bySchema(r *Report, e events.Event) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Data))
	if err != nil {
		return // no JSON: events.Decode says so
	}
	schema, err := j.schemas.of(e.Type)
	if err != nil {
		r.unjudged("the data by their schema: it cannot be read")
		return
	}
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](schema.Validate(value)); ok {
		var all Report
		leaves(&all, invalid, schemas.FileName(e.Type))
		slices.SortFunc(all.Findings, func(a, b Finding) int { return cmp.Compare(a.Pointer, b.Pointer) })
		r.Findings = append(r.Findings, all.Findings...)
	}
}

// leaves notes what was found at the ends of the tree of errors.
func leaves(r *Report, invalid *jsonschema.ValidationError, file string) {
	for _, cause := range invalid.Causes {
		leaves(r, cause, file)
	}
	if len(invalid.Causes) > 0 {
		return
	}
	at := pointer(invalid.InstanceLocation)
	switch found := invalid.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range found.Missing {
			r.add(events.RuleDataMalformed, at+"/"+name, "a required member is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range found.Properties {
			r.add(events.RuleDataMalformed, pointer(append(slices.Clone(invalid.InstanceLocation), name)), "the schema has no such member: leave it out. There is no place for free text, and none for who the person is")
		}
	case *kind.Type:
		r.add(events.RuleDataMalformed, at, "the value is to be of the JSON type "+strings.Join(found.Want, " or "))
	case *kind.Enum:
		r.add(events.RuleDataCode, at, "the value is none of the list: "+listed(found.Want, file))
	case *kind.Const:
		r.add(events.RuleDataCode, at, fmt.Sprintf("the value is always %v", found.Want))
	case *kind.Pattern:
		r.add(events.RuleDataCode, at, "the value has the form "+found.Want)
	case *kind.Format:
		r.add(events.RuleDataCode, at, "the value is a "+found.Want+" that there is")
	default: // numbers, and lengths of lists
		r.add(events.RuleDataRange, at, "the value is outside of what "+file+" allows")
	}
}

func listed(codes []any, file string) string {
	texts := make([]string, 0, len(codes))
	for _, code := range codes {
		texts = append(texts, fmt.Sprint(code))
	}
	if len(texts) > mostListed {
		return fmt.Sprintf("%s and %d more, see %s", strings.Join(texts[:mostListed], ", "), len(texts)-mostListed, file)
	}
	return strings.Join(texts, ", ")
}

var plainStep = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// pointer is a JSON pointer, cut before the first step that is not a plain name:
// such a step may be anything.
func pointer(steps []string) string {
	var text strings.Builder
	for _, step := range steps {
		if !plainStep.MatchString(step) {
			break
		}
		text.WriteString("/" + step)
	}
	return text.String()
}
