package agency

import (
	"slices"
	"testing"
	"time"

	"handrail/events"
)

func TestAnEarlierReasonCountsMoreThanAllAfterIt(t *testing.T) {
	even := func(n int) bool { return n%2 == 0 }
	small := func(n int) bool { return n < 10 }
	given := []int{31, 7, 20, 5, 4, 22}
	if got, want := Foremost(given, even, small), []int{4, 20, 22, 7, 5, 31}; !slices.Equal(got, want) {
		t.Errorf("the even first, then the small: %v, want %v", got, want)
	}
	if got := Foremost(given); !slices.Equal(got, given) {
		t.Errorf("without a reason the order is %v, want it as given", got)
	}
	if want := []int{31, 7, 20, 5, 4, 22}; !slices.Equal(given, want) {
		t.Errorf("what was given is %v, want it left alone", given)
	}
}

func TestKindsThatAreNotNamedComeLastAsGiven(t *testing.T) {
	could := []Provider{
		{Agency: "officers", Kind: events.Police},
		{Agency: "second-house", Kind: events.Shelter},
		{Agency: "clinic", Kind: events.Health},
		{Agency: "lawyers", Kind: events.LegalAid},
		{Agency: "house", Kind: events.Shelter},
	}
	got := IDs(ByKind(could, events.LegalAid, events.Shelter))
	if want := []events.AgencyID{"lawyers", "second-house", "house", "officers", "clinic"}; !slices.Equal(got, want) {
		t.Errorf("lawyers, then beds: %v, want %v", got, want)
	}
}

func TestWhoHasWaitedLongestStandsFirstAmongEquals(t *testing.T) {
	waiting := []Waiting{{Referral: "late", Arrived: time.Unix(3, 0)}, {Referral: "urgent", Arrived: time.Unix(2, 0)}, {Referral: "early", Arrived: time.Unix(1, 0)}}
	var got []events.ReferralID
	for _, w := range ByArrival(waiting, func(w Waiting) bool { return w.Referral == "urgent" }) {
		got = append(got, w.Referral)
	}
	if want := []events.ReferralID{"urgent", "early", "late"}; !slices.Equal(got, want) {
		t.Errorf("the desk sees %v, want %v", got, want)
	}
}
