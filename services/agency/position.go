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

// sendPosition says inbox.position. While a row is damaged, the position is the
// last number before it, so that the hub delivers it again.
func (a *Agency) sendPosition(ctx context.Context, resume bool) error {
	a.mu.RLock()
	position, damaged := a.stored, len(a.damaged) > 0
	for number := range a.damaged {
		position = min(position, number-1)
	}
	a.mu.RUnlock()
	at, err := a.controlTime(ctx)
	if err != nil {
		return err
	}
	e, err := a.control(ctx, &events.InboxPosition{Position: position, Resume: resume || damaged}, at)
	if err != nil {
		return err
	}
	if err := a.site.Submit(ctx, exchange.Encode(e)); err != nil {
		return fmt.Errorf("sending the position: %w", err)
	}
	a.link.sent(position, resume || damaged, damaged)
	return nil
}

// controlAhead is how far ahead the hub still heeds a control message.
const controlAhead = 5 * time.Minute

// controlTime is strictly newer than any control message sent before, also
// before the last restart or before the clock was set back. But a time from a
// clock that was far ahead does not count: the hub heeded nothing of then, and
// would heed nothing until then.
func (a *Agency) controlTime(ctx context.Context) (time.Time, error) {
	var at, ahead time.Time
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		last, err := metaNumber(ctx, tx, "control")
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
		return setMeta(ctx, tx, "control", strconv.FormatInt(at.Unix(), 10))
	})
	if err == nil && !ahead.IsZero() {
		a.alarms.raise(ctx, "clock-ahead", "control",
			"This machine's clock was more than five minutes ahead, at "+ahead.Format(time.RFC3339)+", and was set back. The hub did not hear where this agency stands meanwhile. "+
				"Check what was said then, and the clock; this alarm ends with the next start.", nil)
	}
	return at, err
}

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
	return a.keys.signing.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(a.config.Hub, a.config.Agency), Type: p.Type(),
		DataContentType: events.FactsContent, DataSchema: p.Type().Schema(), Subject: string(a.config.Agency),
		Time: events.At(at), Hub: a.config.Hub.Origin(),
		CorrelationID: events.EventID(id), CausationID: events.EventID(id),
		TraceParent: exchange.TraceParent(ctx), Data: data,
	})
}
