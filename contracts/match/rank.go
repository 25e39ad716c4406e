package match

import (
	"cmp"
	"slices"
	"strings"
)

// Ranked is an offer at its place in the order, with why it stands there.
type Ranked struct {
	Offer
	Fits    bool
	Against []Reason // what bars it first
	For     []Reason
}

// Says is why the provider stands where it stands, in plain words.
func (r Ranked) Says() string {
	says := make([]string, 0, len(r.Against)+len(r.For))
	for _, reason := range append(slices.Clone(r.Against), r.For...) {
		says = append(says, reason.Says())
	}
	return strings.Join(says, ", ")
}

// Rank gives all offers, those that can take the person now first. The order
// depends on nothing but the wish and the offers, one of each agency, in
// whatever order these come:
//
//  1. those that fit; those that something else bars; the full ones; those that
//     published nothing, of whom nobody knows; those that serve none of the needs
//  2. by how many reasons bar them
//  3. those whose word is fresh
//  4. those in the region, then those that do not say, then those elsewhere
//  5. those that speak the language
//  6. some places before few
//  7. those who have somebody there now
//  8. those that take the person without a question still to be asked
//  9. the newest word, and at last the agency's id
//
// More room, or more of anything that is served, never ranks an offer lower.
func Rank(w Wish, offers []Offer) []Ranked {
	type placed struct {
		Ranked
		place place
	}
	all := make([]placed, len(offers))
	for i, o := range offers {
		reasons := w.weigh(o)
		all[i] = placed{ranked(o, reasons), placeOf(reasons)}
	}
	slices.SortFunc(all, func(x, y placed) int {
		return cmp.Or(slices.Compare(x.place[:], y.place[:]), y.Published.Compare(x.Published), cmp.Compare(x.Agency, y.Agency))
	})
	list := make([]Ranked, len(all))
	for i, p := range all {
		list[i] = p.Ranked
	}
	return list
}

func ranked(o Offer, reasons []Reason) Ranked {
	r := Ranked{Offer: o, Fits: true}
	var lowers []Reason
	for _, reason := range reasons {
		switch {
		case reason.Bars():
			r.Fits, r.Against = false, append(r.Against, reason)
		case reason.favours():
			r.For = append(r.For, reason)
		default:
			lowers = append(lowers, reason)
		}
	}
	r.Against = append(r.Against, lowers...)
	return r
}

// place is where an offer stands, points 1 to 8 of [Rank]; less is earlier.
type place [8]int

func placeOf(reasons []Reason) place {
	bars := 0
	for _, r := range reasons {
		if r.Bars() {
			bars++
		}
	}
	has := func(r Reason) int { return count(reasons, r) }
	return place{
		tier(bars, has), bars, has(Stale), 2*has(Elsewhere) + has(RegionNotSaid), has(LanguageNotServed),
		has(FewPlaces), has(NobodyNow), has(SexNotAsked) + has(AgeNotAsked),
	}
}

func count(reasons []Reason, one Reason) int {
	if slices.Contains(reasons, one) {
		return 1
	}
	return 0
}

func tier(bars int, has func(Reason) int) int {
	switch {
	case bars == 0:
		return 0
	case has(NeedNotServed) == 1:
		return 4
	case has(NothingPublished) == 1:
		return 3
	case has(Full) == 1:
		return 2
	}
	return 1
}
