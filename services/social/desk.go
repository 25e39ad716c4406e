// Package social is the desk of public services that care: social services, a
// municipality, health, migration; with desks of their own for child protection
// and the labour inspectorate, which judge differently.
package social

import (
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// Desks gives the desk of each kind of public service. A kind's powers and its
// walls come from the directory and the profile, not from here.
func Desks() map[events.AgencyKind]agency.Desk {
	return map[events.AgencyKind]agency.Desk{
		events.Social: Desk(), events.Municipality: Desk(), events.Health: Desk(), events.Migration: Desk(),
		events.ChildProtection: ChildProtection(), events.LabourInspectorate: LabourInspectorate(),
	}
}

// Desk is the judgement of social services.
func Desk() agency.Desk { return desk{} }

type desk struct{}

// Intakes: social services file no public form.
func (desk) Intakes() []agency.Intake { return nil }

// Ask begins with a roof and what keeps the person there: money, a doctor,
// somebody to talk to. Child protection comes before all when the person is or
// may be a child. The law stands behind every helper.
func (desk) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	order := []events.AgencyKind{
		events.Shelter, events.Municipality, events.Social, events.Health, events.Counselling, events.LegalAid, events.IOM, events.Hotline,
		events.Migration, events.OwnMission, events.Police, events.BorderGuard, events.Prosecutor, events.ForeignMission,
	}
	if facts != nil && facts.Age != events.Adult {
		order = append([]events.AgencyKind{events.ChildProtection}, order...)
	}
	return agency.IDs(agency.ByKind(could, order...))
}

// First shows children first: whoever is or may be one, then whoever brings
// some; then tonight, then danger, then who has waited longest.
func (desk) First(waiting []agency.Waiting) []agency.Waiting {
	bringsChildren := func(w agency.Waiting) bool { return w.Facts.Children != events.Children{} }
	return agency.ByArrival(waiting, mayBeChild, bringsChildren, tonight, inDanger)
}

func mayBeChild(w agency.Waiting) bool { return w.Facts.Age != events.Adult }
func tonight(w agency.Waiting) bool    { return w.Facts.Urgency == events.Tonight }
func inDanger(w agency.Waiting) bool   { return w.Facts.Safety != nil }

// Answers says nothing unasked: a case worker answers.
func (desk) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
