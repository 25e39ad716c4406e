package match_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/match"
	"handrail/events"
)

// night is 02:40 on a Tuesday, local time.
var night = time.Date(2026, 11, 24, 2, 40, 0, 0, time.FixedZone("", 2*60*60))

// shelter is one that takes the mother and her two children tonight; change it to tell a story.
func shelter(agency events.AgencyID, change func(*match.Offer)) match.Offer {
	o := match.Offer{
		Agency: agency, Kind: events.Shelter, Published: night.Add(-3 * time.Hour).UTC(),
		Capacity: &events.CapacityPublished{
			Needs: events.Set[events.Need]{"emergency-shelter"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
			Children: 3, Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.SomePlaces, Region: "LT-VL",
			Languages: events.Set[events.Language]{"lit", "eng"},
		},
	}
	if change != nil {
		change(&o)
	}
	return o
}

func mother() match.Wish {
	return match.Wish{
		Needs: events.Set[events.Need]{"emergency-shelter"}, Age: events.Adult, Sex: "woman", Children: 2,
		Language: "lit", Region: "LT-VL", Urgency: events.Tonight, At: night,
	}
}

func names(ranked []match.Ranked) string {
	var all []string
	for _, r := range ranked {
		all = append(all, string(r.Agency))
	}
	return strings.Join(all, " ")
}

func find(t *testing.T, ranked []match.Ranked, agency events.AgencyID) match.Ranked {
	t.Helper()
	i := slices.IndexFunc(ranked, func(r match.Ranked) bool { return r.Agency == agency })
	if i < 0 {
		t.Fatalf("%s is not shown at all", agency)
	}
	return ranked[i]
}

func TestABedForAMotherAndTwoChildrenAtNight(t *testing.T) {
	ranked := match.Rank(mother(), []match.Offer{
		shelter("a-full", func(o *match.Offer) { o.Capacity.Places = events.NoPlaces }),
		shelter("b-counsels", func(o *match.Offer) { o.Capacity.Needs = events.Set[events.Need]{"counselling"} }),
		shelter("c-silent", func(o *match.Offer) { o.Capacity = nil }),
		shelter("d-one-child", func(o *match.Offer) { o.Capacity.Children = 1 }),
		shelter("e-men", func(o *match.Offer) { o.Capacity.Sexes = events.Set[events.Sex]{"man"}; o.Capacity.Children = 0 }),
		shelter("f-yesterday", func(o *match.Offer) { o.Published = night.Add(-match.Fresh - time.Second) }),
		shelter("g-far", func(o *match.Offer) { o.Capacity.Region = "LT-KL" }),
		shelter("h-unsaid", func(o *match.Offer) { o.Capacity.Region = "" }),
		shelter("i-no-lithuanian", func(o *match.Offer) { o.Capacity.Languages = nil }),
		shelter("j-few", func(o *match.Offer) { o.Capacity.Places = events.FewPlaces }),
		shelter("k-some", nil),
		shelter("l-newer", func(o *match.Offer) { o.Published = night.Add(-time.Hour) }),
		shelter("m-by-day", func(o *match.Offer) { o.Capacity.Hours = events.Set[events.Hours]{"tu 08:00-16:00"} }),
	})
	want := "l-newer k-some j-few i-no-lithuanian h-unsaid g-far f-yesterday d-one-child m-by-day e-men a-full c-silent b-counsels"
	if got := names(ranked); got != want {
		t.Errorf("ranked\n %s, want\n %s", got, want)
	}
	for agency, want := range map[events.AgencyID]struct {
		fits bool
		says string
	}{
		"l-newer":         {true, "offers what is needed, has places, has somebody there now, said so within the last day, is in the region, speaks the language"},
		"a-full":          {false, "is full"},
		"c-silent":        {false, "has not said whom it can take"},
		"d-one-child":     {false, "cannot take this many children"},
		"f-yesterday":     {true, "said so more than a day ago"},
		"i-no-lithuanian": {true, "does not speak the language"},
		"m-by-day":        {false, "has nobody there at this hour"},
		"e-men":           {false, "does not take people of this sex, cannot take this many children"},
	} {
		got := find(t, ranked, agency)
		if got.Fits != want.fits || !strings.HasPrefix(got.Says(), want.says) {
			t.Errorf("%s: fits %v, %q", agency, got.Fits, got.Says())
		}
	}
}

func TestByDayAnEmptyOfficeIsOnlyLater(t *testing.T) {
	wish := mother()
	wish.Urgency = events.Standard
	ranked := match.Rank(wish, []match.Offer{
		shelter("a-by-day", func(o *match.Offer) { o.Capacity.Hours = events.Set[events.Hours]{"tu 08:00-16:00"} }),
		shelter("b-always", nil),
	})
	if got := find(t, ranked, "a-by-day"); names(ranked) != "b-always a-by-day" || !got.Fits || !slices.Contains(got.Against, match.NobodyNow) {
		t.Errorf("%s: %+v", names(ranked), got.Against)
	}
}

func TestDoubtAboutAgeMeansChild(t *testing.T) {
	for _, c := range []struct {
		taken events.Set[events.AgeClass]
		fits  bool
	}{
		{events.Set[events.AgeClass]{events.Adult}, false},
		{events.Set[events.AgeClass]{events.Child}, true},
		{events.Set[events.AgeClass]{events.Unsure}, true},
	} {
		wish := mother()
		wish.Age = events.Unsure
		got := match.Rank(wish, []match.Offer{shelter("house", func(o *match.Offer) { o.Capacity.Ages = c.taken })})
		if got[0].Fits != c.fits {
			t.Errorf("an age in doubt, a house for %v: fits %v", c.taken, got[0].Fits)
		}
	}
}

// What was not asked is not held against anybody, and it is said where it matters.
func TestWhatWasNotAskedIsShownWhereItMatters(t *testing.T) {
	everybody := func(o *match.Offer) {
		o.Capacity.Sexes = events.Set[events.Sex]{"woman", "man", "trans-nonconforming"}
		o.Capacity.Ages = events.Set[events.AgeClass]{events.Adult, events.Child}
	}
	for _, sex := range []events.Sex{"", "unknown"} {
		ranked := match.Rank(match.Wish{Sex: sex, At: night}, []match.Offer{shelter("a-women", nil), shelter("b-everybody", everybody)})
		women, all := find(t, ranked, "a-women"), find(t, ranked, "b-everybody")
		if !women.Fits || !slices.Equal(women.Against, []match.Reason{match.SexNotAsked, match.AgeNotAsked}) || all.Against != nil || ranked[0].Agency != "b-everybody" {
			t.Errorf("sex %q: %s, against %v and %v", sex, names(ranked), women.Against, all.Against)
		}
	}
}

func TestARequestIsAWishWithAllItsChildren(t *testing.T) {
	wish := match.For(&events.ReferralRequested{
		Needs: events.Set[events.Need]{"emergency-shelter", "medical"}, Children: events.Children{Under9: 1, Under18: 2}, Access: events.Set[events.Access]{"step-free"},
	}, night)
	got := match.Rank(wish, []match.Offer{shelter("house", nil), shelter("clinic", func(o *match.Offer) {
		o.Capacity.Needs = append(o.Capacity.Needs, "medical")
		o.Capacity.Access = events.Set[events.Access]{"step-free", "carer"}
	})})
	if names(got) != "clinic house" || !got[0].Fits || !slices.Contains(got[1].Against, match.NeedPartly) || !slices.Contains(got[1].Against, match.AccessNotServed) {
		t.Errorf("%s: %+v", names(got), got)
	}
	if !slices.Contains(got[1].Against, match.NeedPartly) || wish.Children != 3 {
		t.Errorf("%d children, %v", wish.Children, got[1].Against)
	}
}
