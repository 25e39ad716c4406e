package ledger

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

const (
	courierLoad  = 64          // deliveries read and sent at a time
	maxRepeats   = 1024        // answers that wait to be repeated to one agency
	courierPause = time.Second // before trying again what failed, doubling
	longestPause = 32 * time.Second
	firstPause   = 2 * time.Second // for an agency to answer an announced head
	lastPause    = 8 * time.Second
)

// courier brings one agency its deliveries, in the order of their numbers, at
// most a window beyond what the agency last said it stored. It sends nothing to an
// agency that is suspended or revoked, and to no other
// until the agency has spoken since this process or its broker connection
// started: then it begins behind the position that the agency gave, so what the
// broker lost is sent again.
type courier struct {
	*lead

	agency events.AgencyID
	wake   chan struct{} // capacity 1: something below changed

	mu   sync.Mutex
	todo errands

	pending []pending // owned by run: what follows the cursor, as far as it is known
	readAt  time.Time // owned by run: when it last began to read what it sends, by the wall clock

	*memo // owned by run
}

// memo is what a courier knows of its agency. It outlives a lead that ends with
// its database connection: what was sent is still with the broker.
type memo struct {
	reported report        // the agency's last accepted word
	cursor   uint64        // last number sent
	sent     time.Time     // when something was last sent
	started  bool          // the agency has spoken since start or reconnect
	announce bool          // the head is to be announced
	called   time.Time     // when the head was last announced
	pause    time.Duration // how long to wait then for the agency's word, before calling again
	failures int           // in a row
	said     map[events.Type]events.Time
	repeats  []answerAt // each once, see remember
	damaged  []uint64   // numbers that the agency stored and cannot verify
	witness  witnessing
	withheld bool // it is away, and nothing may go to it

	expects *events.ResendFrom // to be said ahead of any delivery; see [courier.lostJournal]
	lost    uint64             // up to which number the agency held deliveries, and lost them
}

// errands are what others ask of a courier.
type errands struct {
	assigned uint64
	pending  []pending  // the newest that were assigned, in order
	repeats  []answerAt // to be sent again, each once
	missing  *events.ResendFrom
	erase    []destroyed
	position *submission // the newest of those waiting
	cosigned *submission // likewise
	reset    *resetTo    // the agency's witness began anew
	restart  bool
}

func newCourier(l *lead, agency events.AgencyID, m *memo) *courier {
	return &courier{lead: l, agency: agency, wake: make(chan struct{}, 1), memo: m}
}

func (c *courier) ask(change func(*errands)) {
	c.mu.Lock()
	change(&c.todo)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// assign says up to which number deliveries exist.
func (c *courier) assign(number uint64) {
	c.mu.Lock()
	known := c.todo.assigned == number
	c.mu.Unlock()
	if !known {
		c.ask(func(e *errands) { e.assigned = max(e.assigned, number) })
	}
}

// deliver says what a batch just assigned.
func (c *courier) deliver(number uint64, all []pending) {
	c.ask(func(e *errands) {
		e.assigned, e.pending = max(e.assigned, number), newest(e.pending, all)
	})
}

// repeat sends an answer to this agency once more.
func (c *courier) repeat(a answerAt) {
	c.ask(func(e *errands) { e.repeats = remember(e.repeats, a) })
}

// remember adds answers that are to be repeated, each once and at most maxRepeats:
// an agency that is away, or sends the same again and again, fills no memory.
// What is left out is answered when its sender submits it once more.
func remember(all []answerAt, more ...answerAt) []answerAt {
	for _, a := range more {
		if len(all) < maxRepeats && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// missing asks the agency for its events from a sequence on, at most once a second.
func (c *courier) missing(key events.KeyID, next events.Sequence) {
	c.ask(func(e *errands) { e.missing = &events.ResendFrom{Key: key, Sequence: uint64(next)} })
}

// eraseCopy destroys pending copies of a sealed record.
func (c *courier) eraseCopy(d destroyed) {
	c.ask(func(e *errands) { e.erase = append(e.erase, d) })
}

// restart says that what was sent may be lost.
func (c *courier) restart() { c.ask(func(e *errands) { e.restart = true }) }

// take gives what is to be done; repetitions wait until the agency has spoken.
func (c *courier) take() errands {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.todo
	c.todo = errands{assigned: e.assigned}
	return e
}

// run works until ctx ends. Nothing that fails ends it: it tries again.
func (c *courier) run(ctx context.Context) {
	c.announce = c.announce || !c.started
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-timer.C:
		}
		e := c.take()
		wait, err := c.work(ctx, e)
		err = errors.Join(err, c.attend(ctx, e))
		if ctx.Err() != nil {
			return
		}
		if wait = c.after(ctx, wait, err); err != nil {
			c.putBack(e)
		}
		if wait > 0 {
			timer.Reset(wait)
		}
	}
}

// after says how long to wait after an attempt. An agency that is away for weeks
// is one warning, not one a second.
func (c *courier) after(ctx context.Context, wait time.Duration, err error) time.Duration {
	if err == nil {
		c.failures = 0
		return wait
	}
	level := slog.LevelDebug
	if c.failures == 0 {
		level = slog.LevelWarn
	}
	c.log.LogAttrs(ctx, level, "deliveries wait", slog.String("agency", string(c.agency)), slog.String("error", plain(err)))
	c.failures++
	return min(courierPause<<min(c.failures-1, 10), longestPause)
}

// putBack keeps what failed for the next attempt; a newer request of the same kind wins.
func (c *courier) putBack(e errands) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.todo.erase = append(e.erase, c.todo.erase...)
	if c.todo.missing == nil {
		c.todo.missing = e.missing
	}
	if c.todo.position == nil {
		c.todo.position = e.position
	}
	if c.todo.cosigned == nil {
		c.todo.cosigned = e.cosigned
	}
	if c.todo.reset == nil {
		c.todo.reset = e.reset
	}
}

// work does errands in their order of urgency: erase first, then hear the agency,
// then speak, then deliver. It says after how long it wants to be called again; 0: when woken.
func (c *courier) work(ctx context.Context, e errands) (time.Duration, error) {
	c.repeats = remember(c.repeats, e.repeats...)
	c.pending = newest(c.pending, e.pending)
	if c.roster.now().away(c.agency) {
		return c.withhold(ctx, e)
	}
	if c.withheld { // it is back, and says from where it goes on
		c.withheld, e.restart = false, true
	}
	if e.restart {
		c.started, c.announce, c.witness.spoke, c.witness.offered = false, true, false, time.Time{}
	}
	if err := c.erase(ctx, e.erase); err != nil {
		return 0, err
	}
	if e.assigned == 0 { // not known yet: everyone has genesis, and assign wakes us
		c.putBack(errands{missing: e.missing, position: e.position})
		return 0, nil
	}
	if e.position != nil {
		if err := c.hear(ctx, e.position, e.assigned); err != nil {
			return 0, err
		}
	}
	if wait, err := c.sayExpected(ctx); err != nil || wait > 0 {
		if err == nil {
			c.putBack(errands{missing: e.missing})
		}
		return wait, err
	}
	wait, err := c.speak(ctx, e)
	if err != nil || !c.started {
		return wait, err
	}
	if err := errors.Join(c.sendAgain(ctx), c.sendDamaged(ctx)); err != nil {
		return wait, err
	}
	return wait, c.sendNew(ctx, e.assigned)
}

// sendNew sends what lies between the cursor and the end of the window.
func (c *courier) sendNew(ctx context.Context, assigned uint64) error {
	end := min(assigned, c.reported.number+c.config.Window)
	for c.cursor < end {
		to := min(c.cursor+courierLoad, end)
		found, err := c.recent(ctx, to)
		if err == nil && len(found) == 0 {
			found, err = c.read(ctx, "d.number > $2 AND d.number <= $3", c.cursor, to)
		} else {
			to = c.cursor + uint64(len(found))
		}
		if err != nil {
			return err
		}
		if err := c.send(ctx, found); err != nil {
			return err
		}
		c.cursor = to
	}
	return nil
}

// sendAgain repeats answers. Those beyond the cursor are on their way anyway.
func (c *courier) sendAgain(ctx context.Context) error {
	for len(c.repeats) > 0 {
		found, err := c.read(ctx, "d.entry = $2 AND d.leaf = $3 AND d.number <= $4 AND d.kind IN ('receipt', 'refusal')", c.repeats[0].entry, c.repeats[0].leaf, c.cursor)
		if err != nil {
			return err
		}
		if err := c.send(ctx, found); err != nil {
			return err
		}
		c.repeats = c.repeats[1:]
	}
	return nil
}

// errHung means that a courier stood still between reading and sending.
var errHung = errors.New("this process stood still: what was read may be erased by now, and is read again")

// send sends what was read a moment ago. What a process that hung for as long as it
// takes another to lead has in hand it does not send: it may be erased by now.
func (c *courier) send(ctx context.Context, all []outgoing) error {
	if len(all) > 0 && c.config.Clock().Round(0).Sub(c.readAt).Abs() > leastSilence {
		for _, o := range all {
			o.span.End()
		}
		return errHung
	}
	out := make([]exchange.Outgoing, 0, len(all))
	for _, o := range all {
		out = append(out, exchange.Outgoing{To: c.agency, Message: o.message})
	}
	err := c.exchange.SendAll(ctx, out)
	c.sent = c.config.Clock()
	for _, o := range all {
		if err == nil {
			c.telemetry.delivered(ctx, o.kind)
		}
		o.span.End()
	}
	return err
}

// outgoing is a delivery ready to be sent.
type outgoing struct {
	kind    tlog.Kind
	message exchange.Message
	span    trace.Span
}
