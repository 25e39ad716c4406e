package match_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"handrail/contracts/match"
	"handrail/events"
)

func set[T ~string](label string, from ...T) *rapid.Generator[events.Set[T]] {
	return rapid.Custom(func(t *rapid.T) events.Set[T] {
		return rapid.SliceOfDistinct(rapid.SampledFrom(from), rapid.ID[T]).Draw(t, label)
	})
}

func wishes() *rapid.Generator[match.Wish] {
	return rapid.Custom(func(t *rapid.T) match.Wish {
		return match.Wish{
			Needs:    set[events.Need]("needs", "emergency-shelter", "medical", "counselling").Draw(t, "needs"),
			Age:      rapid.SampledFrom([]events.AgeClass{"", "adult", "child", "unsure"}).Draw(t, "age"),
			Sex:      rapid.SampledFrom([]events.Sex{"", "woman", "man", "trans-nonconforming", "unknown"}).Draw(t, "sex"),
			Children: rapid.IntRange(0, 3).Draw(t, "children"),
			Language: rapid.SampledFrom([]events.Language{"", "lit", "eng"}).Draw(t, "language"),
			Access:   set[events.Access]("access", "step-free", "carer").Draw(t, "access"),
			Region:   rapid.SampledFrom([]events.Region{"", "LT-VL", "LT-KL"}).Draw(t, "region"),
			Urgency:  rapid.SampledFrom([]events.Urgency{"", "tonight", "standard"}).Draw(t, "urgency"),
			At:       night,
		}
	})
}

func capacities() *rapid.Generator[*events.CapacityPublished] {
	return rapid.Custom(func(t *rapid.T) *events.CapacityPublished {
		return &events.CapacityPublished{
			Needs:     set[events.Need]("needs", "emergency-shelter", "medical", "counselling").Draw(t, "needs"),
			Sexes:     set[events.Sex]("sexes", "woman", "man", "trans-nonconforming", "unknown").Draw(t, "sexes"),
			Ages:      set[events.AgeClass]("ages", "adult", "child", "unsure").Draw(t, "ages"),
			Children:  rapid.IntRange(0, 3).Draw(t, "children"),
			Access:    set[events.Access]("access", "step-free", "carer").Draw(t, "access"),
			Languages: set[events.Language]("languages", "lit", "eng").Draw(t, "languages"),
			Hours:     set[events.Hours]("hours", "daily 00:00-24:00", "tu 08:00-16:00", "tu 00:00-06:00").Draw(t, "hours"),
			Places:    rapid.SampledFrom([]events.Places{"none", "few", "some"}).Draw(t, "places"),
			Region:    rapid.SampledFrom([]events.Region{"", "LT-VL", "LT-KL"}).Draw(t, "region"),
		}
	})
}

func offers() *rapid.Generator[[]match.Offer] {
	return rapid.Custom(func(t *rapid.T) []match.Offer {
		agencies := rapid.SliceOfNDistinct(rapid.SampledFrom([]events.AgencyID{"a", "b", "c", "d", "e", "f"}), 1, 6, rapid.ID[events.AgencyID]).Draw(t, "agencies")
		list := make([]match.Offer, len(agencies))
		for i, a := range agencies {
			list[i] = match.Offer{Agency: a, Kind: events.Shelter, Published: night.Add(-time.Duration(rapid.SampledFrom([]int{-1, 0, 1, 24, 25, 100}).Draw(t, "hours ago")) * time.Hour)}
			if rapid.IntRange(0, 9).Draw(t, "silent") > 0 {
				list[i].Capacity = capacities().Draw(t, "capacity")
			}
		}
		return list
	})
}

// The order in which offers come, or the same asked again, changes nothing; and
// nobody is left out or added.
func TestTheOrderDependsOnTheOffersAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wish, given := wishes().Draw(t, "wish"), offers().Draw(t, "offers")
		before := slices.Clone(given)
		want := match.Rank(wish, given)
		if !reflect.DeepEqual(before, given) || len(want) != len(given) {
			t.Fatalf("%d offers came, %d went out", len(given), len(want))
		}
		for _, o := range given {
			if !slices.ContainsFunc(want, func(r match.Ranked) bool { return reflect.DeepEqual(r.Offer, o) }) {
				t.Fatalf("%s is left out", o.Agency)
			}
		}
		if got := match.Rank(wish, rapid.Permutation(given).Draw(t, "permuted")); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s, and in another order %s", names(want), names(got))
		}
	})
}

// fits is the documented conditions once more, written down plainly.
func fits(w match.Wish, c *events.CapacityPublished) bool {
	if c == nil || c.Places == "none" || c.Children < w.Children {
		return false
	}
	for _, n := range w.Needs {
		if !slices.Contains(c.Needs, n) {
			return false
		}
	}
	for _, a := range w.Access {
		if !slices.Contains(c.Access, a) {
			return false
		}
	}
	if slices.Contains([]events.Sex{"woman", "man", "trans-nonconforming"}, w.Sex) && !slices.Contains(c.Sexes, w.Sex) {
		return false
	}
	switch w.Age {
	case "unsure":
		if !slices.Contains(c.Ages, "unsure") && !slices.Contains(c.Ages, "child") {
			return false
		}
	case "adult", "child":
		if !slices.Contains(c.Ages, w.Age) {
			return false
		}
	}
	return w.Urgency != "tonight" || slices.Contains(c.Hours, "daily 00:00-24:00") || slices.Contains(c.Hours, "tu 00:00-06:00")
}

func TestAnOfferFitsExactlyByTheDocumentedConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wish := wishes().Draw(t, "wish")
		ended := false
		for _, r := range match.Rank(wish, offers().Draw(t, "offers")) {
			if r.Fits != fits(wish, r.Capacity) || r.Fits == slices.ContainsFunc(r.Against, match.Reason.Bars) {
				t.Fatalf("%s: fits %v, against %v", r.Agency, r.Fits, r.Against)
			}
			if r.Fits && ended {
				t.Fatalf("%s fits and stands behind one that does not", r.Agency)
			}
			ended = !r.Fits
			if stale := night.Sub(r.Published) > match.Fresh; r.Capacity != nil && stale != slices.Contains(r.Against, match.Stale) {
				t.Fatalf("%s: stale %v, against %v", r.Agency, stale, r.Against)
			}
			if r.Capacity != nil && (r.Capacity.Places == "none") != slices.Contains(r.Against, match.Full) {
				t.Fatalf("%s: %s, against %v", r.Agency, r.Capacity.Places, r.Against)
			}
		}
	})
}

// Two offers of which one has at least as much of everything stand in that
// order; a provider that adds something never falls.
func TestMoreNeverRanksLower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wish, given := wishes().Draw(t, "wish"), offers().Draw(t, "offers")
		one := rapid.IntRange(0, len(given)-1).Draw(t, "one")
		if given[one].Capacity == nil {
			return
		}
		at := func(list []match.Offer) int {
			return slices.IndexFunc(match.Rank(wish, list), func(r match.Ranked) bool { return r.Agency == given[one].Agency })
		}
		more, extra := *given[one].Capacity, capacities().Draw(t, "extra")
		more.Needs, more.Sexes, more.Ages = union(more.Needs, extra.Needs), union(more.Sexes, extra.Sexes), union(more.Ages, extra.Ages)
		more.Access, more.Languages, more.Hours = union(more.Access, extra.Access), union(more.Languages, extra.Languages), union(more.Hours, extra.Hours)
		more.Children = max(more.Children, extra.Children)
		if more.Places == "none" || more.Places == "few" && extra.Places == "some" {
			more.Places = extra.Places
		}
		grown := slices.Clone(given)
		grown[one].Capacity = &more
		grown[one].Published = grown[one].Published.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "later")) * time.Hour)
		if was, is := at(given), at(grown); is > was {
			t.Fatalf("%s offers more and falls from %d to %d", given[one].Agency, was, is)
		}
	})
}

func union[T ~string](one, other events.Set[T]) events.Set[T] {
	all := slices.Concat(one, other)
	slices.Sort(all)
	return slices.Compact(all)
}

// Every reason has plain words, and none repeats a number.
func TestReasonsAreWordsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, r := range match.Rank(wishes().Draw(t, "wish"), offers().Draw(t, "offers")) {
			for _, reason := range slices.Concat(r.Against, r.For) {
				if reason.Says() == string(reason) {
					t.Fatalf("%s has no plain words", reason)
				}
			}
			for _, c := range r.Says() {
				if c >= '0' && c <= '9' {
					t.Fatalf("a number: %q", r.Says())
				}
			}
		}
	})
}
