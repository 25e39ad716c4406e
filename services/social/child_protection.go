package social

import (
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// ChildProtection is the judgement of child protection: it is told at once and
// decides (domain rule 7).
func ChildProtection() agency.Desk { return childProtection{} }

type childProtection struct{}

// Intakes: child protection files no public form.
func (childProtection) Intakes() []agency.Intake { return nil }

// Ask prefers a place that says it takes children before one that does not say
// so, then a doctor, then a lawyer, since a guardian has to be appointed, then
// somebody to talk to. The police are asked last: safety first, evidence later.
func (childProtection) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	takesChildren := func(p agency.Provider) bool {
		return p.Capacity != nil && slices.Contains(p.Capacity.Ages, events.Child)
	}
	if facts == nil || facts.Age != events.Adult {
		could = agency.Foremost(could, takesChildren)
	}
	return agency.IDs(agency.ByKind(could,
		events.Shelter, events.Social, events.Municipality, events.Health, events.LegalAid, events.Counselling, events.IOM, events.Hotline,
		events.OwnMission, events.Migration, events.Police, events.BorderGuard, events.Prosecutor, events.ForeignMission))
}

// First shows a child before a person whose age is in doubt, and both before an
// adult who brings children; then danger, then tonight, then who has waited
// longest. Small children come before big ones.
func (childProtection) First(waiting []agency.Waiting) []agency.Waiting {
	isChild := func(w agency.Waiting) bool { return w.Facts.Age == events.Child }
	bringsSmall := func(w agency.Waiting) bool { return w.Facts.Children.Under9 > 0 }
	bringsBig := func(w agency.Waiting) bool { return w.Facts.Children.Under18 > 0 }
	return agency.ByArrival(waiting, isChild, mayBeChild, bringsSmall, bringsBig, inDanger, tonight)
}

// Answers says nothing unasked: who decides about a child is a person.
func (childProtection) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
