package agency

import (
	"slices"

	"handrail/events"
)

// What desks do alike. Whom and what they put first is each one's own judgement.

// Foremost gives a list anew: those for which the first reason holds stand first;
// among these, and among the others, those for which the second holds; and so on.
// Equals keep their order.
func Foremost[T any](list []T, reasons ...func(T) bool) []T {
	ordered := slices.Clone(list)
	for _, holds := range slices.Backward(reasons) {
		slices.SortStableFunc(ordered, func(x, y T) int {
			switch {
			case holds(x) == holds(y):
				return 0
			case holds(x):
				return -1
			}
			return 1
		})
	}
	return ordered
}

// ByArrival gives what waits anew, who has waited longest first, and in that order
// by [Foremost] of the reasons.
func ByArrival(waiting []Waiting, reasons ...func(Waiting) bool) []Waiting {
	arrived := slices.SortedStableFunc(slices.Values(waiting), func(x, y Waiting) int { return x.Arrived.Compare(y.Arrived) })
	return Foremost(arrived, reasons...)
}

// ByKind gives providers anew, the kinds named first in that order, then the rest.
func ByKind(could []Provider, kinds ...events.AgencyKind) []Provider {
	reasons := make([]func(Provider) bool, len(kinds))
	for i, kind := range kinds {
		reasons[i] = func(p Provider) bool { return p.Kind == kind }
	}
	return Foremost(could, reasons...)
}

// IDs names providers in their order.
func IDs(providers []Provider) []events.AgencyID {
	ids := make([]events.AgencyID, len(providers))
	for i, p := range providers {
		ids[i] = p.Agency
	}
	return ids
}
