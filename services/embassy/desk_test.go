package embassy

import (
	"slices"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

func asked(name string, arrived int64, facts events.ReferralRequested) agency.Waiting {
	if facts.Age == "" {
		facts.Age = events.Adult
	}
	return agency.Waiting{Referral: events.ReferralID(name), Arrived: time.Unix(arrived, 0), Facts: &facts}
}

func names(waiting []agency.Waiting) (list []string) {
	for _, w := range waiting {
		list = append(list, string(w.Referral))
	}
	return list
}

func counter() []agency.Waiting {
	return []agency.Waiting{
		asked("passport", 3, events.ReferralRequested{Needs: events.Set[events.Need]{"documents"}}),
		asked("child", 2, events.ReferralRequested{Age: events.Child}),
		asked("tonight", 4, events.ReferralRequested{Urgency: events.Tonight}),
		asked("long", 1, events.ReferralRequested{}),
		asked("passport-tonight", 5, events.ReferralRequested{Urgency: events.Tonight, Needs: events.Set[events.Need]{"documents"}}),
	}
}

func TestAConsulHelpsFirstWhereOnlyTheConsulCan(t *testing.T) {
	want := []string{"passport-tonight", "passport", "tonight", "child", "long"}
	if got := names(Own().First(counter())); !slices.Equal(got, want) {
		t.Errorf("the consul sees %v, want %v", got, want)
	}
}

func home() []agency.Provider {
	return []agency.Provider{
		{Agency: "neighbours", Kind: events.ForeignMission},
		{Agency: "tickets", Kind: events.IOM},
		{Agency: "house", Kind: events.Shelter},
		{Agency: "officers", Kind: events.Police},
		{Agency: "focal", Kind: events.FocalPoint},
		{Agency: "children", Kind: events.ChildProtection},
	}
}

func TestAConsulRefersHomeAndTellsNoOtherState(t *testing.T) {
	got := Own().Ask(home(), &events.ReferralRequested{Age: events.Adult})
	if want := []events.AgencyID{"focal", "house", "tickets", "officers", "children"}; !slices.Equal(got, want) {
		t.Errorf("the consul asks %v, want %v", got, want)
	}
	got = Own().Ask(home(), &events.ReferralRequested{Age: events.Unsure})
	if got[0] != "children" || slices.Contains(got, "neighbours") {
		t.Errorf("for a person who may be a child the consul asks %v", got)
	}
	if got := Own().Ask(home()[:1], &events.ReferralRequested{Age: events.Adult, Purpose: events.PurposeConsular}); !slices.Equal(got, []events.AgencyID{"neighbours"}) {
		t.Errorf("a person who agreed to their own embassy is kept from it: %v", got)
	}
}

func TestAForeignMissionIsOnlyEverAddressed(t *testing.T) {
	if got := Foreign().Ask(home(), &events.ReferralRequested{Purpose: events.PurposeConsular}); got != nil {
		t.Errorf("a foreign mission asks %v", got)
	}
	want := []string{"long", "child", "passport", "tonight", "passport-tonight"}
	if got := names(Foreign().First(counter())); !slices.Equal(got, want) {
		t.Errorf("a foreign mission sees %v, want the order of arrival, %v", got, want)
	}
}

func TestMissionsSpeakOnlyThroughPeople(t *testing.T) {
	for kind, desk := range Desks() {
		if desk.Intakes() != nil || desk.Answers(counter()[0], time.Unix(9, 0)) != nil {
			t.Errorf("%s has an intake or answers unasked", kind)
		}
	}
	if d := Desks(); len(d) != 2 || d[events.OwnMission] != Own() || d[events.ForeignMission] != Foreign() {
		t.Errorf("%v", d)
	}
}
