// Package coordinator is the desk of a national coordinator or focal point: it
// receives notices and what nobody else answered, and chases. It meets no
// person, takes nobody in, and nothing sealed ever comes to it.
package coordinator

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

// Desks gives the desk of each kind of organisation that coordinates.
func Desks() map[events.AgencyKind]agency.Desk {
	return map[events.AgencyKind]agency.Desk{events.Coordinator: Desk(), events.FocalPoint: Desk()}
}

// Desk is the judgement of a coordinator.
func Desk() agency.Desk { return desk{} }

type desk struct{}

// Intakes: notices come through the hub.
func (desk) Intakes() []agency.Intake { return nil }

// Ask proposes, to the agencies that a coordinator calls by telephone, whoever
// said that it has places before whoever said nothing, and leaves out who said
// that it is full. Within these the given order stands.
func (desk) Ask(could []agency.Provider, _ *events.ReferralRequested) []events.AgencyID {
	said := func(p agency.Provider) bool { return p.Capacity != nil }
	full := func(p agency.Provider) bool { return said(p) && p.Capacity.Places == events.NoPlaces }
	return agency.IDs(agency.Foremost(slices.DeleteFunc(slices.Clone(could), full), said))
}

// First shows what is overdue, then what is due soonest: the coordinator is the
// last who can do something. What has no deadline stands last, in the order of
// arrival.
func (desk) First(waiting []agency.Waiting) []agency.Waiting {
	bySoonest := slices.SortedStableFunc(slices.Values(agency.ByArrival(waiting)), func(x, y agency.Waiting) int { return x.AnswerBy.Compare(y.AnswerBy) })
	late := func(w agency.Waiting) bool { return w.State == mou.LegExpired }
	bounded := func(w agency.Waiting) bool { return !w.AnswerBy.IsZero() }
	return agency.Foremost(bySoonest, late, bounded)
}

// Answers says nothing unasked: a person calls.
func (desk) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
