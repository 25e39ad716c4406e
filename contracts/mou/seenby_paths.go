package mou

import (
	"slices"

	"handrail/events"
)

// Chains of the other paths.
const (
	chainAge       chainKind = "age"
	chainGuardian  chainKind = "guardian"
	chainIncident  chainKind = "incident"
	chainLink      chainKind = "link"
	chainAsylum    chainKind = "asylum"
	chainConsular  chainKind = "consular"
	chainEmergency chainKind = "emergency"
)

// pathPlace is the place of a statement of the other paths; false for any other.
func (s *state) pathPlace(by events.AgencyID, id events.EventID, facts events.Payload) (place, bool) {
	switch p := facts.(type) {
	case *events.AgeDetermined:
		return place{kind: chainAge}, true
	case *events.GuardianConflicted:
		return place{kind: chainGuardian}, true
	case *events.HelpDeclined:
		return place{kind: chainCase}, true
	case *events.PersonMissing, *events.PersonFound:
		return place{kind: chainCare}, true
	case *events.IncidentLinked:
		return place{kind: chainIncident, speaker: by, id: id}, true
	case *events.CaseLinked:
		return place{kind: chainLink, speaker: by, id: id}, true
	case *events.AsylumSought, *events.AsylumEnded:
		return place{kind: chainAsylum, speaker: by}, true
	case *events.ConsularAllowed, *events.ConsularBarred:
		return place{kind: chainConsular}, true
	case *events.EmergencyDisclosed:
		return place{kind: chainEmergency, speaker: by, other: p.To, id: id}, true
	case *events.EmergencyConfirmed:
		at := place{kind: chainEmergency, speaker: by, id: p.Disclosure}
		if e := s.emergency(p.Disclosure); e != nil {
			at.speaker, at.other = e.by, e.to
		}
		return at, true
	}
	return place{}, false
}

// pathParts is what follows the kind in the name of a chain of the other paths.
func (p place) pathParts() []string {
	switch p.kind {
	case chainIncident, chainLink, chainEmergency:
		return []string{string(p.id)}
	case chainAsylum:
		return []string{string(p.speaker)}
	default:
		return nil
	}
}

// seesPath says whether an agency may see a statement of a chain of the other paths.
func (s *state) seesPath(m *Memorandum, a events.AgencyID, p place, number uint64) bool {
	owner := s.opened != 0 && s.owner == a
	switch p.kind {
	case chainAge:
		return owner || s.partOf(a, func(l *leg) bool { return l.reaches(number) || l.held(number) }) || s.asks(a)
	case chainGuardian:
		return owner || s.partOf(a, func(l *leg) bool {
			return (l.accepted != 0 || m.kind(a) == events.ChildProtection) && l.reaches(number)
		})
	case chainIncident, chainLink:
		return a == p.speaker
	case chainAsylum:
		return a == p.speaker || owner && m.hearsOfAsylum(a)
	case chainEmergency:
		return owner || a == p.speaker || a == p.other
	default:
		return false
	}
}

// partOf says whether an agency was asked in a referral in a part that holds so.
func (s *state) partOf(a events.AgencyID, holds func(*leg) bool) bool {
	return slices.ContainsFunc(s.referrals, func(r referral) bool {
		l := r.leg(a)
		return l.asked() && holds(l)
	})
}

// asks says whether an agency asked somebody in this case.
func (s *state) asks(a events.AgencyID) bool {
	return slices.ContainsFunc(s.referrals, func(r referral) bool { return r.by == a })
}

// hearsOfAsylum says whether a contact desk hears from others that the person
// seeks asylum: never a mission, and nobody who enforces the law.
func (m *Memorandum) hearsOfAsylum(owner events.AgencyID) bool {
	switch m.kind(owner) {
	case events.Police, events.BorderGuard, events.Prosecutor, events.OwnMission, events.ForeignMission:
		return false
	default:
		return true
	}
}
