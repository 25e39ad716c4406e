package mou

import (
	"slices"

	"handrail/events"
)

func needsReferral() demand {
	return demand{RuleReferralUnknown, "attribute correlationid", "name a referral of this case", func(q *question) bool { return q.referral != nil }}
}

func needsAsked() demand {
	return demand{RuleNotCandidate, "attribute source", "your agency was not asked in this referral", func(q *question) bool { return q.leg.asked() }}
}

// needsEnd asks for one of the two ends of a referral: who asked, or who was asked.
func needsEnd() demand {
	return demand{RuleNotCandidate, "attribute source", "only the agency that asked and the one that accepted arrange the hand-over", func(q *question) bool {
		return q.leg.asked() || q.referral.by == q.by
	}}
}

func needsReferrer(reason string) demand {
	return demand{RuleNotReferrer, "attribute source", reason, func(q *question) bool { return q.referral.by == q.by }}
}

const saysSealedByReferrer = "only the agency that asked seals records for its referral"

func needsReferrerOrOwner() demand {
	return demand{RuleNotReferrer, "attribute source", "only the agency that asked, or the desk that opened the case, withdraws a referral", func(q *question) bool {
		return q.referral.by == q.by || q.s.owner == q.by
	}}
}

const saysWithdrawn = "the referral was withdrawn; do nothing more with it"

// needsStanding asks that the provider's leg was not withdrawn.
func needsStanding() demand {
	return demand{RuleReferralWithdraw, "attribute correlationid", saysWithdrawn, func(q *question) bool {
		l := q.actedOn()
		return l == nil || !l.withdrawn()
	}}
}

func needsNotWithdrawn() demand {
	return demand{RuleReferralWithdraw, "attribute correlationid", saysWithdrawn, func(q *question) bool { return q.referral.withdrawn == 0 }}
}

func needsNoAnswer() demand {
	return demand{RuleAlreadyAnswered, "", "your agency has answered this request already", func(q *question) bool {
		return q.leg.told == 0 && q.leg.declined == 0
	}}
}

// needsNotAcknowledged asks for the first acknowledgement or, tonight, for one
// that names who is on duty after one that named nobody.
func needsNotAcknowledged() demand {
	return demand{RuleAlreadyAnswered, "", "your agency has acknowledged this request already", func(q *question) bool {
		naming := q.referral.urgency == events.Tonight && !q.leg.duty
		return q.leg.acknowledged == 0 || naming && factsOr(q, true, func(p *events.ReferralAcknowledged) bool { return p.Duty != "" })
	}}
}

func needsNoOther() demand {
	return demand{RuleAlreadyAccepted, "", "another provider has accepted; nothing more is needed", func(q *question) bool {
		return q.leg.how != endNotChosen
	}}
}

// needsNeeded asks that the provider was not told that it is no longer needed.
// The hub does not say why, so the refusal does not either.
func needsNeeded() demand {
	return demand{RuleReferralOver, "", "your agency is no longer needed here", func(q *question) bool { return q.leg.spared == 0 }}
}

func needsAccepted() demand {
	return demand{RuleNotAccepted, "", "this comes after the referral was accepted, from or with the agency that accepted it", func(q *question) bool {
		l := q.actedOn()
		return l != nil && l.accepted != 0
	}}
}

// needsBeforeArrival asks that the hand-over has neither happened nor failed.
func needsBeforeArrival() demand {
	return demand{RuleReferralOver, "", "the hand-over has happened or failed already; ask anew if another is needed", func(q *question) bool {
		l := q.actedOn()
		return l.alive() && l.completed == 0
	}}
}

func needsSomethingToWithdraw() demand {
	return demand{RuleReferralOver, "", "nobody is asked any more, or the person has arrived; there is nothing to withdraw", func(q *question) bool {
		return q.s.chasing(q.referral) || slices.ContainsFunc(q.referral.legs, func(l leg) bool { return l.alive() && l.completed == 0 })
	}}
}

func needsArrival() demand {
	return demand{RuleNotHandedOver, "", "this comes after the hand-over is completed", func(q *question) bool { return q.leg.completed != 0 }}
}

func needsAskedService() demand {
	return demand{RuleNeedAsked, "/need", "start a service that the request asked for and that does not run yet", func(q *question) bool {
		return factsOr(q, true, func(p *events.ServiceStarted) bool {
			return slices.Contains(q.referral.needs, p.Need) && !q.leg.gives(p.Need)
		})
	}}
}

func needsRunningService() demand {
	return demand{RuleNeedAsked, "/need", "end a service that runs", func(q *question) bool {
		return factsOr(q, slices.ContainsFunc(q.leg.services, func(s service) bool { return s.ended == 0 }), func(p *events.ServiceEnded) bool {
			return q.leg.gives(p.Need)
		})
	}}
}

// actedOn is the leg that a statement of a referral is about: the sender's own
// or, for the referrer, the one that accepted.
func (q *question) actedOn() *leg {
	if q.leg != nil {
		return q.leg
	}
	return q.referral.chosen()
}

func (l *leg) withdrawn() bool { return l.how == endWithdrawn || l.how == endConsentEnded }

func (l *leg) gives(n events.Need) bool {
	return slices.ContainsFunc(l.services, func(s service) bool { return s.need == n && s.ended == 0 })
}
