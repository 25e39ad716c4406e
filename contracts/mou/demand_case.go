package mou

import (
	"slices"

	"handrail/events"
)

// The demands that many terms make.

func needsPower() demand {
	return demand{RulePower, "attribute source", "the powers of your agency's kind do not include this; ask an agency that has it", func(q *question) bool {
		if q.row.Event.HubOnly() {
			return q.by == events.HubAgency
		}
		return q.m.Profile.May(q.kind, q.row.Event)
	}}
}

func needsCase() demand {
	return demand{RuleCaseUnknown, "attribute subject", "you know of no such case; open it first, or check its id", func(q *question) bool { return q.s.opened != 0 }}
}

func needsNewCase() demand {
	return demand{RuleCaseExists, "attribute subject", "this case is open already; go on with it, or open another under a new id", func(q *question) bool { return q.s.opened == 0 }}
}

func needsOpenCase() demand {
	return demand{RuleCaseClosed, "attribute subject", "the case is closed; open a new one if the person comes back", func(q *question) bool { return q.s.closed == 0 }}
}

func needsContact() demand {
	return demand{RuleNotInContact, "attribute source", "only a desk in contact with the person says this: the one that opened the case, or one that accepted a referral", func(q *question) bool {
		return q.s.inContact(q.by)
	}}
}

func needsParty() demand {
	return demand{RuleNotInContact, "attribute source", "only a desk that takes part in the case records this", func(q *question) bool { return q.s.takesPart(q.by) }}
}

func needsOwner() demand {
	return demand{RuleNotOwner, "attribute source", "only the desk that opened the case closes it", func(q *question) bool { return q.s.owner == q.by }}
}

func needsNoneWaiting() demand {
	return demand{RuleReferralPending, "", "a referral waits for an answer or a hand-over; withdraw it or see it through first", func(q *question) bool { return !q.s.waiting() }}
}

func needsPersonInRisk() demand {
	return demand{RuleRiskWithPerson, "/with_person", "assess the risk together with the person, then record it", func(q *question) bool {
		return factsOr(q, true, func(p *events.RiskAssessed) bool { return p.WithPerson })
	}}
}

// needsNoticeTo asks that a notice goes where the duty to notify points.
func needsNoticeTo() demand {
	return demand{RuleAgreementTable, "/to", "the memorandum sends notices to other kinds of agency; choose one of them", func(q *question) bool {
		return factsOr(q, true, func(p *events.NoticeSent) bool {
			return slices.Contains(q.m.Profile.Notices.To, q.m.kind(p.To))
		})
	}}
}

// needsKnown asks that every agency named is another one of the directory, which
// takes part.
func needsKnown() demand {
	return demand{RuleRecipientUnknown, "/to", "name another agency of the directory, one that takes part now", func(q *question) bool {
		return !slices.ContainsFunc(named(q.facts), func(a events.AgencyID) bool { return a == q.by || !q.m.addressable(a) })
	}}
}

// named lists the agencies that a statement addresses.
func named(facts events.Payload) []events.AgencyID {
	switch p := facts.(type) {
	case *events.NoticeSent:
		return []events.AgencyID{p.To}
	case *events.RecordReleased:
		return []events.AgencyID{p.To}
	case *events.EmergencyDisclosed:
		return []events.AgencyID{p.To}
	case *events.ReferralRequested:
		return p.To
	case *events.Record:
		return []events.AgencyID{p.Header.To}
	}
	return nil
}
