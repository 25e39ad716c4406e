package embassy

import (
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// Foreign is the judgement of a mission of another country: it answers what it
// is asked on a linked case, and asks nobody.
func Foreign() agency.Desk { return foreign{} }

type foreign struct{}

// Intakes: nothing starts at a foreign mission.
func (foreign) Intakes() []agency.Intake { return nil }

// Ask names nobody, whoever could be asked: a foreign mission is only ever addressed.
func (foreign) Ask([]agency.Provider, *events.ReferralRequested) []events.AgencyID { return nil }

// First keeps the order of arrival: what else the facts say is for the agencies
// that help, and a mission of another country is not to sort people by it.
func (foreign) First(waiting []agency.Waiting) []agency.Waiting {
	return agency.ByArrival(waiting)
}

// Answers says nothing unasked.
func (foreign) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
