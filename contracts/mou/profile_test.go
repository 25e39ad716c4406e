package mou_test

import (
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// TestWhatNoRowAllows keeps the lines of the domain that no profile may cross.
func TestWhatNoRowAllows(t *testing.T) {
	all := func(codes []string) (kinds []events.AgencyKind) {
		for _, c := range codes {
			kinds = append(kinds, events.AgencyKind(c))
		}
		return kinds
	}
	everybody := all(events.AgencyKind("").Codes())
	law := []events.AgencyKind{events.Police, events.BorderGuard, events.Prosecutor}
	nobody := []events.AgencyKind{events.Coordinator, events.FocalPoint, events.Rapporteur, events.Auditor}
	for _, never := range []struct {
		why      string
		from, to []events.AgencyKind
		sections []events.Section
	}{
		{"nothing sealed goes to who coordinates, counts or audits", everybody, nobody, nil},
		{"nothing sealed comes from them or from a foreign mission", append(nobody, events.ForeignMission), everybody, nil},
		{"police give no evidence to who helps", law, []events.AgencyKind{events.Shelter, events.Counselling, events.Social, events.Health, events.LegalAid, events.IOM}, []events.Section{events.SectionTestimony}},
		{"health and needs stay out of the investigation", []events.AgencyKind{events.Shelter, events.Counselling, events.Hotline, events.Health}, law, []events.Section{events.SectionHealth, events.SectionNeeds}},
		{"a labour inspectorate is walled off from migration control", []events.AgencyKind{events.LabourInspectorate}, []events.AgencyKind{events.Migration}, nil},
		{"nor migration control lets it see anything", []events.AgencyKind{events.Migration}, []events.AgencyKind{events.LabourInspectorate}, nil},
		{"an embassy hears nothing of how the person is", everybody, []events.AgencyKind{events.ForeignMission}, []events.Section{events.SectionContact, events.SectionNeeds, events.SectionRisk, events.SectionHealth, events.SectionTestimony}},
	} {
		for _, ref := range mou.ProfileRefs() {
			p := memorandum(t, ref).Profile
			for _, from := range never.from {
				for _, to := range never.to {
					if s, ok := allowed(p, from, to, never.sections); ok {
						t.Errorf("%s: %s lets %s send %s to %s", never.why, ref, from, s, to)
					}
				}
			}
		}
	}
}

// allowed finds one of the sections (none: any) that may go from one to another.
func allowed(p *mou.Profile, from, to events.AgencyKind, sections []events.Section) (events.Section, bool) {
	for _, s := range events.Section("").Codes() {
		if sections != nil && !slices.Contains(sections, events.Section(s)) {
			continue
		}
		for _, purpose := range events.Purpose("").Codes() {
			if p.Allows(from, to, events.Purpose(purpose), events.Section(s)) {
				return events.Section(s), true
			}
		}
	}
	return "", false
}

// TestABundleAsksForNoMoreThanSomebodyMaySend: what is offered can be done.
func TestABundleAsksForNoMoreThanSomebodyMaySend(t *testing.T) {
	for _, ref := range mou.ProfileRefs() {
		p := memorandum(t, ref).Profile
		for name, b := range p.Bundles {
			sender := func(kind string) bool {
				return !slices.ContainsFunc(b.Sections, func(s events.Section) bool { return !p.Allows(events.AgencyKind(kind), b.Class, b.Purpose, s) })
			}
			if !slices.ContainsFunc(events.AgencyKind("").Codes(), sender) {
				t.Errorf("%s: nobody may send what the bundle %s covers", ref, name)
			}
			given := b.Consent(morning)
			given.Recorded, given.Channel, given.By, given.Capacity = given.Happened, events.InPerson, events.ByPerson, events.Clear
			given.Language, given.Interpreter, given.Present = "ron", events.NoInterpreter, events.Set[events.Present]{"person-alone"}
			if _, err := events.Encode(&given); err != nil {
				t.Errorf("%s: the bundle %s is no consent: %v", ref, name, err)
			}
		}
	}
}

func TestEveryTypeAboutACaseHasATerm(t *testing.T) {
	m := memorandum(t, "uk@1")
	ofNoCase := []events.Type{
		events.TypeDirectoryFounded, events.TypeDirectoryListed, events.TypeCapacityPublished, events.TypeTrailRead, events.TypeRetentionEnded, events.TypeWitnessReset,
		events.TypeDirectoryJoined, events.TypeDirectoryKeyed, events.TypeDirectorySuspended, events.TypeDirectoryResumed, events.TypeDirectoryRevoked,
	}
	for _, kind := range events.Types() {
		term, ok := m.Term(kind)
		if want := !kind.IsControl() && !slices.Contains(ofNoCase, kind); ok != want {
			t.Errorf("%s has a term: %v", kind, ok)
		}
		if ok && (term.Clause == "" || term.Who == "" || term.SeenBy == "" || len(term.Requires) == 0) {
			t.Errorf("the term of %s is incomplete: %+v", kind, term)
		}
	}
}

func TestAnUnknownProfileIsNamedWithThoseThereAre(t *testing.T) {
	for _, ref := range []string{"", "model", "model@2", "../mou/profiles/model@1", "atlantis@1"} {
		if _, err := mou.LoadProfile(ref); err == nil || !strings.Contains(err.Error(), strings.Join(mou.ProfileRefs(), ", ")) {
			t.Errorf("loading %q: %v", ref, err)
		}
	}
}

// TestNoEmergencyOpensAnythingToWhoeverThePersonMayFlee: an emergency reaches whom
// the profile names, and never a mission of another state or migration control.
func TestNoEmergencyOpensAnythingToWhoeverThePersonMayFlee(t *testing.T) {
	for _, ref := range mou.ProfileRefs() {
		p := memorandum(t, ref).Profile
		for _, from := range events.AgencyKind("").Codes() {
			for _, to := range []events.AgencyKind{events.ForeignMission, events.Migration, events.LabourInspectorate, events.Coordinator, events.IOM} {
				for _, section := range events.Section("").Codes() {
					if p.Allows(events.AgencyKind(from), to, events.PurposeEmergency, events.Section(section)) {
						t.Errorf("%s lets %s send %s to %s in an emergency", ref, from, section, to)
					}
				}
			}
		}
	}
}
