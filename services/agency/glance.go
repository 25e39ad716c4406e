package agency

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// glanceLife is for how long a glance at a case with something to do is kept although
// no clock says that it changes: consents that this agency has no clock of run out.
const glanceLife = time.Minute

// glance is what the lists need of one case, so that no list folds every case anew.
// It holds from a moment until another, unless the case goes on before.
type glance struct {
	from, until time.Time // until zero: for ever
	line        CaseLine
	waiting     []Waiting
	over        []Over
	late        []Late
	escalated   []Escalated
	owed        bool // somebody owes or gave an answer about records

	shift atomic.Pointer[[]ShiftLine] // what a shift tells the next; nil: nobody asked yet
}

func (g *glance) holds(now time.Time) bool {
	return g != nil && !now.Before(g.from) && (g.until.IsZero() || now.Before(g.until))
}

// end makes the glance hold no longer than until a moment.
func (g *glance) end(at time.Time) {
	if g.until.IsZero() || at.Before(g.until) {
		g.until = at
	}
}

// CaseLine is one line of the list of cases, with how this agency's part stands.
type CaseLine struct {
	CaseSummary

	Opened  time.Time       // the first that this agency knows of the case
	Changed time.Time       // the newest
	Asked   mou.LegState    // how the newest request to this agency stands; empty: it was not asked
	By      events.AgencyID // who made that request
	Asks    mou.LegState    // how the newest request of this agency stands at best; empty: it asked nobody
	Tonight bool            // that request is for the night
	Missing bool            // the person
	Late    bool            // something of the case is late
}

// CaseLines lists those of the cases that this agency may see for which keep holds,
// the newest change first.
func (a *Agency) CaseLines(keep func(*CaseLine) bool) []CaseLine {
	a.mu.RLock()
	defer a.mu.RUnlock()
	now := a.now()
	var kept []*CaseLine
	for _, f := range a.book.files {
		if line := &a.glance(f, now).line; keep(line) {
			kept = append(kept, line)
		}
	}
	slices.SortFunc(kept, func(x, y *CaseLine) int {
		if order := y.Changed.Compare(x.Changed); order != 0 {
			return order
		}
		return cmp.Compare(y.Case, x.Case)
	})
	list := make([]CaseLine, len(kept))
	for i, line := range kept {
		list[i] = *line
	}
	return list
}

// lookAhead looks at every case once, so that nobody's first visit waits for it.
// Agency.mu is held.
func (a *Agency) lookAhead() {
	now := a.now()
	for _, f := range a.book.files {
		a.glance(f, now)
	}
}

// glance looks at a case once for as long as nothing of it changes. Agency.mu is held.
func (a *Agency) glance(f *file, now time.Time) *glance {
	if g := f.glance.Load(); g.holds(now) {
		return g
	}
	c := f.tentative
	clocks := c.Clocks(now)
	g := &glance{
		from: now, waiting: a.waitingIn(c.ID()), over: a.overIn(c), late: a.lateIn(c, clocks), escalated: a.escalatedIn(c, clocks, now),
	}
	for _, clock := range clocks {
		g.owed = g.owed || clock.Rule == mou.ClockErasure
		g.await(clock, now)
	}
	for _, o := range g.over {
		if !o.Ended.IsZero() {
			g.end(o.Ended.Add(overShown))
		}
	}
	for _, e := range g.escalated {
		g.end(e.Since.Add(escalatedShown + 1))
	}
	if len(g.waiting) > 0 {
		g.end(now.Add(glanceLife))
	}
	g.line = a.lineAbout(f, c)
	g.line.Late = slices.ContainsFunc(g.late, func(l Late) bool { return l.State == mou.ClockMissed })
	f.glance.Store(g)
	return g
}

// await ends the glance when a clock changes its state.
func (g *glance) await(clock mou.Clock, now time.Time) {
	switch {
	case clock.State == mou.ClockSuspended:
		g.end(now.Add(time.Second)) // its time moves on with the clock on the wall
	case clock.State != mou.ClockPending && clock.State != mou.ClockDueSoon:
	case clock.Look.After(now):
		g.end(clock.Look)
	case clock.State == mou.ClockPending:
		g.end(now.Add(time.Second)) // when little time is left is not told any more
	default:
		g.end(clock.Due.Add(1))
	}
}

func (a *Agency) lineAbout(f *file, c mou.Case) CaseLine {
	line := CaseLine{CaseSummary: f.summary(c.ID()), Missing: c.Missing()}
	if trail := c.Trail(); len(trail) > 0 {
		line.Opened, line.Changed = moment(trail[0]), moment(trail[len(trail)-1])
	}
	for _, r := range c.Referrals() {
		if r.By == a.config.Agency {
			line.Asks, line.Tonight = best(r.Legs), r.Urgency == events.Tonight
			continue
		}
		for _, leg := range r.Legs {
			if leg.To == a.config.Agency {
				line.Asked, line.By = leg.State, r.By
			}
		}
	}
	return line
}

// moment is when a statement counts; one that waits counts from when it happened.
func moment(i mou.Item) time.Time {
	if i.Admitted.IsZero() {
		return i.Happened()
	}
	return i.Admitted
}

// best is how a request stands with the provider that is furthest.
func best(legs []mou.Leg) (state mou.LegState) {
	order := []mou.LegState{
		mou.LegWithdrawn, mou.LegNotChosen, mou.LegDeclined, mou.LegFailed, mou.LegWaiting, mou.LegExpired, mou.LegRequested, mou.LegAcknowledged,
		mou.LegByTelephone, mou.LegAccepted, mou.LegHandedOver, mou.LegInService, mou.LegCompleted,
	}
	furthest := -1
	for _, leg := range legs {
		if at := slices.Index(order, leg.State); at > furthest {
			furthest, state = at, leg.State
		}
	}
	return state
}
