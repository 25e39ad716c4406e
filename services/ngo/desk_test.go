package ngo

import (
	"slices"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

func waiting(name string, arrived int64, urgency events.Urgency, age events.AgeClass, safety events.Set[events.Safety]) agency.Waiting {
	return agency.Waiting{
		Referral: events.ReferralID(name), Arrived: time.Unix(arrived, 0),
		Facts: &events.ReferralRequested{Urgency: urgency, Age: age, Safety: safety},
	}
}

func TestTheDutyWorkerSeesTheMostUrgentFirst(t *testing.T) {
	got := Desk().First([]agency.Waiting{
		waiting("long", 1, events.Standard, events.Adult, nil),
		waiting("danger", 3, events.Standard, events.Adult, events.Set[events.Safety]{"pursued"}),
		waiting("child", 4, events.Standard, events.Unsure, nil),
		waiting("tonight", 5, events.Tonight, events.Adult, nil),
		waiting("tonight-first", 2, events.Tonight, events.Adult, nil),
	})
	var names []string
	for _, w := range got {
		names = append(names, string(w.Referral))
	}
	if want := []string{"tonight-first", "tonight", "child", "danger", "long"}; !slices.Equal(names, want) {
		t.Errorf("seen in the order %v, want %v", names, want)
	}
}

func TestNothingIsAcknowledgedUnseenUnlessTheHelperWantsIt(t *testing.T) {
	w := waiting("r", 1, events.Standard, events.Adult, nil)
	if Desk().Answers(w, time.Unix(9, 0)) != nil {
		t.Error("acknowledged unseen")
	}
	with := DeskWith(Options{Acknowledge: true})
	if got := with.Answers(w, time.Unix(9, 0)); len(got) != 1 || got[0].Type() != events.TypeReferralAcknowledged {
		t.Errorf("%v", got)
	}
	w.Acknowledged = true
	if with.Answers(w, time.Unix(9, 0)) != nil {
		t.Error("acknowledged twice")
	}
}

func TestForAChildProtectionIsAskedFirst(t *testing.T) {
	could := []agency.Provider{{Agency: "house", Kind: events.Shelter}, {Agency: "children", Kind: events.ChildProtection}}
	if got := Desk().Ask(could, &events.ReferralRequested{Age: events.Unsure}); !slices.Equal(got, []events.AgencyID{"children", "house"}) {
		t.Errorf("for a child: %v", got)
	}
	if got := Desk().Ask(could, &events.ReferralRequested{Age: events.Adult}); !slices.Equal(got, []events.AgencyID{"house", "children"}) {
		t.Errorf("for an adult: %v", got)
	}
	if Desk().Intakes() != nil {
		t.Error("a helper has an intake for forms")
	}
}
