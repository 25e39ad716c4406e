package events_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"handrail/events"
)

// Codes of places and languages are lists in text: each code stands once, in
// order, and has the form of its standard.
func TestRegionsAndLanguagesAreClosedLists(t *testing.T) {
	for name, list := range map[string]struct {
		codes []string
		form  *regexp.Regexp
	}{
		"region":   {events.Region("").Codes(), regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)},
		"language": {events.Language("").Codes(), regexp.MustCompile(`^[a-z]{3}$`)},
	} {
		if len(list.codes) < 100 || !slices.IsSorted(list.codes) || len(slices.Compact(slices.Clone(list.codes))) != len(list.codes) {
			t.Errorf("%s: %d codes, each once and in order?", name, len(list.codes))
		}
		for _, c := range list.codes {
			if !list.form.MatchString(c) {
				t.Errorf("%s: %q does not have the form of its standard", name, c)
			}
		}
	}
	for _, c := range []string{"GB-ENG", "DE-NI", "NO-03", "LT-VL", "LV-RIX", "EE-37", "PL-14", "FI-18", "SE-AB", "DK-84", "IS-1"} {
		if new(events.Region).UnmarshalText([]byte(c)) != nil {
			t.Errorf("%s is refused", c)
		}
	}
	for _, c := range []string{"eng", "ron", "bul", "ukr", "prs", "cmn", "bin", "vie"} {
		if new(events.Language).UnmarshalText([]byte(c)) != nil {
			t.Errorf("%s is refused", c)
		}
	}
}

// Every other list is short and written by hand: each code stands once, in the
// words of the contract, is read as itself, and nothing near it is.
func TestCodesAreReadAsWritten(t *testing.T) {
	for name, list := range map[string]list{
		"kind": listOf[events.AgencyKind](), "age": listOf[events.AgeClass](), "channel": listOf[events.Channel](), "section": listOf[events.Section](),
		"purpose": listOf[events.Purpose](), "need": listOf[events.Need](), "urgency": listOf[events.Urgency](), "order": listOf[events.AskOrder](),
		"interpreter": listOf[events.Interpreter](), "speaker": listOf[events.Speaker](), "capacity": listOf[events.Capacity](), "child view": listOf[events.ChildView](),
		"sex": listOf[events.Sex](), "access": listOf[events.Access](), "safety": listOf[events.Safety](), "present": listOf[events.Present](),
		"decline": listOf[events.DeclineReason](), "end": listOf[events.EndReason](), "erased": listOf[events.ErasureReason](), "answer": listOf[events.ErasureAnswer](),
		"ground": listOf[events.KeepGround](), "places": listOf[events.Places](), "duty": listOf[events.Duty](), "step": listOf[events.EscalationStep](),
		"danger": listOf[events.Danger](), "told": listOf[events.Told](), "link": listOf[events.LinkKind](), "way back": listOf[events.WayBack](), "outcome": listOf[events.ReturnOutcome](),
	} {
		seen := map[string]bool{}
		for _, code := range list.codes {
			if seen[code] || !codeForm.MatchString(code) {
				t.Errorf("%s: %q stands twice or is of another form", name, code)
			}
			seen[code] = true
			must(t, list.read(code))
			for _, near := range []string{code + " ", " " + code, code + "\n", code + "s", "x" + code, code[:len(code)-1], strings.ToUpper(code)} {
				if !slices.Contains(list.codes, near) {
					refused(t, list.read(near), events.RuleDataCode, "")
				}
			}
		}
		refused(t, list.read(""), events.RuleDataCode, "")
		refused(t, list.read(marker), events.RuleDataCode, "")
	}
}

var codeForm = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// list is a list of codes and how a text of it is read.
type list struct {
	codes []string
	read  func(string) error
}

func listOf[C interface {
	~string
	Codes() []string
}, P interface {
	*C
	UnmarshalText([]byte) error
}]() list {
	var none C
	return list{none.Codes(), func(text string) error {
		var c C
		err := P(&c).UnmarshalText([]byte(text))
		if err == nil && string(c) != text || err != nil && c != none {
			return fmt.Errorf("%q is read as %q", text, c)
		}
		return err
	}}
}

// What code of ours says by a constant stands in the list that the schemas publish.
func TestConstantsStandInTheirLists(t *testing.T) {
	duties := []events.Duty{
		events.DutyChildProtection, events.DutyProvisional, events.DutyConsentExpiry, events.DutyAcknowledge, events.DutyAnswer, events.DutyConfirm,
		events.DutyEscalated, events.DutyHandover, events.DutyFeedback, events.DutyErasure, events.DutyEmergency,
	}
	if len(duties) != len(events.Duty("").Codes()) {
		t.Error("a duty has no constant")
	}
	for _, d := range duties {
		must(t, new(events.Duty).UnmarshalText([]byte(d)))
	}
	for _, s := range []events.EscalationStep{events.NextCandidate, events.StaffedDuty, events.ToCoordinator} {
		must(t, new(events.EscalationStep).UnmarshalText([]byte(s)))
	}
	for _, p := range []events.Places{events.NoPlaces, events.FewPlaces, events.SomePlaces} {
		must(t, new(events.Places).UnmarshalText([]byte(p)))
	}
	for _, s := range []events.Speaker{events.ByPerson, events.ByGuardian, events.ByAppointed} {
		must(t, new(events.Speaker).UnmarshalText([]byte(s)))
	}
	for _, o := range []events.AskOrder{events.AtOnce, events.InTurn} {
		must(t, new(events.AskOrder).UnmarshalText([]byte(o)))
	}
	for _, o := range []events.ReturnOutcome{events.ReturnAcceptable, events.ReturnAdverse} {
		must(t, new(events.ReturnOutcome).UnmarshalText([]byte(o)))
	}
	must(t, new(events.LinkKind).UnmarshalText([]byte(events.LinkConsular)))
	must(t, new(events.Purpose).UnmarshalText([]byte(events.PurposeEmergency)))
}
