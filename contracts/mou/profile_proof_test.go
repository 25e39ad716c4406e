package mou_test

import (
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// with is the model profile with one place of its text changed, as the parties of
// a country might.
func with(t *testing.T, old, to string) *mou.Profile {
	t.Helper()
	model := texts(t, "model@1")[0]
	if !strings.Contains(string(model.Text), old) {
		t.Fatalf("the model does not say %q", old)
	}
	p, err := mou.ParseProfile([]mou.ProfileText{{Ref: model.Ref, Text: []byte(strings.Replace(string(model.Text), old, to, 1))}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestWitnessedMeansEnoughAgenciesOfEnoughKinds, however the kinds are ordered.
func TestWitnessedMeansEnoughAgenciesOfEnoughKinds(t *testing.T) {
	const quorum = "witnesses: {agencies: 2, kinds: 2,"
	for _, c := range []struct {
		quorum string
		by     []events.AgencyKind
		want   bool
	}{
		{quorum, nil, false},
		{quorum, []events.AgencyKind{events.Police}, false},
		{quorum, []events.AgencyKind{events.Police, events.Police, events.Police}, false},
		{quorum, []events.AgencyKind{events.Police, events.Shelter}, true},
		{quorum, []events.AgencyKind{events.Shelter, events.Police, events.Shelter}, true},
		{"witnesses: {agencies: 3, kinds: 2,", []events.AgencyKind{events.Police, events.Shelter}, false},
		{"witnesses: {agencies: 3, kinds: 2,", []events.AgencyKind{events.Police, events.Shelter, events.Police}, true},
		{"witnesses: {agencies: 3, kinds: 3,", []events.AgencyKind{events.Police, events.Shelter, events.Police}, false},
		{"witnesses: {agencies: 1, kinds: 1,", []events.AgencyKind{events.Police}, true},
		{"witnesses: {agencies: 1, kinds: 1,", nil, false},
	} {
		if got := with(t, quorum, c.quorum).Witnessed(c.by); got != c.want {
			t.Errorf("%s: cosigned by %v: %v", c.quorum, c.by, got)
		}
	}
}

// TestEveryProfileSaysWhatCountsAsWitnessed: a country that says nothing has what
// the model says, and none trusts a single agency.
func TestEveryProfileSaysWhatCountsAsWitnessed(t *testing.T) {
	for _, ref := range mou.ProfileRefs() {
		p := memorandum(t, ref).Profile
		if p.Witnessed([]events.AgencyKind{events.Police}) || !p.Witnessed([]events.AgencyKind{events.Police, events.Shelter}) {
			t.Errorf("%s: one agency is enough, or two of different kinds are not", ref)
		}
		if p.Retention() < 365*24*time.Hour {
			t.Errorf("%s: what was done cannot be proved after %s", ref, p.Retention())
		}
		for _, what := range events.Reading("").Codes() {
			if p.NeedsApproval(events.Reading(what)) {
				t.Errorf("%s: an auditor cannot read alone: %s", ref, what)
			}
		}
	}
}

// TestASecondReaderIsAskedForWhatTheProfileNames, and for nothing else.
func TestASecondReaderIsAskedForWhatTheProfileNames(t *testing.T) {
	p := with(t, "second-reader: {for: []", "second-reader: {for: [export, log]")
	for _, what := range events.Reading("").Codes() {
		reading := events.Reading(what)
		if want := reading == events.ReadingExport || reading == events.ReadingLog; p.NeedsApproval(reading) != want {
			t.Errorf("a %s needs an approval: %v", what, !want)
		}
	}
}

// TestACountrySaysHowLongItKeeps, how the log is witnessed and what two read: over
// the model's word.
func TestACountrySaysHowLongItKeeps(t *testing.T) {
	own := `name: atlantis
version: 1
extends: model@1
about: A country under water.
durations:
  retention: {value: 730d, confidence: I, source: "test: two years"}
witnesses: {agencies: 3, kinds: 1, confidence: I, source: "test: three of any kind"}
second-reader: {for: [export], confidence: I, source: "test: no auditor takes a file away alone"}
`
	p, err := mou.ParseProfile([]mou.ProfileText{{Ref: "atlantis@1", Text: []byte(own)}, texts(t, "model@1")[0]})
	if err != nil {
		t.Fatal(err)
	}
	if p.Retention() != 730*24*time.Hour || !p.NeedsApproval(events.ReadingExport) || p.NeedsApproval(events.ReadingReplay) {
		t.Error("the country's own word does not count")
	}
	two, three := []events.AgencyKind{events.Police, events.Shelter}, []events.AgencyKind{events.Police, events.Police, events.Police}
	if p.Witnessed(two) || !p.Witnessed(three) {
		t.Error("the country's own quorum does not count")
	}
}
