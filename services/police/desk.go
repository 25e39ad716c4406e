// Package police is the desk of those who enforce the law: often the first to
// meet the person, it files the public referral form of its first responders
// and asks others for help.
package police

import (
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

// Desks gives the desk of each kind of organisation that enforces the law. What
// each of them may say comes from its kind, not from here.
func Desks() map[events.AgencyKind]agency.Desk {
	return map[events.AgencyKind]agency.Desk{events.Police: Desk(), events.BorderGuard: Desk(), events.Prosecutor: Desk()}
}

// Desk is the judgement of a police district.
func Desk() agency.Desk { return desk{} }

type desk struct{}

// Intakes takes the public referral form.
func (desk) Intakes() []agency.Intake { return []agency.Intake{uknrm.Intake()} }

// Ask prefers whom the person needs first: a bed before a conversation. Within
// a kind the given order stands; the police favour no provider.
func (desk) Ask(could []agency.Provider, _ *events.ReferralRequested) []events.AgencyID {
	return agency.IDs(agency.ByKind(could, events.ChildProtection, events.Shelter, events.Health, events.Counselling, events.LegalAid))
}

// First shows whoever is in danger from others first, a weapon before somebody who
// follows or is near: that is what only the police can end. Everything else keeps
// the order of arrival.
func (desk) First(waiting []agency.Waiting) []agency.Waiting {
	armed := func(w agency.Waiting) bool { return slices.Contains(w.Facts.Safety, "armed-threat") }
	followed := func(w agency.Waiting) bool {
		return !armed(w) && (slices.Contains(w.Facts.Safety, "pursued") || slices.Contains(w.Facts.Safety, "suspect-nearby"))
	}
	return agency.ByArrival(waiting, armed, followed)
}

// Answers says nothing unasked: an officer answers.
func (desk) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
