package ngo

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

func waiting(name string, arrived int64, urgency events.Urgency, age events.AgeClass, safety events.Set[events.Safety]) agency.Waiting {
	return agency.Waiting{
		Referral: events.ReferralID(name), Arrived: time.Unix(arrived, 0),
		Facts: &events.ReferralRequested{Urgency: urgency, Age: age, Safety: safety},
	}
}

func seen(waiting []agency.Waiting) (names []string) {
	for _, w := range waiting {
		names = append(names, string(w.Referral))
	}
	return names
}

func TestTheDutyWorkerSeesTheMostUrgentFirst(t *testing.T) {
	got := Desk().First([]agency.Waiting{
		waiting("long", 1, events.Standard, events.Adult, nil),
		waiting("danger", 3, events.Standard, events.Adult, events.Set[events.Safety]{"pursued"}),
		waiting("child", 4, events.Standard, events.Unsure, nil),
		waiting("tonight", 5, events.Tonight, events.Adult, nil),
		waiting("tonight-first", 2, events.Tonight, events.Adult, nil),
	})
	names := seen(got)
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
	tonight := waiting("now", 1, events.Tonight, events.Adult, nil)
	if with.Answers(tonight, time.Unix(9, 0)) != nil {
		t.Error("tonight was acknowledged, and nobody has seen it")
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

// A late bed is better than none, but whoever can still be answered in time goes before.
func TestWhatIsLateStandsBehindWhatIsNot(t *testing.T) {
	late, told := waiting("late-tonight", 1, events.Tonight, events.Child, nil), waiting("by-telephone", 1, events.Tonight, events.Child, nil)
	late.State, told.State = mou.LegExpired, mou.LegByTelephone
	got := seen(Desk().First([]agency.Waiting{told, late, waiting("standard", 2, events.Standard, events.Adult, nil), waiting("tonight", 3, events.Tonight, events.Adult, nil)}))
	if want := []string{"tonight", "late-tonight", "standard", "by-telephone"}; !slices.Equal(got, want) {
		t.Errorf("seen in the order %v, want %v", got, want)
	}
}

func TestAHotlineFindsABedAndCallsThePoliceOnlyToFetchSomebodyOut(t *testing.T) {
	could := []agency.Provider{
		{Agency: "officers", Kind: events.Police}, {Agency: "talk", Kind: events.Counselling}, {Agency: "audit", Kind: events.Migration}, {Agency: "house", Kind: events.Shelter},
	}
	if got := Hotline().Ask(could, &events.ReferralRequested{Age: events.Adult}); !slices.Equal(got, []events.AgencyID{"house", "talk", "audit", "officers"}) {
		t.Errorf("a hotline asks %v", got)
	}
	if got := Hotline().Ask(could, &events.ReferralRequested{Needs: events.Set[events.Need]{"extraction"}}); got[0] != "officers" || got[1] != "house" {
		t.Errorf("to fetch somebody out a hotline asks %v", got)
	}
}

func TestAHotlineListensFirstToWhoMightHarmThemselves(t *testing.T) {
	got := seen(Hotline().First([]agency.Waiting{
		waiting("tonight", 1, events.Tonight, events.Child, events.Set[events.Safety]{"pursued"}),
		waiting("standard", 2, events.Standard, events.Adult, events.Set[events.Safety]{"self-harm-risk"}),
	}))
	if want := []string{"standard", "tonight"}; !slices.Equal(got, want) {
		t.Errorf("heard in the order %v, want %v", got, want)
	}
	if Hotline().Intakes() != nil || Hotline().Answers(waiting("r", 1, events.Tonight, events.Adult, nil), time.Unix(9, 0)) != nil {
		t.Error("a hotline has an intake for forms, or answers unasked")
	}
}

func TestEveryHelperHasADesk(t *testing.T) {
	if d := Desks(); len(d) != 5 || d[events.Hotline] != Hotline() || d[events.Shelter] != Desk() || d[events.IOM] != Desk() {
		t.Errorf("%v", d)
	}
}
