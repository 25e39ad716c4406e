package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// alarm is what the hub has said of one clock; 0 is nothing yet.
type alarm struct {
	duty         events.Duty
	set          uint64
	owes         events.AgencyID
	referral     events.ReferralID
	soon, missed uint64
}

func (a *alarm) of(duty events.Duty, set uint64, owes events.AgencyID, referral events.ReferralID) bool {
	return a.duty == duty && a.set == set && a.owes == owes && a.referral == referral
}

// deadlinePlace is where the hub's word on a clock stands: seen by whoever sees the clock.
func deadlinePlace(d events.Deadline, referral events.ReferralID) place {
	return place{kind: chainDeadline, referral: referral, other: d.Owes, duty: d.Duty, set: d.Set}
}

// alarm is what was said of a clock.
func (s *state) alarm(c Clock) alarm {
	for _, a := range s.alarms {
		if a.of(events.Duty(c.Rule), c.Set, c.Owes, c.Referral) {
			return a
		}
	}
	return alarm{}
}

// alarmed adds what the hub says of a clock. A missed answer marks the provider's
// part, and so does a promise that was not confirmed in time: it may still come to
// an acceptance, but somebody else is asked.
func (s *state) alarmed(d events.Deadline, referral events.ReferralID, soon, missed uint64) {
	at := slices.IndexFunc(s.alarms, func(a alarm) bool { return a.of(d.Duty, d.Set, d.Owes, referral) })
	if at < 0 {
		s.alarms = append(s.alarms, alarm{duty: d.Duty, set: d.Set, owes: d.Owes, referral: referral})
		at = len(s.alarms) - 1
	}
	a := &s.alarms[at]
	a.soon, a.missed = max(a.soon, soon), max(a.missed, missed)
	if missed == 0 {
		return
	}
	r := s.referral(referral)
	if l := r.leg(d.Owes); l != nil && d.Duty == events.DutyAnswer {
		l.expired = missed
	}
	if l := r.promise(d.Set); l != nil && d.Duty == events.DutyConfirm {
		l.unconfirmed = missed
	}
}

// dueDeadlines are the reminders and the misses that the hub has not said yet,
// in the order of the clocks. A clock that was met is never said to be missed.
func (c Case) dueDeadlines(now time.Time) []Saying {
	var due []Saying
	for _, clock := range c.Clocks(now) {
		said := c.state.alarm(clock)
		d := events.Deadline{Duty: events.Duty(clock.Rule), Set: clock.Set, Owes: clock.Owes, Due: events.At(clock.Due)}
		switch {
		case clock.State == ClockDueSoon && said.soon == 0:
			due = append(due, Saying{&events.DeadlineDueSoon{Said: hubSays(now), Deadline: d}, clock.Referral})
		case clock.State == ClockMissed && said.missed == 0:
			due = append(due, Saying{&events.DeadlineMissed{Said: hubSays(now), Deadline: d}, clock.Referral})
		}
	}
	return due
}

const saysNotDue = "the hub says this when it is due, and once"

// needsDeadline asks that the clock named stands as the statement says, and that
// the hub has not said so before.
func needsDeadline() demand {
	return demand{RuleNotDue, "", saysNotDue, func(q *question) bool {
		said, _ := events.DeadlineOf(q.facts)
		return slices.ContainsFunc(q.c.dueDeadlines(q.now), func(due Saying) bool {
			known, _ := events.DeadlineOf(due.Payload)
			return due.Referral == q.event.Referral() && known == said && due.Payload.Type() == q.row.Event
		})
	}}
}

// look is when the hub must look at a clock next: to remind, to say that it was
// missed, and when something lapses or runs on with nobody speaking.
func (k *clocks) look(clock Clock, w course, soon, still time.Time) time.Time {
	var next time.Time
	at := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	said := k.c.state.alarm(clock)
	open := clock.State == ClockPending || clock.State == ClockDueSoon
	if open && said.soon == 0 && !soon.IsZero() {
		at(soon)
	}
	if (open || clock.State == ClockMissed) && said.missed == 0 && !w.quiet {
		at(clock.Due.Add(time.Microsecond)) // a statement admitted at the very instant is in time
	}
	if (open || clock.State == ClockSuspended) && k.now.Before(w.lapse) {
		at(w.lapse)
	}
	if clock.State == ClockSuspended {
		at(still)
	}
	return next.UTC()
}
