package alert

import (
	"slices"
	"time"

	"handrail/events"
)

// clockSlack is how far this machine's clock may be set back without the next
// person being alerted at once.
const clockSlack = time.Minute

// step is what to do about an alert now.
type step struct {
	staff events.Staff // whom to alert; empty: nobody
	round int
	again bool // the round begins anew: nobody was reached in it
	stop  bool // everybody was alerted in every round
}

// next gives the next step of a ringing alert. The first person is alerted at
// once, the next one when the wait is over or when no channel of the one before
// took the message at its first try. When everybody who has duty was alerted the
// next round begins. A round in which no message was taken at all begins anew: an
// alert is never given up while nobody was reached.
func (r *Rota) next(a *Alert, now time.Time) step {
	if a.Urgency == events.Standard && r.Quiet(now) {
		return step{}
	}
	order := r.OnDuty(now)
	if len(order) == 0 {
		return step{}
	}
	since := now.Sub(a.stepped)
	waited := a.Round == 0 || since >= r.wait[a.Urgency] || since < -clockSlack
	left := slices.IndexFunc(order, func(s events.Staff) bool { return !a.told(a.Round, s) })
	switch {
	case left >= 0 && (waited || a.unreached()):
		return step{staff: order[left], round: max(a.Round, 1)}
	case left >= 0 || !waited:
		return step{}
	case !a.heard():
		return step{staff: order[0], round: a.Round, again: true}
	case a.Round >= r.rounds:
		return step{stop: true}
	}
	return step{staff: order[0], round: a.Round + 1}
}

// told says whether a person was alerted in a round.
func (a *Alert) told(round int, staff events.Staff) bool {
	return slices.ContainsFunc(a.Told, func(t Told) bool { return t.Round == round && t.Staff == staff })
}

// unreached says whether every channel of the person alerted last failed at its
// first try.
func (a *Alert) unreached() bool {
	some := false
	for _, t := range a.Told {
		if !t.made.Equal(a.stepped) {
			continue
		}
		if !t.Sent.IsZero() || t.Tries == 0 {
			return false
		}
		some = true
	}
	return some
}

// heard says whether a message of the round was taken.
func (a *Alert) heard() bool {
	return slices.ContainsFunc(a.Told, func(t Told) bool { return t.Round == a.Round && !t.Sent.IsZero() })
}

const maxTries = 5

// pause is how long a message waits after so many failures. After the last it
// is given up.
func pause(failures int) time.Duration {
	pauses := []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}
	return pauses[min(failures, len(pauses))-1]
}
