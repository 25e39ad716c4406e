package schemas_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/schemas"
	"handrail/events"
)

// rules are what may read a member as "rule NAME": rules of the wire contract,
// rules of the memorandum that refuse, mark or qualify, the two that check
// genesis, and the one by which what was read is shown.
func rules() []string {
	all := []events.Rule{
		events.RuleTimesOrder, events.RuleSequenceReused, events.RuleKeyUnknown, events.RuleSignatureInvalid, events.RuleRecordHeader,
		events.RuleVouching, events.RuleAgencySuspended, // directory.Apply, and what the ledger asks of it
		mou.RuleLateByChannel, mou.RuleConsentProvisional, mou.ClockChildProtection,
		"checkpoint", // tlog.ParseCheckpoint and tlog.Witness: the log key that agencies pin, what witnesses cosign, and from where
		"profile",    // mou.ParseProfile: the country profile in force, and that its text is still the founding one
		"access",     // the ledger before it gives an auditor anything, and every auditor after it: who read what, by whose approval; and who of an agency's staff opened what
	}
	for _, clause := range mou.Refusals() {
		all = append(all, clause.Rule)
	}
	return texts(all)
}

// clocks are what may read a member as "clock NAME": the memorandum's, and the
// hub's own three: it delivers again what an agency lacks, says of each deadline
// once, by what names it, that it comes and that it was missed, and destroys the
// openings of a case whose retention ended (by which auditors tell what was
// destroyed lawfully from what was torn out).
func clocks() []string { return append(texts(mou.ClockRules()), "delivery", "deadline", "retention") }

// routes are what may read a member as "route NAME": each decides who gets or
// finds something.
func routes() []string {
	return []string{
		"addressee",   // whom a statement is delivered to
		"candidates",  // which of the providers named is asked, and when
		"case-status", // which list of a desk the case stands in
		"directory",   // who exists, and where an agency's messages go
		"escalation",  // whom a chase turns to, and whom they call back
		"incident",    // which cases of one raid or family stand together
		"matching",    // whether a provider can take the person (domain rule 4)
		"notice",      // which office of the addressee takes a notice
		"referrer",    // what the referrer is told, to ask the next provider
		"release",     // which held record goes out or is destroyed
	}
}

func texts(rules []events.Rule) []string {
	out := make([]string, 0, len(rules))
	for _, r := range rules {
		out = append(out, string(r))
	}
	return out
}

// A member exists only if a rule, a clock or a route reads it (domain rule 1):
// none without saying which, none that names what does not exist.
func TestEveryFactIsRead(t *testing.T) {
	known := map[string][]string{"rule": rules(), "clock": clocks(), "route": routes()}
	used := map[string]bool{}
	for _, typ := range events.Types() {
		if events.New(typ) == nil {
			continue
		}
		file, err := os.ReadFile(schemas.FileName(typ))
		must(t, err)
		var shape any
		must(t, json.Unmarshal(file, &shape))
		for pointer, reader := range readers(shape, "") {
			kind, name, _ := strings.Cut(reader, " ")
			if !slices.Contains(known[kind], name) {
				t.Errorf("%s%s is read by %q, which is no rule, clock or route", typ.Name(), pointer, reader)
			}
			used[reader] = true
		}
	}
	for _, name := range routes() {
		if !used["route "+name] {
			t.Errorf("no member is for route %s any more: take it off the list", name)
		}
	}
}

// What the hub says of a deadline names one of the memorandum's clocks, and there
// is no clock of which it could not speak.
func TestEveryDutyIsAClock(t *testing.T) {
	duties, clocks := events.Duty("").Codes(), texts(mou.ClockRules())
	slices.Sort(duties)
	slices.Sort(clocks)
	if !slices.Equal(duties, clocks) {
		t.Errorf("the hub speaks of %v, the memorandum has %v", duties, clocks)
	}
}

// readers lists x-read-by of every property at every depth, empty if it has none.
func readers(shape any, at string) map[string]string {
	out := map[string]string{}
	s, _ := shape.(map[string]any)
	properties, _ := s["properties"].(map[string]any)
	for name, property := range properties {
		p, _ := property.(map[string]any)
		out[at+"/"+name], _ = p["x-read-by"].(string)
		maps.Copy(out, readers(p, at+"/"+name))
	}
	if s["items"] != nil {
		maps.Copy(out, readers(s["items"], at+"/-"))
	}
	return out
}
