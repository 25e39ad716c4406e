package ngo

import (
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// Hotline is the judgement of a hotline. Its notes of calls stay in its own
// site; only a caller who wants help from somebody else becomes a case.
func Hotline() agency.Desk { return hotline{} }

type hotline struct{}

// Intakes: callers speak.
func (hotline) Intakes() []agency.Intake { return nil }

// Ask finds a bed first, then somebody to talk to. Whoever has to be fetched
// out needs the police before anybody else; otherwise these stand last, since no
// help depends on them (CETS 197 Art. 12(6)).
func (hotline) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	helpers := []events.AgencyKind{
		events.ChildProtection, events.Shelter, events.Health, events.Counselling, events.LegalAid, events.Social, events.Municipality, events.IOM,
	}
	law := []events.AgencyKind{events.Police, events.BorderGuard, events.Prosecutor}
	if facts != nil && slices.Contains(facts.Needs, "extraction") {
		return agency.IDs(agency.ByKind(could, slices.Concat(law, helpers)...))
	}
	notLaw := func(p agency.Provider) bool { return !slices.Contains(law, p.Kind) }
	return agency.IDs(agency.Foremost(agency.ByKind(could, slices.Concat(helpers, law)...), notLaw))
}

// First shows whoever might harm themselves first, because listening is what a
// hotline can do at once; then as every helper does.
func (hotline) First(waiting []agency.Waiting) []agency.Waiting {
	selfHarm := func(w agency.Waiting) bool { return slices.Contains(w.Facts.Safety, "self-harm-risk") }
	return agency.Foremost(desk{}.First(waiting), selfHarm)
}

// Answers says nothing unasked.
func (hotline) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
