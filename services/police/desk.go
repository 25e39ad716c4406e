// Package police is the desk of a police district: often the first to meet the
// person, it files the public referral form of its first responders and asks
// others for help.
package police

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/police/uknrm"
)

//go:embed testdata/*.json
var forms embed.FS

// Form gives an invented payload of the public referral form, for
// demonstrations and tests: referral, notification, unknown-age, no-support.
// Nobody in it exists.
func Form(name string) ([]byte, error) {
	form, err := forms.ReadFile("testdata/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no form %q: %w", name, err)
	}
	return form, nil
}

// Desk is the judgement of a police district.
func Desk() agency.Desk { return desk{} }

type desk struct{}

// Intakes takes the public referral form.
func (desk) Intakes() []agency.Intake { return []agency.Intake{uknrm.Intake()} }

// Ask prefers whom the person needs first: a bed before a conversation. Within
// a kind the directory's order stands; the police favour no provider.
func (desk) Ask(could []agency.Provider, _ *events.ReferralRequested) []events.AgencyID {
	order := []events.AgencyKind{events.ChildProtection, events.Shelter, events.Health, events.Counselling, events.LegalAid}
	rank := func(p agency.Provider) int {
		if at := slices.Index(order, p.Kind); at >= 0 {
			return at
		}
		return len(order)
	}
	sorted := slices.Clone(could)
	slices.SortStableFunc(sorted, func(x, y agency.Provider) int { return cmp.Compare(rank(x), rank(y)) })
	ids := make([]events.AgencyID, len(sorted))
	for i, p := range sorted {
		ids[i] = p.Agency
	}
	return ids
}

// First shows what a helper hands over to the police in the order of arrival.
func (desk) First(waiting []agency.Waiting) []agency.Waiting {
	sorted := slices.Clone(waiting)
	slices.SortStableFunc(sorted, func(x, y agency.Waiting) int { return x.Arrived.Compare(y.Arrived) })
	return sorted
}

// Answers says nothing unasked: an officer answers.
func (desk) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
