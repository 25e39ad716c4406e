package social

import (
	"slices"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// asked is one referral that waits, in the order of arrival that the number gives.
func asked(name string, arrived int64, facts events.ReferralRequested) agency.Waiting {
	if facts.Age == "" {
		facts.Age = events.Adult
	}
	return agency.Waiting{Referral: events.ReferralID(name), Arrived: time.Unix(arrived, 0), Facts: &facts}
}

func seen(waiting []agency.Waiting) []string {
	var names []string
	for _, w := range waiting {
		names = append(names, string(w.Referral))
	}
	return names
}

func morning() []agency.Waiting {
	return []agency.Waiting{
		asked("long", 1, events.ReferralRequested{}),
		asked("tonight", 2, events.ReferralRequested{Urgency: events.Tonight}),
		asked("danger", 3, events.ReferralRequested{Safety: events.Set[events.Safety]{"pursued"}}),
		asked("mother", 4, events.ReferralRequested{Children: events.Children{Under18: 2}}),
		asked("mother-of-small", 5, events.ReferralRequested{Children: events.Children{Under9: 1}}),
		asked("unsure", 6, events.ReferralRequested{Age: events.Unsure}),
		asked("child", 7, events.ReferralRequested{Age: events.Child}),
	}
}

func TestEachPublicServiceSeesFirstWhatIsItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		desk agency.Desk
		want []string
	}{
		"social services":     {Desk(), []string{"unsure", "child", "mother", "mother-of-small", "tonight", "danger", "long"}},
		"child protection":    {ChildProtection(), []string{"child", "unsure", "mother-of-small", "mother", "danger", "tonight", "long"}},
		"labour inspectorate": {LabourInspectorate(), []string{"danger", "tonight", "long", "mother", "mother-of-small", "unsure", "child"}},
	} {
		given := morning()
		if got := seen(c.desk.First(given)); !slices.Equal(got, c.want) {
			t.Errorf("%s sees %v, want %v", name, got, c.want)
		}
		if !slices.Equal(seen(given), seen(morning())) {
			t.Errorf("%s changed what it was given", name)
		}
		if c.desk.Intakes() != nil || c.desk.Answers(given[1], time.Unix(9, 0)) != nil {
			t.Errorf("%s answers unasked or has an intake", name)
		}
	}
}

func town() []agency.Provider {
	return []agency.Provider{
		{Agency: "control", Kind: events.Migration},
		{Agency: "officers", Kind: events.Police},
		{Agency: "lawyers", Kind: events.LegalAid},
		{Agency: "clinic", Kind: events.Health},
		{Agency: "house", Kind: events.Shelter},
		{Agency: "children-house", Kind: events.Shelter, Capacity: &events.CapacityPublished{Ages: events.Set[events.AgeClass]{events.Child}}},
		{Agency: "children", Kind: events.ChildProtection},
	}
}

func TestAfterARaidNobodyIsSentToMigrationControl(t *testing.T) {
	got := LabourInspectorate().Ask(town(), &events.ReferralRequested{Age: events.Adult})
	if want := []events.AgencyID{"house", "children-house", "clinic", "lawyers", "officers", "children"}; !slices.Equal(got, want) {
		t.Errorf("the inspectorate asks %v, want %v", got, want)
	}
	for _, facts := range []*events.ReferralRequested{nil, {Age: events.Child}, {Purpose: events.PurposeResidence, Age: events.Adult}} {
		if slices.Contains(LabourInspectorate().Ask(town(), facts), "control") {
			t.Errorf("the inspectorate proposes migration control for %+v", facts)
		}
	}
}

func TestARoofComesFirstAndForAChildWhoeverDecides(t *testing.T) {
	if got := Desk().Ask(town(), &events.ReferralRequested{Age: events.Adult}); got[0] != "house" || got[len(got)-2] != "officers" {
		t.Errorf("for an adult: %v", got)
	}
	if got := Desk().Ask(town(), &events.ReferralRequested{Age: events.Unsure}); got[0] != "children" || got[1] != "house" {
		t.Errorf("for a person who may be a child: %v", got)
	}
	if got := LabourInspectorate().Ask(town(), &events.ReferralRequested{Age: events.Unsure}); got[0] != "children" {
		t.Errorf("after a raid, for a person who may be a child: %v", got)
	}
}

func TestChildProtectionAsksAHouseThatTakesChildrenFirst(t *testing.T) {
	if got := ChildProtection().Ask(town(), &events.ReferralRequested{Age: events.Child}); got[0] != "children-house" || got[1] != "house" || got[2] != "clinic" {
		t.Errorf("for a child: %v", got)
	}
	if got := ChildProtection().Ask(town(), &events.ReferralRequested{Age: events.Adult}); got[0] != "house" {
		t.Errorf("for a parent: %v", got)
	}
}

func TestEveryDeskOfferedHasItsKind(t *testing.T) {
	if got := Desks(); len(got) != 6 || got[events.LabourInspectorate] != LabourInspectorate() || got[events.ChildProtection] != ChildProtection() || got[events.Social] != Desk() {
		t.Errorf("%v", got)
	}
}
