package social

import (
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// LabourInspectorate is the judgement of a labour inspectorate: in one raid it
// meets many people, who must have nothing to fear from talking to it.
func LabourInspectorate() agency.Desk { return labourInspectorate{} }

type labourInspectorate struct{}

// Intakes: the inspectorate files no public form.
func (labourInspectorate) Intakes() []agency.Intake { return nil }

// Ask finds beds for tonight, then a doctor, then a lawyer for the wages.
// Migration control is never proposed: the inspectorate is walled off from it
// (domain, "The people and organisations"), and what the memorandum refuses to
// send is not offered either.
func (labourInspectorate) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	order := []events.AgencyKind{
		events.Shelter, events.Municipality, events.Social, events.Health, events.LegalAid, events.Counselling, events.IOM, events.Hotline,
		events.OwnMission, events.Police, events.Prosecutor, events.BorderGuard, events.ForeignMission,
	}
	if facts != nil && facts.Age != events.Adult {
		order = append([]events.AgencyKind{events.ChildProtection}, order...)
	}
	walled := func(p agency.Provider) bool { return p.Kind == events.Migration }
	return agency.IDs(agency.ByKind(slices.DeleteFunc(slices.Clone(could), walled), order...))
}

// First shows danger, then tonight, then who has waited longest: the people of
// one raid come together and are equals otherwise.
func (labourInspectorate) First(waiting []agency.Waiting) []agency.Waiting {
	return agency.ByArrival(waiting, inDanger, tonight)
}

// Answers says nothing unasked: an inspector answers.
func (labourInspectorate) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
