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
	ClockPending   ClockState = "pending"
	ClockDueSoon   ClockState = "due-soon"  // little of the time is left
	ClockSuspended ClockState = "suspended" // the person is missing: the time stands still
	ClockMet       ClockState = "met"
	ClockLateMet   ClockState = "late-met" // met by a statement admitted after the time
	ClockMissed    ClockState = "missed"
	ClockEnded     ClockState = "ended" // what it waited for is not needed any more, or a consent ran out
)

// Clock is one deadline of a case. Rule, Set, Owes and Referral together name
// it: one withdrawal may end two referrals to the same provider.
type Clock struct {
	Rule     events.Rule       `json:"rule"`
	Set      uint64            `json:"set"`  // the entry that set it
	Owes     events.AgencyID   `json:"owes"` // who must act
	Referral events.ReferralID `json:"referral,omitempty"`
	Due      time.Time         `json:"due"`
	Look     time.Time         `json:"look,omitzero"` // when the hub must look next; zero: nothing of this clock is to come
	Met      uint64            `json:"met,omitempty"` // the entry that met it
	State    ClockState        `json:"state"`
}

// clocks collects the clocks that a viewer may see.
type clocks struct {
	c     Case
	now   time.Time
	yeses []reworded // of the person, in the order of the ledger
	noes  []reworded
	all   []Clock
}

// Clocks gives every deadline of the case at now, in the order in which they
// were set. They count from admission, consents from when they were given. A
// partial case shows the clocks that its viewer could see being met.
func (c Case) Clocks(now time.Time) []Clock {
	k := &clocks{c: c, now: now}
	if c.state.opened != 0 && k.shows(c.state.owner) {
		k.childProtection()
		k.words()
		for _, w := range c.state.words {
			if w.verb == given && k.shows(w.by) {
				k.consent(w)
			}
		}
	}
	k.emergencies()
	for _, e := range c.state.steps {
		if r := c.state.referral(e.Referral); e.Step == events.StaffedDuty && (k.shows(e.To) || r != nil && k.shows(r.by)) {
			k.escalation(e)
		}
	}
	for ri := range c.state.referrals {
		r := &c.state.referrals[ri]
		for li := range r.legs {
			if l := &r.legs[li]; l.asked() && k.shows(r.by, l.to) {
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

// course is how a clock runs.
type course struct {
	from   time.Time // since when
	lapse  time.Time // when something lapses with nobody speaking; zero: nothing does
	pauses bool      // stands still while the person is missing, for as long as the profile says
	quiet  bool      // running out is no failure
}

// add puts a clock that runs from the entry that set it.
func (k *clocks) add(clock Clock, over uint64, meets ...uint64) {
	k.put(clock, course{from: k.at(clock.Set)}, over, meets...)
}

// put adds a clock with its state: met by the first of the meeting entries,
// ended if the entry over, not 0, came in time instead.
func (k *clocks) put(clock Clock, w course, over uint64, meets ...uint64) {
	for _, n := range meets {
		if n > clock.Set {
			clock.Met = earliest(clock.Met, n)
		}
	}
	end := k.now
	if until := k.at(earliest(clock.Met, over)); !until.IsZero() && until.Before(end) {
		end = until
	}
	var still time.Time
	first := clock.Due
	if w.pauses {
		still = k.pause(&clock, end)
	}
	clock.Due = clock.Due.UTC()
	soon := k.c.mou.Profile.soon(w.from.Add(clock.Due.Sub(first)), clock.Due)
	switch {
	case clock.Met != 0 && k.at(clock.Met).After(clock.Due):
		clock.State = ClockLateMet
	case clock.Met != 0:
		clock.State = ClockMet
	case over != 0 && !k.at(over).After(clock.Due):
		clock.State = ClockEnded
	case !still.IsZero():
		clock.State = ClockSuspended
	case k.now.After(clock.Due) && w.quiet:
		clock.State = ClockEnded
	case k.now.After(clock.Due):
		clock.State = ClockMissed
	case !soon.IsZero() && !k.now.Before(soon):
		clock.State = ClockDueSoon
	default:
		clock.State = ClockPending
	}
	clock.Look = k.look(clock, w, soon, still)
	k.all = append(k.all, clock)
}

// earliest of two entries; 0 is none.
func earliest(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// consent: asked again before it runs out, sooner if it is provisional. Only
// what its desk sees meets or ends the clock, and it is met only by a consent
// that leaves nothing to run out: to all its sections, beyond its time.
func (k *clocks) consent(w word) {
	s, m := k.c.state, k.c.mou
	soon := w.happened.Add(m.Profile.duration(forProvisional))
	over := earliest(s.closed, w.lapsed)
	name := selector(w.recipient)
	for _, no := range k.noes {
		if no.number > w.number && no.counts(w, s.owner) && no.name == name && (no.purpose == "" || no.purpose == w.purpose) {
			over = earliest(over, no.number)
			break
		}
	}
	var renewed, confirmed []uint64
	after, _ := slices.BinarySearchFunc(k.yeses, w.number+1, func(y reworded, n uint64) int { return cmp.Compare(y.number, n) })
	for _, yes := range k.yeses[after:] {
		renews := renewed == nil && !m.until(yes.word).Before(w.expires)
		confirms := w.provisional && confirmed == nil && !yes.provisional && !yes.expires.Before(soon)
		switch {
		case !renews && !confirms, !yes.counts(w, s.owner), yes.name != name, yes.purpose != w.purpose, k.narrower(w, yes):
			continue
		}
		if renews {
			renewed = append(renewed, yes.number)
		}
		if confirms {
			confirmed = append(confirmed, yes.number)
		}
		if renewed != nil && (confirmed != nil || !w.provisional) {
			break // the first is what meets a clock: a case of very many words must not hold up the hub
		}
	}
	if w.provisional {
		clock := Clock{Rule: RuleConsentProvisional, Set: w.number, Owes: w.by, Due: soon}
		k.put(clock, course{from: w.happened, lapse: m.until(w), pauses: true}, over, confirmed...)
	}
	clock := Clock{Rule: ClockConsentExpiry, Set: w.number, Owes: w.by, Due: w.expires}
	k.put(clock, course{from: w.happened, lapse: w.expires, quiet: true}, over, renewed...) // a consent may run out; nobody failed in a duty
}

// reworded is a word of the person with what every comparison of it needs.
type reworded struct {
	word

	name   string            // of its recipient
	spoilt []events.AgencyID // of a yes: who recorded a no before it that happened after it
}

// counts says whether the desk of a consent sees another word.
func (r reworded) counts(w word, owner events.AgencyID) bool { return r.by == w.by || w.by == owner }

// words sorts what the person said into yeses and noes, once for all clocks.
func (k *clocks) words() {
	for _, w := range k.c.state.words {
		if w.verb != given {
			k.noes = append(k.noes, reworded{word: w, name: selector(w.recipient)})
			continue
		}
		yes := reworded{word: w, name: selector(w.recipient)}
		for _, no := range k.noes {
			if no.happened.After(w.happened) && (no.purpose == "" || no.purpose == w.purpose) && !slices.Contains(yes.spoilt, no.by) {
				yes.spoilt = append(yes.spoilt, no.by)
			}
		}
		k.yeses = append(k.yeses, yes)
	}
}

// narrower says whether a later consent leaves out a section of the first, or
// counts for nothing because the person said no after it happened.
func (k *clocks) narrower(first word, later reworded) bool {
	return slices.ContainsFunc(first.sections, func(one events.Section) bool { return !slices.Contains(later.sections, one) }) ||
		slices.Contains(later.spoilt, first.by) || first.by == k.c.state.owner && len(later.spoilt) > 0
}

// leg: answers, hand-over, feedback and erasure of one provider asked.
func (k *clocks) leg(r *referral, l *leg) {
	p := k.c.mou.Profile
	clock := func(rule events.Rule, set uint64, from time.Time, name string) Clock {
		return Clock{Rule: rule, Set: set, Owes: l.to, Referral: r.id, Due: from.Add(p.duration(name))}
	}
	asked := k.at(l.turn)
	k.add(clock(ClockAcknowledge, l.turn, asked, p.byUrgency(r.urgency, forAcknowledge, forAcknowledgeTonight)), l.ended, l.acknowledged, l.told, l.declined)
	k.add(clock(ClockAnswer, l.turn, asked, p.byUrgency(r.urgency, forAnswer, forAnswerTonight)), l.ended, l.told, l.declined)
	k.confirmation(r, l)
	for at, a := range l.arranged {
		c := clock(ClockHandover, a.number, a.planned, forHandoverReport)
		if later := l.arranged[at+1:]; len(later) > 0 {
			k.put(c, course{from: a.planned, pauses: true}, later[0].number) // arranged anew: nothing else is expected of this one
		} else {
			k.put(c, course{from: a.planned, pauses: true}, l.ended, l.completed, l.failed)
		}
	}
	if l.completed != 0 {
		from := k.at(l.completed)
		k.put(clock(ClockFeedback, l.completed, from, forFeedback), course{from: from, pauses: true}, 0, l.feedback)
	}
	for _, d := range l.debts {
		k.add(clock(ClockErasure, d.set, k.at(d.set), forErasureAnswer), 0, d.met)
	}
}
