package agency

import (
	"fmt"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/alert"
)

const (
	// alarmStands is how long an alarm must stand before it rings, unless it is
	// about a forked log: a copy that is delivered again at once wakes nobody (own choice).
	alarmStands = time.Minute

	// alarmCalm is how long an alarm must have been over before it rings anew. It
	// also spans a restart, which forgets the alarms (own choice).
	alarmCalm = time.Hour
)

// newRinger makes what alerts the agency's duty rota, on the agency's journal.
func (a *Agency) newRinger() (*alert.Ringer, error) {
	return alert.New(alert.Config{
		Dir: a.config.Dir, Journal: alert.Journal{Read: a.journal.reader, Update: a.journal.update},
		Now: func() time.Time { return a.now() }, Log: a.log, Raise: a.alarms.raise, Over: a.alarms.over,
	})
}

// watch finds what waits for a person. It remembers what it found in a case
// while nothing is said there, for a minute, as clocks run on. Only one
// goroutine uses it.
type watch struct {
	agency *Agency
	found  map[events.CaseID]found
}

type found struct {
	in     *file
	folds  uint64
	at     time.Time
	causes []alert.Cause
}

const foundFor = time.Minute

func (a *Agency) newWatch() *watch { return &watch{agency: a, found: map[events.CaseID]found{}} }

// causes gives all that waits for a person of this agency now. It goes by this
// agency's own view and clock, so the duty is woken while the hub is away too.
// The agency is locked for one case at a time.
func (w *watch) causes() []alert.Cause {
	now := w.agency.now()
	causes := w.agency.alarmCauses(now)
	w.agency.mu.RLock()
	ids := w.agency.book.ids()
	w.agency.mu.RUnlock()
	old := w.found
	w.found = make(map[events.CaseID]found, len(ids))
	for _, id := range ids {
		if is, seen := w.look(id, old[id], now); seen {
			w.found[id] = is
			causes = append(causes, is.causes...)
		}
	}
	return causes
}

// look looks into one case, unless nothing can have changed since the last time.
func (w *watch) look(id events.CaseID, last found, now time.Time) (found, bool) {
	a := w.agency
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	if f == nil {
		return found{}, false
	}
	if since := now.Sub(last.at); last.in == f && last.folds == f.folds && since >= 0 && since < foundFor {
		return last, true
	}
	c := f.tentative
	clocks := c.Clocks(now)
	causes := slices.Concat(a.waitingCauses(id), a.clockCauses(c, clocks), a.chaseCauses(c, clocks, now), a.owedCauses(c))
	return found{in: f, folds: f.folds, at: now, causes: causes}, true
}

// alarmCauses are the own alarms. The one about an alert that nobody
// acknowledged does not ring: it would do so without end.
func (a *Agency) alarmCauses(now time.Time) (causes []alert.Cause) {
	for _, alarm := range a.alarms.list() {
		if alarm.Name != alert.AlarmUnanswered && (loud(alarm.Name) || now.Sub(alarm.Since) >= alarmStands) {
			causes = append(causes, alert.Cause{
				Key: "alarm/" + alarm.Name + "/" + alarm.Which, About: alert.Alarm, Urgency: events.Standard, Alarm: alarm.Name, Calm: alarmCalm,
			})
		}
	}
	return causes
}

// waitingCauses are the referrals that nobody here has acknowledged, and the
// questions that a provider waits for. Agency.mu is held.
func (a *Agency) waitingCauses(id events.CaseID) (causes []alert.Cause) {
	for _, w := range a.waitingIn(id) {
		if !w.Acknowledged {
			causes = append(causes, about(alert.Referral, id, w.Referral, w.Facts.Urgency, ""))
		}
	}
	c := a.book.files[id].tentative
	for _, q := range a.questionsIn(id) {
		leg, asked := legOf(c, q.Referral, q.From)
		if q.To == a.config.Agency && q.Answered == "" && asked && open(leg.State) {
			causes = append(causes, about(alert.Question, id, q.Referral, urgencyOf(c, q.Referral), string(q.Question)))
		}
	}
	return causes
}

// clockCauses are what this agency owes and is late with, or soon will be. The
// hub says the same as deadline.due-soon and deadline.missed.
func (a *Agency) clockCauses(c mou.Case, clocks []mou.Clock) (causes []alert.Cause) {
	for _, clock := range clocks {
		kind, rings := map[mou.ClockState]alert.About{mou.ClockDueSoon: alert.DueSoon, mou.ClockMissed: alert.Missed}[clock.State]
		closed := c.Status() == mou.StatusClosed && !outlives(clock)
		if !rings || closed || clock.Owes != a.config.Agency || clock.Set >= provisional || a.movedOn(c, clock) {
			continue
		}
		causes = append(causes, about(kind, c.ID(), clock.Referral, clockUrgency(c, clock), fmt.Sprintf("%s/%d", clock.Rule, clock.Set)))
	}
	return causes
}

// clockUrgency: what keeps a person of tonight waiting rings tonight, and so does
// a child of whom child protection does not know.
func clockUrgency(c mou.Case, clock mou.Clock) events.Urgency {
	switch events.Duty(clock.Rule) {
	case events.DutyChildProtection:
		return events.Tonight
	case events.DutyAcknowledge, events.DutyAnswer, events.DutyConfirm, events.DutyEscalated, events.DutyHandover:
		return urgencyOf(c, clock.Referral)
	default:
		return events.Standard
	}
}

// urgencyOf is how urgent a referral is, as its request or a chase says.
func urgencyOf(c mou.Case, referral events.ReferralID) events.Urgency {
	for _, r := range c.Referrals() {
		if r.ID == referral {
			return r.Urgency
		}
	}
	for _, e := range c.Escalations() {
		if e.Referral == referral && e.Urgency != "" {
			return e.Urgency
		}
	}
	return events.Standard
}

// chaseCauses are the escalations that turned to this agency as a duty or as
// coordinator; as the next candidate it is asked, which rings as a referral.
func (a *Agency) chaseCauses(c mou.Case, clocks []mou.Clock, now time.Time) (causes []alert.Cause) {
	for _, e := range a.escalatedIn(c, clocks, now) {
		urgency := e.Urgency
		if urgency == "" {
			urgency = events.Standard
		}
		causes = append(causes, about(alert.Escalation, c.ID(), e.Referral, urgency, fmt.Sprintf("%s/%s/%d", e.Step, e.Because, e.Since.UnixNano())))
	}
	return causes
}

// owedCauses are the answers about records whose use has ended.
func (a *Agency) owedCauses(c mou.Case) (causes []alert.Cause) {
	for _, r := range c.Referrals() {
		if leg, asked := legOf(c, r.ID, a.config.Agency); asked && leg.Owes {
			causes = append(causes, about(alert.AnswerOwed, c.ID(), r.ID, events.Standard, ""))
		}
	}
	return causes
}

// about names a cause, the same whenever it is asked for. The name stays in the
// journal.
func about(kind alert.About, of events.CaseID, referral events.ReferralID, urgency events.Urgency, more string) alert.Cause {
	return alert.Cause{
		Key: fmt.Sprintf("%s/%s/%s/%s", kind, of, referral, more), About: kind, Urgency: urgency, Case: of, Referral: referral,
	}
}
