package coordinator

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

func TestTheCoordinatorSeesWhatIsLateAndThenWhatIsDueSoonest(t *testing.T) {
	at := func(n int64) time.Time { return time.Unix(n, 0) }
	given := []agency.Waiting{
		{Referral: "no-deadline", Arrived: at(1), State: mou.LegRequested},
		{Referral: "due-later", Arrived: at(2), AnswerBy: at(90), State: mou.LegRequested},
		{Referral: "due-soon", Arrived: at(3), AnswerBy: at(50), State: mou.LegAcknowledged},
		{Referral: "late", Arrived: at(4), AnswerBy: at(20), State: mou.LegExpired},
		{Referral: "longest-late", Arrived: at(5), AnswerBy: at(10), State: mou.LegExpired},
	}
	var got []string
	for _, w := range Desk().First(given) {
		got = append(got, string(w.Referral))
	}
	if want := []string{"longest-late", "late", "due-soon", "due-later", "no-deadline"}; !slices.Equal(got, want) {
		t.Errorf("seen in the order %v, want %v", got, want)
	}
	if Desk().Answers(given[0], at(60)) != nil || Desk().Intakes() != nil {
		t.Error("the coordinator answers unasked, or has an intake for forms")
	}
}

func TestTheCoordinatorCallsNobodyWhoIsFull(t *testing.T) {
	says := func(p events.Places) *events.CapacityPublished { return &events.CapacityPublished{Places: p} }
	got := Desk().Ask([]agency.Provider{
		{Agency: "silent", Kind: events.Shelter},
		{Agency: "full", Kind: events.Shelter, Capacity: says(events.NoPlaces)},
		{Agency: "few", Kind: events.Shelter, Capacity: says(events.FewPlaces)},
		{Agency: "some", Kind: events.Shelter, Capacity: says(events.SomePlaces)},
	}, nil)
	if want := []events.AgencyID{"few", "some", "silent"}; !slices.Equal(got, want) {
		t.Errorf("called in the order %v, want %v", got, want)
	}
}

func TestOneDeskForCoordinatorAndFocalPoint(t *testing.T) {
	if d := Desks(); len(d) != 2 || d[events.Coordinator] != Desk() || d[events.FocalPoint] != Desk() {
		t.Errorf("%v", d)
	}
}
