// Package embassy is the desk of a diplomatic mission. A mission of this
// country abroad is often the first to meet the person and refers them home. A
// mission of another country is only ever addressed.
package embassy

import (
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// Desks gives the desk of each kind of mission.
func Desks() map[events.AgencyKind]agency.Desk {
	return map[events.AgencyKind]agency.Desk{events.OwnMission: Own(), events.ForeignMission: Foreign()}
}

// Own is the judgement of a mission of this country abroad.
func Own() agency.Desk { return own{} }

type own struct{}

// Intakes: a consul meets people.
func (own) Intakes() []agency.Intake { return nil }

// Ask looks home: first those who know who can take the person there, then a
// bed to arrive at, then whoever arranges the way. A mission of another country is
// proposed only where the person agreed to just that, for consular help: that
// state would learn that the person is here, and that they turned to another.
func (own) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	order := []events.AgencyKind{events.FocalPoint, events.Coordinator, events.Shelter, events.Social, events.Municipality, events.IOM, events.Counselling, events.LegalAid}
	if facts != nil && facts.Age != events.Adult {
		order = append([]events.AgencyKind{events.ChildProtection}, order...)
	}
	consular := facts != nil && facts.Purpose == events.PurposeConsular
	barred := func(p agency.Provider) bool { return p.Kind == events.ForeignMission && !consular }
	return agency.IDs(agency.ByKind(slices.DeleteFunc(slices.Clone(could), barred), order...))
}

// First shows whoever cannot travel for want of a document, because only the
// mission can help them; among them tonight first, then whoever may be a child,
// then who has waited longest.
func (own) First(waiting []agency.Waiting) []agency.Waiting {
	needsDocument := func(w agency.Waiting) bool { return slices.Contains(w.Facts.Needs, "documents") }
	tonight := func(w agency.Waiting) bool { return w.Facts.Urgency == events.Tonight }
	mayBeChild := func(w agency.Waiting) bool { return w.Facts.Age != events.Adult }
	return agency.ByArrival(waiting, needsDocument, tonight, mayBeChild)
}

// Answers says nothing unasked: a consul answers.
func (own) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
