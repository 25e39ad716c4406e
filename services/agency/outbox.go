package agency

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"handrail/events/exchange"
)

// How long the outbox waits for an answer before it sends everything
// unanswered again, from the lowest.
const (
	patienceLeast = 2 * time.Second
	patienceMost  = 30 * time.Second
)

// drain is where the outbox stands. Events are never dropped from it: sending
// again is always safe, because the ledger answers each id once.
type drain struct {
	mu       sync.Mutex
	sent     int64 // position of the last event handed to the broker
	again    int64 // up to this position events are sent although they were answered
	patience time.Duration
	wake     chan struct{}
}

func newDrain() *drain { return &drain{patience: patienceLeast, wake: make(chan struct{}, 1)} }

func (d *drain) nudge() {
	select {
	case d.wake <- struct{}{}:
	default: // it is awake already
	}
}

// restart sends again from the lowest unanswered event.
func (d *drain) restart() {
	d.mu.Lock()
	d.sent = 0
	d.mu.Unlock()
	d.nudge()
}

// rewind sends again from position, answered or not.
func (d *drain) rewind(position, last int64) {
	d.mu.Lock()
	d.sent, d.again = position-1, last
	d.mu.Unlock()
	d.nudge()
}

// answered notes that the hub is alive and judging.
func (d *drain) answered() {
	d.mu.Lock()
	d.patience = patienceLeast
	d.mu.Unlock()
	d.nudge()
}

func (d *drain) cursor() (sent, again int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sent, d.again
}

// passed notes that the event at position was handed over, unless the cursor
// was set anew meanwhile.
func (d *drain) passed(before, position int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sent == before {
		d.sent = position
	}
}

// quiet starts over from the lowest unanswered event, and has more patience
// the next time.
func (d *drain) quiet() {
	d.mu.Lock()
	d.sent, d.patience = 0, min(2*d.patience, patienceMost)
	d.mu.Unlock()
}

func (d *drain) wait() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.patience
}

// sendOutbox hands the outbox to the hub, in order, until ctx ends.
func (a *Agency) sendOutbox(ctx context.Context) error {
	for ctx.Err() == nil {
		sent, again := a.drain.cursor()
		next, err := readOutbox(ctx, a.journal.reader, a.keys,
			`WHERE position > ? AND (answered IS NULL OR position <= ? AND key = ?) ORDER BY position LIMIT 1`, sent, again, string(a.keys.Voice().ID()))
		if err == nil {
			a.alarms.over("journal-unreadable", "outbox")
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			a.alarms.raise(ctx, "journal-unreadable", "outbox", "The outbox cannot be read, so nothing is sent. Check the disk.", err)
			a.rest(ctx, patienceMost)
		case len(next) == 0:
			if timedOut := a.rest(ctx, a.drain.wait()); timedOut && sent > 0 {
				a.sendAgain(ctx)
			}
		case next[0].damage == nil && next[0].key != a.keys.Voice().ID():
			a.holdBack(ctx, sent)
		case next[0].damage != nil:
			a.alarms.raise(ctx, "outbox-damaged", strconv.FormatInt(next[0].position, 10),
				"An event that waits to be sent is damaged on disk. Nothing behind it can be sent. Restore the journal from its copy.", next[0].damage)
			a.rest(ctx, patienceMost)
		default:
			a.submit(ctx, sent, next[0])
		}
	}
	return nil
}

// rest waits for something to do, at most so long.
func (a *Agency) rest(ctx context.Context, d time.Duration) (timedOut bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-a.drain.wake:
	case <-timer.C:
		return true
	}
	return false
}

// sendAgain starts over if events that were sent are still unanswered.
func (a *Agency) sendAgain(ctx context.Context) {
	var waiting int
	err := a.journal.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE answered IS NULL)`).Scan(&waiting)
	if err != nil || waiting == 1 { // an unreadable outbox is reported when it is read for sending
		a.drain.quiet()
	}
}

func (a *Agency) submit(ctx context.Context, before int64, s said) {
	ctx, span := a.tel.tracer.Start(exchange.WithTraceParent(ctx, s.event.TraceParent), "submit",
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(messaging("send", "submit", "in."+string(a.config.Agency))...),
		trace.WithAttributes(attribute.String(eventType, string(s.event.Type))))
	defer span.End()
	err := a.site.Submit(ctx, exchange.Inject(ctx, exchange.Encode(s.event)))
	outcome := "sent"
	switch {
	case err == nil:
		a.drain.passed(before, s.position)
	case errors.Is(err, exchange.ErrQuota):
		outcome = "quota"
	case errors.Is(err, exchange.ErrAway):
		outcome = "away"
	default:
		outcome = "failed"
	}
	a.tel.submitted.Add(ctx, 1, metric.WithAttributes(attribute.String("handrail.outcome", outcome)))
	if err == nil || ctx.Err() != nil {
		return
	}
	a.log.LogAttrs(ctx, slog.LevelDebug, "an event waits in the outbox", slog.String("outcome", outcome), slog.Any("cause", err))
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// holdBack waits with what is signed with a key that is not in force: new keys were
// said, and count from the ledger's receipt on, which nothing signed with them may
// overtake.
func (a *Agency) holdBack(ctx context.Context, sent int64) {
	if timedOut := a.rest(ctx, a.drain.wait()); timedOut && sent > 0 {
		a.sendAgain(ctx)
	}
}
