package conform_test

import (
	"crypto/rand"
	"os"
	"strconv"
	"strings"
	"testing"

	"handrail/contracts/conform"
	"handrail/events"
)

// The sentence that a finding names speaks of the rule, or of what it names.
func TestAFindingNamesASentenceThatThereIs(t *testing.T) {
	text, err := os.ReadFile("../decisions/0001-wire-contract.md")
	must(t, err)
	x, err := conform.ExampleOf(events.TypeCaseOpened, rand.Reader)
	must(t, err)
	for _, attribute := range x.Event.Attributes() {
		m := x.Message()
		m.Header["ce-"+attribute.Name] = []string{"%"}
		j, err := conform.New(conform.Options{})
		must(t, err)
		r := j.Message("it", m)
		if len(r.Findings) == 0 {
			t.Fatalf("%s: a per cent sign is as the contract says", attribute.Name)
		}
		for _, f := range r.Findings {
			_, sentence, found := strings.Cut(string(text), "\n"+strconv.Itoa(f.Sentence)+". ")
			sentence, _, _ = strings.Cut(sentence, "\n"+strconv.Itoa(f.Sentence+1)+". ")
			name := strings.TrimPrefix(f.Pointer, "attribute ")
			if !found || f.Sentence != 7 && !strings.Contains(sentence, "`"+name+"`") && !strings.Contains(sentence, string(f.Rule)) {
				t.Errorf("%s: sentence %d says nothing of %s", f.Rule, f.Sentence, f.Pointer)
			}
		}
	}
}

// Whoever left an attribute out, or wrote it wrong, is told what it looks like.
func TestEveryAttributeIsExplained(t *testing.T) {
	x, err := conform.ExampleOf(events.TypeRecordSealed, rand.Reader)
	must(t, err)
	for _, attribute := range x.Event.Attributes() {
		m := x.Message()
		delete(m.Header, "ce-"+attribute.Name)
		j, err := conform.New(conform.Options{})
		must(t, err)
		r := j.Message("it", m)
		if len(r.Findings) == 0 || r.Findings[0].Rule != events.RuleAttributeMissing || strings.Contains(r.Findings[0].Reason, "as the wire contract says") {
			t.Errorf("without %s: %+v", attribute.Name, r.Findings)
		}
	}
}
