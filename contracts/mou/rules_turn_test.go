package mou_test

import (
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func turnBreaks() []breaks {
	type told = func(s *story) (events.AgencyID, events.ReferralID, events.Payload)
	confirms := func(before func(*story) events.ReferralID) told {
		return func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := before(s)
			return police, r, &events.ReferralConfirmed{Said: s.said(), Provider: harbour}
		}
	}
	return []breaks{
		{"a shelter answers before its turn", mou.RuleCaseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return harbour, s.inLine(lightship, harbour), &events.ReferralAccepted{Said: s.said()}
		}},
		{"a shelter answers before its turn, on the ledger's own account", mou.RuleNotCandidate, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.inLine(lightship, harbour)
			s.inside = true
			return harbour, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"a shelter answers that is no longer needed", mou.RuleReferralOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return harbour, s.accepted(lightship, harbour), &events.ReferralAcknowledged{Said: s.said()}
		}},
		{"a shelter confirms its own acceptance", mou.RuleNotReferrer, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, s.byTelephone())
			return lightship, r, &events.ReferralConfirmed{Said: s.said(), Provider: lightship}
		}},
		{"a shelter is confirmed whose turn has not come", mou.RuleNotCandidate, confirms(func(s *story) events.ReferralID { return s.inLine(lightship, harbour) })},
		{"a shelter is confirmed after withdrawal", mou.RuleReferralWithdraw, confirms(func(s *story) events.ReferralID {
			r := s.requested(harbour)
			s.says(police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"})
			return r
		})},
		{"a shelter is confirmed that declined", mou.RuleReferralOver, confirms(func(s *story) events.ReferralID {
			r := s.requested(harbour)
			s.says(harbour, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
			return r
		})},
		{"a second shelter is confirmed", mou.RuleAlreadyAccepted, confirms(func(s *story) events.ReferralID { return s.accepted(lightship, harbour) })},
		{"a shelter is confirmed twice", mou.RuleAlreadyAnswered, confirms(func(s *story) events.ReferralID {
			r := s.requested(harbour)
			s.says(police, r, &events.ReferralConfirmed{Said: s.said(), Provider: harbour})
			return r
		})},
		{"a shelter is confirmed that accepted in person", mou.RuleAlreadyAnswered, confirms(func(s *story) events.ReferralID { return s.accepted(harbour) })},
		{"a shelter that accepted by telephone and was confirmed declines", mou.RuleAlreadyAnswered, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, s.byTelephone())
			s.says(police, r, &events.ReferralConfirmed{Said: s.said(), Provider: lightship})
			return lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"}
		}},
	}
}

func questionBreaks() []breaks {
	return []breaks{
		{"a shelter asks another shelter", mou.RuleRecordNotAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return lightship, s.requested(lightship, harbour), ask(harbour)
		}},
		{"a question says who the person is", mou.RuleRecordNotAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			q := ask(police)
			q.Header.Section = events.SectionIdentity
			return lightship, r, q
		}},
		{"a shelter asks after it declined", mou.RuleReferralOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
			return lightship, r, ask(police)
		}},
		{"an answer to no question", mou.RuleRecordNotAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return police, s.requested(lightship), answer(lightship)
		}},
		{"two answers to one question", mou.RuleRecordNotAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, ask(police))
			s.hub()
			s.says(police, r, answer(lightship))
			return police, r, answer(lightship)
		}},
		{"an answer after consent ran out", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, ask(police))
			s.hub()
			s.now = s.now.Add(31 * 24 * time.Hour)
			return police, r, answer(lightship)
		}},
		{"a shelter answers its own question", mou.RuleNotReferrer, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, ask(police))
			s.hub()
			return lightship, r, answer(harbour)
		}},
	}
}

// clockBreaks are what the hub may not say of time and of others.
func clockBreaks() []breaks {
	missed := func(s *story) *events.DeadlineMissed {
		c := s.clock(mou.ClockAnswer, lightship)
		return &events.DeadlineMissed{Said: s.said(), Deadline: events.Deadline{Duty: events.DutyAnswer, Set: c.Set, Owes: c.Owes, Due: events.At(c.Due)}}
	}
	return []breaks{
		{"the hub says that a clock was missed which still runs", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return events.HubAgency, s.requested(lightship), missed(s)
		}},
		{"the hub says that a clock was missed which was met", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship)
			s.now = s.now.Add(80 * time.Hour)
			return events.HubAgency, r, missed(s)
		}},
		{"the hub says twice that a clock was missed", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.now = s.now.Add(80 * time.Hour)
			s.says(events.HubAgency, r, missed(s))
			return events.HubAgency, r, missed(s)
		}},
		{"the hub speaks of a clock in another referral", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			s.now = s.now.Add(80 * time.Hour)
			return events.HubAgency, "", missed(s)
		}},
		{"the hub dismisses a shelter that is still asked", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return events.HubAgency, s.requested(lightship), &events.ReferralNotNeeded{Said: s.said(), To: lightship}
		}},
		{"the hub asks the next shelter while the first thinks", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.inLine(lightship, harbour)
			return events.HubAgency, r, &events.ReferralEscalated{Said: s.said(), Step: events.NextCandidate, To: harbour, Because: events.DutyAnswer, Call: police, Urgency: events.Standard}
		}},
		{"the hub tells a duty that is no duty", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
			return events.HubAgency, r, &events.ReferralEscalated{Said: s.said(), Step: events.StaffedDuty, To: talk, Because: events.DutyAnswer, Call: police, Urgency: events.Standard}
		}},
		{"the hub tells the coordinator twice", mou.RuleNotDue, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
			s.hub()
			return events.HubAgency, r, &events.ReferralEscalated{Said: s.said(), Step: events.ToCoordinator, To: office, Because: events.DutyAnswer, Call: police, Urgency: events.Standard}
		}},
	}
}
