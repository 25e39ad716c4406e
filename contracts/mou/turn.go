package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// In turn, only the first provider that a request names is asked; the next one
// is when the hub's referral.escalated names it. Before its turn a provider sees
// nothing, owes nothing and may say nothing, but records may wait for it at the
// hub already, so that asking it takes no new consent and no new sealing.

// asked says whether the provider's turn has come.
func (l *leg) asked() bool { return l != nil && l.turn != 0 }

// ask gives each provider of a new request its leg, and its turn if it has come.
func (r *referral) ask(p *events.ReferralRequested) {
	for at, to := range p.To {
		l := leg{to: to}
		if p.Order != events.InTurn || at == 0 {
			l.turn = r.number
		}
		r.legs = append(r.legs, l)
	}
}

// take makes an acceptance count from a number on; the parts of all others that
// were asked end. Who waits for its turn may still be asked if the hand-over fails.
func (r *referral) take(l *leg, number uint64) {
	l.accepted = number
	for i := range r.legs {
		if other := &r.legs[i]; other != l && other.asked() {
			other.end(number, endNotChosen)
		}
	}
}

// dismiss ends the parts of those whose turn never came: the person has arrived.
// They never hear of it, and nothing is left to wait at the hub for them.
func (r *referral) dismiss(number uint64) {
	for i := range r.legs {
		if l := &r.legs[i]; !l.asked() {
			l.end(number, endNotChosen)
		}
	}
}

// next is the provider whose turn is next: it may still be asked, it takes part,
// and consent to all that the request names covers it at now.
func (s *state) next(m *Memorandum, r *referral, now time.Time) *leg {
	for i := range r.legs {
		l := &r.legs[i]
		if l.asked() || !l.alive() || !m.addressable(l.to) {
			continue
		}
		if !slices.ContainsFunc(r.sections, func(x events.Section) bool { return !s.consented(m, l.to, r.purpose, x, now) }) {
			return l
		}
	}
	return nil
}

// spare adds the hub's word to a provider that it is no longer needed. It answers
// for what it opened.
func (r *referral) spare(l *leg, number uint64) {
	if l == nil {
		return
	}
	l.spared = number
	l.oweAnswer(number)
	l.end(number, endNotChosen)
}

// toldOff says whether there is nothing left to tell a provider of another's acceptance.
func (l *leg) toldOff() bool { return !l.asked() || l.how != endNotChosen || l.spared != 0 }

// dueNotNeeded is the hub's word to each provider whose part another's acceptance ended.
func (c Case) dueNotNeeded(now time.Time) []Saying {
	var due []Saying
	for ri := range c.state.referrals {
		r := &c.state.referrals[ri]
		for li := range r.legs {
			if l := &r.legs[li]; !l.toldOff() {
				due = append(due, Saying{&events.ReferralNotNeeded{Said: hubSays(now), To: l.to}, r.id})
			}
		}
	}
	return due
}

// needsNotNeeded asks that the hub owes the provider this word.
func needsNotNeeded() demand {
	return demand{RuleNotDue, "/to", saysNotDue, func(q *question) bool {
		return factsOr(q, true, func(p *events.ReferralNotNeeded) bool {
			l := q.referral.leg(p.To)
			return l.asked() && (!l.toldOff() || l.alive() && q.s.shut(q.m, l.to))
		})
	}}
}
