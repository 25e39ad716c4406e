package mou

import (
	"slices"

	"handrail/events"
)

// paths is what a trail says beside the referral itself: a child's voice, an
// emergency, a mission, a return.
type paths struct {
	mission     bool // the case was opened for a foreign mission
	ages        []aged
	conflicted  uint64 // since when the child's guardian may be involved
	helpless    uint64 // the last help.declined
	incidents   []events.EventID
	linkage     linkage
	consular    consular
	emergencies []emergency
	risk        returnRisk
}

func (p paths) clone() paths {
	p.ages = slices.Clone(p.ages)
	p.incidents = slices.Clone(p.incidents)
	p.linkage.cases = slices.Clone(p.linkage.cases)
	p.linkage.pleas = slices.Clone(p.linkage.pleas)
	p.emergencies = slices.Clone(p.emergencies)
	return p
}

// stepPath adds what a statement says of the other paths; it leaves the rest.
func (s *state) stepPath(m *Memorandum, i *Item) {
	switch p := i.Facts.(type) {
	case *events.CaseOpened:
		s.paths.mission = p.For == events.LinkConsular
		s.determine(i.Number, p.Age)
	case *events.AgeDetermined:
		s.determine(i.Number, p.Age)
	case *events.GuardianConflicted:
		s.conflict(i.Number)
	case *events.HelpDeclined:
		s.paths.helpless = i.Number
	case *events.IncidentLinked:
		s.paths.incidents = append(s.paths.incidents, p.Incident)
	case *events.CaseLinked:
		s.paths.linkage.cases = append(s.paths.linkage.cases, p.Case)
	case *events.AsylumSought:
		s.paths.linkage.pleas = append(s.paths.linkage.pleas, plea{number: i.Number, by: i.By})
	case *events.AsylumEnded:
		s.takeBack(m, i.By, i.Number)
	case *events.ConsularAllowed:
		s.paths.consular = consular{ever: true, open: true}
	case *events.ConsularBarred:
		s.paths.consular.open = false
	case *events.EmergencyDisclosed, *events.EmergencyConfirmed:
		s.stepEmergency(i)
	case *events.PersonMissing, *events.PersonFound:
		s.stepMissing(i)
	default:
		s.stepHome(i)
	}
}

// HelpDeclined says whether the person wants no help now: nothing was agreed or
// asked for since they said so.
func (c Case) HelpDeclined() bool {
	s := c.state
	return s.paths.helpless != 0 &&
		!slices.ContainsFunc(s.words, func(w word) bool { return w.verb == given && w.number > s.paths.helpless }) &&
		!slices.ContainsFunc(s.referrals, func(r referral) bool { return r.number > s.paths.helpless })
}

// Incidents lists the raids and families that this case was linked with.
func (c Case) Incidents() []events.EventID { return slices.Clone(c.state.paths.incidents) }

// needsWayBack asks that a child always keeps a way back (domain, help.declined).
func needsWayBack() demand {
	return demand{RuleWayBack, "/way_back", "leave a child, or whoever may be one, a safe way back", func(q *question) bool {
		return factsOr(q, true, func(p *events.HelpDeclined) bool {
			return p.WayBack != "" && (q.s.age == events.Adult || p.WayBack != noWayBack)
		})
	}}
}

const noWayBack events.WayBack = "none-wanted"
