package mou

import "handrail/events"

// A bed is promised by telephone before anybody types. Such an acceptance counts
// once both sides have recorded it, from the later of the two on; until then the
// provider has answered, nothing is released, and another may win. Who asked owes
// its word within the profile's time; after that the hub turns to the next as if
// the provider had not answered, and whichever acceptance counts first wins.

// heard adds the provider's own word that it accepts.
func (r *referral) heard(l *leg, number uint64, channel events.Channel) {
	l.told = earliest(l.told, number)
	if channel != events.Telephone || l.confirmed != 0 {
		r.take(l, number)
		return
	}
	l.promised = earliest(l.promised, number)
}

// needsOpenAnswer asks that the provider has not answered for good. A promise by
// telephone that nobody has confirmed is not: whoever gave it may take it back, or
// say it again by another channel, which counts at once. Otherwise a referrer who
// has gone home leaves the person between two doors.
func needsOpenAnswer() demand {
	return demand{RuleAlreadyAnswered, "", "your agency has answered this request already", func(q *question) bool {
		promised := q.leg.told != 0 && q.leg.accepted == 0 && factsOr(q, true, func(p *events.ReferralAccepted) bool { return p.Channel != events.Telephone })
		return q.leg.declined == 0 && (q.leg.told == 0 || promised)
	}}
}

// confirm adds the word of the agency that asked that a provider accepted.
func (r *referral) confirm(l *leg, number uint64) {
	if l == nil {
		return
	}
	l.confirmed = number
	if l.told != 0 && l.accepted == 0 {
		r.take(l, number)
	}
}

// confirmed is the leg that a confirmation names; nil without facts.
func (q *question) confirmed(holds func(*leg) bool) bool {
	if p, ok := q.facts.(*events.ReferralConfirmed); ok {
		return holds(q.referral.leg(p.Provider))
	}
	for i := range q.referral.legs {
		if holds(&q.referral.legs[i]) {
			return true
		}
	}
	return false
}

func needsProviderAsked() demand {
	return demand{RuleNotCandidate, "/provider", "name a provider that the referral has asked", func(q *question) bool {
		return q.confirmed((*leg).asked)
	}}
}

func needsProviderStanding() demand {
	return demand{RuleReferralWithdraw, "attribute correlationid", saysWithdrawn, func(q *question) bool {
		return q.confirmed(func(l *leg) bool { return l.asked() && !l.withdrawn() })
	}}
}

func needsProviderFree() demand {
	return demand{RuleAlreadyAccepted, "/provider", "another provider has accepted; call this one and say that it is not needed", func(q *question) bool {
		return q.confirmed(func(l *leg) bool { return l.asked() && l.how != endNotChosen && !l.withdrawn() })
	}}
}

func needsProviderWilling() demand {
	return demand{RuleReferralOver, "/provider", "this provider declined, or its part is over; ask anew", func(q *question) bool {
		return q.confirmed(func(l *leg) bool { return l.asked() && l.alive() })
	}}
}

func needsUnconfirmed() demand {
	return demand{RuleAlreadyAnswered, "/provider", "this acceptance counts already, or you have confirmed it", func(q *question) bool {
		return q.confirmed(func(l *leg) bool { return l.asked() && l.alive() && l.accepted == 0 && l.confirmed == 0 })
	}}
}

// promise is the leg whose acceptance by telephone stands at a number.
func (r *referral) promise(number uint64) *leg {
	if r == nil || number == 0 {
		return nil
	}
	for i := range r.legs {
		if r.legs[i].promised == number {
			return &r.legs[i]
		}
	}
	return nil
}

// confirmation is the clock of who asked: its own word on a provider's promise, or
// an acceptance that counts without it. The provider does not see it.
func (k *clocks) confirmation(r *referral, l *leg) {
	if l.promised == 0 || !k.shows(r.by) {
		return
	}
	p := k.c.mou.Profile
	clock := Clock{Rule: ClockConfirm, Set: l.promised, Owes: r.by, Referral: r.id}
	clock.Due = k.at(l.promised).Add(p.duration(p.byUrgency(r.urgency, forConfirm, forConfirmTonight)))
	k.add(clock, l.ended, l.confirmed, l.accepted)
}
