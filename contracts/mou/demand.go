package mou

import (
	"time"

	"handrail/events"
)

// question is one statement that somebody wants to make, against what is known.
// Without facts it asks whether there are any with which it could be made.
type question struct {
	m        *Memorandum
	c        Case
	s        *state
	row      row
	by       events.AgencyID
	kind     events.AgencyKind
	now      time.Time
	ledger   bool // judged by the ledger, which sees everything
	event    *events.Event
	facts    events.Payload
	referral *referral
	leg      *leg // of by in the referral
}

// demand is one rule of a term: what must hold, and what to tell if it does not.
type demand struct {
	rule    events.Rule
	pointer string
	reason  string // plain English, says what to do, repeats nothing of the statement
	holds   func(*question) bool
}

func (c Case) question(by events.AgencyID, t events.Type, id events.ReferralID, now time.Time) *question {
	q := &question{m: c.mou, c: c, s: c.state, row: c.mou.Profile.rows[t], by: by, kind: c.mou.kind(by), now: now, ledger: c.viewer == ""}
	q.referral = c.state.referral(id)
	q.leg = q.referral.leg(by)
	return q
}

// ask gives the first demand of the term that does not hold; nil if all do.
func (q *question) ask() *events.Violation {
	for _, d := range q.row.demands {
		if !d.holds(q) {
			return events.Refuse(d.rule, d.pointer, d.reason)
		}
	}
	return nil
}

// factsOr looks at the facts if there are some of type P; without facts it
// answers possible.
func factsOr[P events.Payload](q *question, possible bool, look func(P) bool) bool {
	if p, ok := q.facts.(P); ok {
		return look(p)
	}
	return possible
}
