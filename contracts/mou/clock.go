package mou

import (
	"cmp"
	"slices"
	"time"

	"handrail/events"
)

// ClockState is how a clock stands.
type ClockState string

// The states of a clock.
const (
	ClockPending ClockState = "pending"
	ClockMet     ClockState = "met"
	ClockLateMet ClockState = "late-met" // met by a statement admitted after the time
	ClockMissed  ClockState = "missed"
	ClockEnded   ClockState = "ended" // what it waited for is not needed any more, or a consent ran out
)

// Clock is one deadline of a case. Rule, Set, Owes and Referral together name
// it: one withdrawal may end two referrals to the same provider.
type Clock struct {
	Rule     events.Rule       `json:"rule"`
	Set      uint64            `json:"set"`  // the entry that set it
	Owes     events.AgencyID   `json:"owes"` // who must act
	Referral events.ReferralID `json:"referral,omitempty"`
	Due      time.Time         `json:"due"`
	Met      uint64            `json:"met,omitempty"` // the entry that met it
	State    ClockState        `json:"state"`
}

// clocks collects the clocks that a viewer may see.
type clocks struct {
	c   Case
	now time.Time
	all []Clock
}

// Clocks gives every deadline of the case at now, in the order in which they
// were set. They count from admission, consents from when they were given. A
// partial case shows the clocks that its viewer could see being met.
func (c Case) Clocks(now time.Time) []Clock {
	k := &clocks{c: c, now: now}
	if c.state.opened != 0 && k.shows(c.state.owner) {
		k.childProtection()
		for _, w := range c.state.words {
			if w.verb == given && k.shows(w.by) {
				k.consent(w)
			}
		}
	}
	for ri := range c.state.referrals {
		r := &c.state.referrals[ri]
		for li := range r.legs {
			if l := &r.legs[li]; k.shows(r.by, l.to) {
				k.leg(r, l)
			}
		}
	}
	slices.SortStableFunc(k.all, func(a, b Clock) int {
		return cmp.Or(cmp.Compare(a.Set, b.Set), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Owes, b.Owes))
	})
	return k.all
}

// shows says whether the viewer is the ledger, the contact desk or one of these.
func (k *clocks) shows(parties ...events.AgencyID) bool {
	v := k.c.viewer
	return v == "" || v == k.c.state.owner && k.c.state.opened != 0 || slices.Contains(parties, v)
}

// at is when an entry of the trail was admitted.
func (k *clocks) at(number uint64) time.Time {
	i, found := slices.BinarySearchFunc(k.c.trail, number, func(i *Item, n uint64) int { return cmp.Compare(i.Number, n) })
	if !found {
		return time.Time{}
	}
	return k.c.trail[i].Admitted
}

// add puts a clock with its state: met by the first of the meeting entries,
// ended if the entry over, not 0, came in time instead.
func (k *clocks) add(clock Clock, over uint64, meets ...uint64) {
	for _, n := range meets {
		if n > clock.Set {
			clock.Met = earliest(clock.Met, n)
		}
	}
	clock.Due = clock.Due.UTC()
	switch {
	case clock.Met != 0 && k.at(clock.Met).After(clock.Due):
		clock.State = ClockLateMet
	case clock.Met != 0:
		clock.State = ClockMet
	case over != 0 && !k.at(over).After(clock.Due):
		clock.State = ClockEnded
	case k.now.After(clock.Due):
		clock.State = ClockMissed
	default:
		clock.State = ClockPending
	}
	k.all = append(k.all, clock)
}

// earliest of two entries; 0 is none.
func earliest(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// childProtection: the contact desk tells child protection of a child, by a
// notice or by a referral.
func (k *clocks) childProtection() {
	s, m := k.c.state, k.c.mou
	if k.c.viewer != "" && k.c.viewer != s.owner || s.age == events.Adult || m.kind(s.owner) == events.ChildProtection {
		return
	}
	var meets []uint64
	for _, n := range s.notices {
		if n.by == s.owner && m.kind(n.to) == events.ChildProtection {
			meets = append(meets, n.number)
		}
	}
	for _, r := range s.referrals {
		if slices.ContainsFunc(r.legs, func(l leg) bool { return m.kind(l.to) == events.ChildProtection }) {
			meets = append(meets, r.number)
		}
	}
	due := k.at(s.opened).Add(m.Profile.duration(forChildProtection))
	k.add(Clock{Rule: ClockChildProtection, Set: s.opened, Owes: s.owner, Due: due}, 0, meets...)
}

// consent: asked again before it runs out, sooner if it is provisional. Only
// what its desk sees meets or ends the clock, and it is met only by a consent
// that leaves nothing to run out: to all its sections, beyond its time.
func (k *clocks) consent(w word) {
	s, m := k.c.state, k.c.mou
	soon := w.happened.Add(m.Profile.duration(forProvisional))
	over := s.closed
	var renewed, confirmed []uint64
	for _, other := range s.words {
		seen := other.by == w.by || w.by == s.owner
		same := selector(other.recipient) == selector(w.recipient) && (other.purpose == "" || other.purpose == w.purpose)
		switch {
		case other.number <= w.number || !seen || !same:
		case other.verb != given:
			over = earliest(over, other.number)
		case k.narrower(w, other):
		default:
			if !m.until(other).Before(w.expires) {
				renewed = append(renewed, other.number)
			}
			if !other.provisional && !other.expires.Before(soon) {
				confirmed = append(confirmed, other.number)
			}
		}
	}
	if w.provisional {
		k.add(Clock{Rule: RuleConsentProvisional, Set: w.number, Owes: w.by, Due: soon}, over, confirmed...)
	}
	k.add(Clock{Rule: ClockConsentExpiry, Set: w.number, Owes: w.by, Due: w.expires}, over, renewed...)
	if last := &k.all[len(k.all)-1]; last.State == ClockMissed {
		last.State = ClockEnded // a consent may run out; nobody failed in a duty
	}
}

// narrower says whether a later consent leaves out a section of the first, or
// counts for nothing because the person said no after it happened.
func (k *clocks) narrower(first, later word) bool {
	s := k.c.state
	return slices.ContainsFunc(first.sections, func(one events.Section) bool { return !slices.Contains(later.sections, one) }) ||
		slices.ContainsFunc(s.words, func(no word) bool {
			return no.verb != given && no.number < later.number && no.happened.After(later.happened) &&
				(no.purpose == "" || no.purpose == later.purpose) && (no.by == first.by || first.by == s.owner)
		})
}

// leg: answers, hand-over, feedback and erasure of one provider asked.
func (k *clocks) leg(r *referral, l *leg) {
	p := k.c.mou.Profile
	clock := func(rule events.Rule, set uint64, from time.Time, name string) Clock {
		return Clock{Rule: rule, Set: set, Owes: l.to, Referral: r.id, Due: from.Add(p.duration(name))}
	}
	asked := k.at(r.number)
	k.add(clock(ClockAcknowledge, r.number, asked, p.byUrgency(r.urgency, forAcknowledge, forAcknowledgeTonight)), l.ended, l.acknowledged, l.accepted, l.declined)
	k.add(clock(ClockAnswer, r.number, asked, p.byUrgency(r.urgency, forAnswer, forAnswerTonight)), l.ended, l.accepted, l.declined)
	for at, a := range l.arranged {
		c := clock(ClockHandover, a.number, a.planned, forHandoverReport)
		if later := l.arranged[at+1:]; len(later) > 0 {
			k.add(c, later[0].number) // arranged anew: nothing else is expected of this one
		} else {
			k.add(c, l.ended, l.completed, l.failed)
		}
	}
	if l.completed != 0 {
		k.add(clock(ClockFeedback, l.completed, k.at(l.completed), forFeedback), 0, l.feedback)
	}
	for _, d := range l.debts {
		k.add(clock(ClockErasure, d.set, k.at(d.set), forErasureAnswer), 0, d.met)
	}
}
