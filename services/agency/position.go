package agency

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"handrail/events"
	"handrail/events/exchange"
)

// tellPosition tells the hub where this agency stands: at start, on every new
// connection, at least every 30 seconds, and when something is missing. At most
// once a second.
func (a *Agency) tellPosition(ctx context.Context) error {
	for ctx.Err() == nil {
		send, resume, again := a.link.due()
		if send {
			if err := a.sendPosition(ctx, resume); err != nil {
				a.log.LogAttrs(ctx, slog.LevelDebug, "the position waits", slog.Any("cause", err))
			}
			sleep(ctx, positionLeast)
			continue
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
		case <-a.link.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// sendPosition says inbox.position, and which numbers up to it are damaged.
func (a *Agency) sendPosition(ctx context.Context, resume bool) error {
	word, err := a.position(ctx, resume)
	if err != nil {
		return err
	}
	if err := a.sendControl(ctx, word); err != nil {
		return fmt.Errorf("sending the position: %w", err)
	}
	a.link.sent(word.Position, resume, len(word.Again) > 0)
	return nil
}

func (a *Agency) position(ctx context.Context, resume bool) (*events.InboxPosition, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.freshen(ctx); err != nil {
		return nil, err
	}
	return &events.InboxPosition{Position: a.stored, Resume: resume, Again: a.toAskAgain()}, nil
}

// sendControl signs a control message and hands it to the hub.
func (a *Agency) sendControl(ctx context.Context, p events.Payload) error {
	at, err := a.controlTime(ctx, p.Type())
	if err != nil {
		return err
	}
	e, err := a.control(ctx, p, at)
	if err != nil {
		return err
	}
	if err := a.site.Submit(ctx, exchange.Encode(e)); err != nil {
		return err
	}
	a.contact.now(a.now())
	return nil
}

// controlAhead is how far ahead the hub still heeds a control message.
const controlAhead = 5 * time.Minute

// controlTime is strictly newer than any control message of its type sent before,
// also before the last restart or before the clock was set back. But a time from a
// clock that was far ahead does not count: the hub heeded nothing of then, and
// would heed nothing until then.
func (a *Agency) controlTime(ctx context.Context, t events.Type) (time.Time, error) {
	var at, ahead time.Time
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		last, err := metaNumber(ctx, tx, controlMeta(t))
		if err != nil {
			return err
		}
		at = a.now().UTC().Truncate(time.Second)
		switch told := time.Unix(last, 0).UTC(); {
		case told.After(at.Add(controlAhead)):
			ahead = told
		case !at.After(told):
			at = told.Add(time.Second)
		}
		return setMeta(ctx, tx, controlMeta(t), strconv.FormatInt(at.Unix(), 10))
	})
	if err == nil && !ahead.IsZero() {
		a.alarms.raise(ctx, "clock-ahead", "control",
			"This machine's clock was more than five minutes ahead, at "+ahead.Format(time.RFC3339)+", and was set back. The hub did not hear where this agency stands meanwhile. "+
				"Check what was said then, and the clock; this alarm ends with the next start.", nil)
	}
	return at, err
}

// controlMeta names what the journal remembers of a type of control messages.
func controlMeta(t events.Type) string { return "control " + t.Name() }

// control signs a control message. It has no sequence and is never logged.
func (a *Agency) control(ctx context.Context, p events.Payload, at time.Time) (events.Event, error) {
	id, err := events.NewUUID(at, rand.Reader)
	if err != nil {
		return events.Event{}, err
	}
	data, err := events.Encode(p)
	if err != nil {
		return events.Event{}, fmt.Errorf("writing a control message: %w", err)
	}
	key := a.keys.Voice()
	if p.Type() == events.TypeControlPosition {
		key = a.keys.InTurn()
	}
	return key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(a.config.Hub, a.config.Agency), Type: p.Type(),
		DataContentType: events.FactsContent, DataSchema: p.Type().Schema(), Subject: string(a.config.Agency),
		Time: events.At(at), Hub: a.config.Hub.Origin(),
		CorrelationID: events.EventID(id), CausationID: events.EventID(id),
		TraceParent: exchange.TraceParent(ctx), Data: data,
	})
}
