package uknrm

import (
	"slices"
	"strings"

	"handrail/services/agency"
)

// staff is why a member of a referral is dropped; empty when it is kept.
func staff(member string) string { return placeOf(member).why }

// anonymous is why a member of a duty to notify is dropped; empty for the few
// whose code is taken.
func anonymous(member string) string {
	switch {
	case slices.Contains(read(), member):
		return ""
	case slices.Contains(leaks(), member):
		return whyLeak
	}
	p := placeOf(member)
	if p.why != "" {
		return p.why
	}
	if section, _ := testimony(); p.section == section {
		return whyLeak
	}
	return whyAnonymous
}

// dropped lists the members that say something and are not kept, by name.
func (f form) dropped(why func(string) string) []agency.Dropped {
	list := []agency.Dropped{}
	for member := range f.values {
		if reason := why(member); reason != "" {
			list = append(list, agency.Dropped{Field: member, Why: reason})
		}
	}
	slices.SortFunc(list, func(x, y agency.Dropped) int { return strings.Compare(x.Field, y.Field) })
	return list
}
