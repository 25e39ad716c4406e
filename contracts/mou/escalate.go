package mou

import (
	"maps"
	"slices"
	"time"

	"handrail/events"
)

// Escalation is one step of the hub's chase for somebody who helps: the next
// provider is asked, then a duty that is staffed at that hour is told, at last
// the coordinator. Duty and coordinator see nothing of the case but it.
type Escalation struct {
	Number   uint64                `json:"number"`
	Referral events.ReferralID     `json:"referral,omitempty"`
	Step     events.EscalationStep `json:"step"`
	To       events.AgencyID       `json:"to"`
	Because  events.Duty           `json:"because"` // the duty that was not done
	Call     events.AgencyID       `json:"call"`    // whom to call about it
	Urgency  events.Urgency        `json:"urgency,omitempty"`
}

// Escalations gives the steps that the viewer sees, in the order of the ledger.
func (c Case) Escalations() []Escalation { return slices.Clone(c.state.steps) }

// escalated adds a step; a provider named as the next is asked from there on.
func (s *state) escalated(i *Item, p *events.ReferralEscalated) {
	s.steps = append(s.steps, Escalation{i.Number, i.Referral, p.Step, p.To, p.Because, p.Call, p.Urgency})
	if l := s.referral(i.Referral).leg(p.To); l != nil && p.Step == events.NextCandidate {
		l.turn = i.Number
	}
}

// chased is the step of a kind that was taken for want of a provider.
func (s *state) chased(id events.ReferralID, step events.EscalationStep) *Escalation {
	for i := range s.steps {
		e := &s.steps[i]
		want := slices.Contains([]events.Duty{events.DutyAnswer, events.DutyConfirm, events.DutyHandover, events.DutyEscalated}, e.Because)
		if e.Referral == id && e.Step == step && want {
			return e
		}
	}
	return nil
}

// chasing says whether a duty or the coordinator was told of a referral and
// nobody has accepted since: it can be withdrawn though every provider declined.
func (s *state) chasing(r *referral) bool {
	return slices.ContainsFunc(s.steps, func(e Escalation) bool {
		return e.Referral == r.id && e.Step != events.NextCandidate && !r.tookAfter(e.Number)
	})
}

// alone says whether nobody is left who may still take the person in time, for
// which duty, and whether it was the person who said no last.
func (r *referral) alone() (because events.Duty, refused, alone bool) {
	var last *leg
	var at uint64
	for i := range r.legs {
		l := &r.legs[i]
		if !l.asked() {
			continue
		}
		if l.hopeful() {
			return "", false, false
		}
		if over := max(l.ended, l.expired, l.unconfirmed); last == nil || over > at {
			last, at = l, over
		}
	}
	switch {
	case last == nil:
		return "", false, false
	case last.how == endFailed:
		return events.DutyHandover, false, true
	case last.alive() && last.unconfirmed == at:
		return events.DutyConfirm, false, true
	}
	return events.DutyAnswer, last.withdrawn(), true
}

// dueEscalations are the steps that are due, in the order of the referrals; at
// most one for each referral, and then one for each other miss of which the
// coordinator is told.
func (c Case) dueEscalations(now time.Time, staffed func(events.AgencyID) bool) []Saying {
	var due []Saying
	for ri := range c.state.referrals {
		r := &c.state.referrals[ri]
		if step := c.chase(r, now, staffed); step != nil {
			step.Said, step.Call, step.Urgency = hubSays(now), r.by, r.urgency
			due = append(due, Saying{step, r.id})
		}
	}
	for _, a := range c.state.alarms {
		if step := c.tell(a); step != nil {
			step.Said = hubSays(now)
			due = append(due, Saying{step, a.referral})
		}
	}
	return due
}

// chase is the next step for a referral that nobody takes; nil if none is due.
// Of a case that was opened for a foreign mission no duty and no coordinator hears.
func (c Case) chase(r *referral, now time.Time, staffed func(events.AgencyID) bool) *events.ReferralEscalated {
	s := c.state
	because, refused, alone := r.alone()
	if s.closed != 0 || r.withdrawn != 0 || !alone || s.barred() {
		return nil
	}
	if next := s.next(c.mou, r, now); next != nil {
		return &events.ReferralEscalated{Step: events.NextCandidate, To: next.to, Because: because}
	}
	if refused || s.paths.mission || s.chased(r.id, events.ToCoordinator) != nil {
		return nil
	}
	duty := s.chased(r.id, events.StaffedDuty)
	if duty == nil {
		if to := c.duty(r, staffed); to != "" {
			return &events.ReferralEscalated{Step: events.StaffedDuty, To: to, Because: because}
		}
		return c.coordinate(because)
	}
	if s.missed(duty) || r.tookAfter(duty.Number) {
		return c.coordinate(events.DutyEscalated)
	}
	return nil
}

// missed says whether the hub has said that a duty found nobody in time.
func (s *state) missed(duty *Escalation) bool {
	return slices.ContainsFunc(s.alarms, func(a alarm) bool {
		return a.missed != 0 && a.of(events.DutyEscalated, duty.Number, duty.To, duty.Referral)
	})
}

// tookAfter says whether somebody accepted after a number.
func (r *referral) tookAfter(number uint64) bool {
	return slices.ContainsFunc(r.legs, func(l leg) bool { return l.accepted > number })
}

// duty is the first agency in the order of ids whose kind has a duty, that takes
// part and is staffed now, that has nothing to do with the referral yet and that no wall
// keeps out.
func (c Case) duty(r *referral, staffed func(events.AgencyID) bool) events.AgencyID {
	for _, a := range slices.Sorted(maps.Keys(c.mou.Directory)) {
		if slices.Contains(c.mou.Profile.Escalation.Duty, c.mou.kind(a)) && c.mou.addressable(a) && a != r.by && r.leg(a) == nil && !c.walled(a) && staffed(a) {
			return a
		}
	}
	return ""
}

// walled says whether a wall stands between an agency and one that takes part.
func (c Case) walled(a events.AgencyID) bool {
	return slices.ContainsFunc(c.state.involved(), func(b events.AgencyID) bool {
		return c.mou.Profile.Walled(c.mou.kind(a), c.mou.kind(b))
	})
}

// coordinate is the last step; nil where the directory has no coordinator.
func (c Case) coordinate(because events.Duty) *events.ReferralEscalated {
	for _, a := range slices.Sorted(maps.Keys(c.mou.Directory)) {
		if c.mou.kind(a) == events.Coordinator && c.mou.addressable(a) {
			return &events.ReferralEscalated{Step: events.ToCoordinator, To: a, Because: because}
		}
	}
	return nil
}

// tell is the step for a missed duty of which the profile has the coordinator
// told, once for each miss: whom to call is who owes it.
func (c Case) tell(a alarm) *events.ReferralEscalated {
	told := func(e Escalation) bool {
		return e.Referral == a.referral && e.Step == events.ToCoordinator && e.Because == a.duty && e.Call == a.owes
	}
	if a.missed == 0 || !slices.Contains(c.mou.Profile.Escalation.Coordinator, a.duty) {
		return nil
	}
	like := func(one alarm) bool {
		return one.referral == a.referral && one.duty == a.duty && one.owes == a.owes && one.missed != 0 && one.missed <= a.missed
	}
	if count(c.state.steps, told) >= count(c.state.alarms, like) { // a step does not say which miss it is about, so they are counted
		return nil
	}
	step := c.coordinate(a.duty)
	if step != nil {
		step.Call = a.owes
		if r := c.state.referral(a.referral); r != nil {
			step.Urgency = r.urgency
		}
	}
	return step
}

func count[T any](all []T, holds func(T) bool) (n int) {
	for _, one := range all {
		if holds(one) {
			n++
		}
	}
	return n
}

// needsStep asks that this is the step which is due. Who is staffed the case
// does not know: any duty could be, or none.
func needsStep() demand {
	return demand{RuleNotDue, "/to", saysNotDue, func(q *question) bool {
		return factsOr(q, true, func(p *events.ReferralEscalated) bool {
			named := func(a events.AgencyID) bool { return p.Step == events.StaffedDuty && a == p.To }
			return slices.ContainsFunc(q.c.dueEscalations(q.now, named), func(due Saying) bool {
				step, ok := due.Payload.(*events.ReferralEscalated)
				if !ok || due.Referral != q.event.Referral() {
					return false
				}
				step.Said = p.Said
				return *step == *p
			})
		})
	}}
}

// escalation is the clock of a duty that was told: somebody accepts in time.
// The duty itself does not see whether anybody did; it is told of a miss.
func (k *clocks) escalation(e Escalation) {
	s, p := k.c.state, k.c.mou.Profile
	clock := Clock{Rule: ClockEscalated, Set: e.Number, Owes: e.To, Referral: e.Referral}
	clock.Due = k.at(e.Number).Add(p.duration(p.byUrgency(e.Urgency, forEscalated, forEscalatedTonight)))
	r := s.referral(e.Referral)
	if r == nil {
		k.add(clock, 0)
		if last := &k.all[len(k.all)-1]; last.State == ClockMissed && s.alarm(clock).missed == 0 {
			last.State, last.Look = ClockEnded, time.Time{}
		}
		return
	}
	over := earliest(r.withdrawn, s.closed)
	var taken []uint64
	for i := range r.legs {
		taken = append(taken, r.legs[i].accepted)
		if l := &r.legs[i]; l.withdrawn() && l.ended > e.Number && !slices.ContainsFunc(r.legs, func(other leg) bool { return other.alive() }) {
			over = earliest(over, l.ended)
		}
	}
	k.add(clock, over, taken...)
}
