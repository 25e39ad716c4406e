package conform_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/conform"
	"handrail/events"
	"handrail/events/exchange"
)

// vector is one of a file, as far as a message is in it.
type vector struct {
	Name  string
	Input struct {
		Header     [][2]string
		Body       string
		BodyOf     []repeated `json:"body_of"`
		Attributes [][2]string
		Type       events.Type
		Data       *string
	}
	Refused *struct {
		Rule    events.Rule
		Pointer string
	}
}

type repeated struct {
	Text  string
	Times int
}

func vectorsOf(t *testing.T, file string) []vector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../vectors", file))
	must(t, err)
	var published struct{ Vectors []vector }
	must(t, json.Unmarshal(text, &published))
	if len(published.Vectors) == 0 {
		t.Fatalf("%s has no vectors", file)
	}
	return published.Vectors
}

// message is the vector's message; facts and bare attributes get from an example
// what they lack.
func (v vector) message(t *testing.T) exchange.Message {
	t.Helper()
	m := exchange.Message{Header: map[string][]string{}, Data: []byte(v.Input.Body)}
	for _, part := range v.Input.BodyOf {
		m.Data = append(m.Data, strings.Repeat(part.Text, part.Times)...)
	}
	for _, line := range v.Input.Header {
		m.Header[line[0]] = append(m.Header[line[0]], line[1])
	}
	switch {
	case v.Input.Attributes != nil: // in structured mode a name keeps its capitals
		var members []string
		for _, a := range v.Input.Attributes {
			value, err := json.Marshal(a[1])
			must(t, err)
			members = append(members, `"`+a[0]+`":`+string(value))
		}
		m = exchange.Message{Header: map[string][]string{"content-type": {"application/cloudevents+json"}}, Data: []byte("{" + strings.Join(members, ",") + "}")}
	case v.Input.Type != "":
		x, err := conform.ExampleOf(v.Input.Type, rand.Reader)
		must(t, err)
		m = x.Message()
		m.Data = []byte(*v.Input.Data)
	}
	return m
}

// judgedBy are the rules that a file of vectors is about; a message has more to it.
func TestEveryVectorIsJudgedAsItSays(t *testing.T) {
	envelope := []events.Rule{
		events.RuleAttributeMissing, events.RuleAttributeUnknown, events.RuleAttributeRepeated, events.RuleAttributeSyntax,
		events.RuleTypeUnknown, events.RuleHubMismatch, events.RuleEventTooLarge,
	}
	for file, about := range map[string][]events.Rule{
		"codec-binary.json":     append(envelope, events.RuleDataMalformed),
		"codec-structured.json": append(envelope, events.RuleDataMalformed),
		"envelope.json":         envelope,
		"facts.json":            {events.RuleDataMalformed, events.RuleDataCode, events.RuleDataRange, events.RuleEventTooLarge},
		"control.json":          append(envelope, events.RuleDataMalformed, events.RuleDataCode, events.RuleSignatureInvalid),
	} {
		for _, v := range vectorsOf(t, file) {
			j, err := conform.New(conform.Options{})
			must(t, err)
			r := j.Message(v.Name, v.message(t))
			found := slices.DeleteFunc(slices.Clone(r.Findings), func(f conform.Finding) bool {
				return !slices.Contains(about, f.Rule) || file == "envelope.json" && f.Pointer == "/data"
			})
			switch {
			case v.Refused == nil && len(found) > 0:
				t.Errorf("%s: %s: accepted by the contract, found %+v", file, v.Name, found)
			case v.Refused != nil && !slices.ContainsFunc(found, func(f conform.Finding) bool {
				return f.Rule == v.Refused.Rule && (v.Refused.Pointer == "" || strings.HasPrefix(f.Pointer, v.Refused.Pointer))
			}):
				t.Errorf("%s: %s: refused with %+v, found %+v", file, v.Name, *v.Refused, r.Findings)
			}
		}
	}
}

func TestEveryTypeHasAnExampleThatConforms(t *testing.T) {
	for _, typ := range events.Types() {
		x, err := conform.ExampleOf(typ, rand.Reader)
		if err != nil {
			t.Error(err)
			continue
		}
		agency := x.Event.Agency()
		structured, err := x.JSON()
		must(t, err)
		for form, text := range map[string][]byte{"text": x.Text(), "JSON": structured} {
			j, err := conform.New(conform.Options{Agency: agency, Keys: []events.PublicKey{x.Key}, From: 1})
			must(t, err)
			messages, err := conform.Split(text)
			must(t, err)
			if len(messages) != 1 {
				t.Fatalf("%s as %s is %d messages", typ.Name(), form, len(messages))
			}
			if r := j.Message(form, messages[0]); !r.Conforms() || r.Type != typ {
				t.Errorf("the example of %s as %s: %+v", typ.Name(), form, r.Findings)
			}
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
