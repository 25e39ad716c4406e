package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/exchange"
)

// control passes a control message on. What is not for an agency to say, cannot
// be read or is not signed by it is acknowledged and forgotten: control messages
// are not logged.
func (l *lead) control(ctx context.Context, s *submission) {
	s.span.End()
	c := l.couriers[s.from]
	if s.unauthenticated == nil && s.fault == nil && s.event.Type == events.TypeControlPosition && s.event.Subject == string(s.from) && c != nil {
		c.ask(func(e *errands) {
			if old := e.position; old != nil {
				if !old.event.Time.Time().Before(s.event.Time.Time()) {
					old, s = s, old
				}
				l.done(ctx, old)
			}
			e.position = s
		})
		return
	}
	l.log.LogAttrs(ctx, slog.LevelWarn, "a control message was ignored", slog.String("agency", string(s.from)))
	l.done(ctx, s)
}

// done acknowledges. A failure only means that the message may come again.
func (l *lead) done(ctx context.Context, s *submission) {
	if err := s.ack(); err != nil {
		l.log.DebugContext(ctx, "a submission was not acknowledged and may come again")
	}
}

// hear takes an agency's word on what it has stored: only a newer one than the
// last, and none from the future, which would silence the agency's later ones.
func (c *courier) hear(ctx context.Context, s *submission, assigned uint64) error {
	word, ok := s.payload.(*events.InboxPosition)
	at := s.event.Time
	switch {
	case !ok || !at.Time().After(c.reported.at.Time()):
		c.done(ctx, s)
		return nil
	case at.Time().Sub(c.now()) > maxAhead:
		c.status.clockAhead(c.agency)
		c.log.LogAttrs(ctx, slog.LevelWarn, "a control message was ignored: the agency's clock is more than 5 minutes ahead", slog.String("agency", string(c.agency)))
		c.done(ctx, s)
		return nil
	case word.Position > assigned:
		c.alarm(ctx, "an agency holds more than the ledger assigned to it: was the ledger restored from a backup?", errors.New("position beyond the assigned number"))
		c.done(ctx, s)
		return nil
	}
	if _, err := c.pool.Exec(ctx, `INSERT INTO position (agency, number, at) VALUES ($1, $2, $3)
		ON CONFLICT (agency) DO UPDATE SET number = excluded.number, at = excluded.at`, string(c.agency), word.Position, at.Time()); err != nil {
		return fmt.Errorf("storing a position: %w", err)
	}
	stuck := c.started && !word.Resume && word.Position < c.cursor && word.Position == c.reported.number && c.config.Clock().Sub(c.sent) > firstPause
	c.reported = report{word.Position, at}
	if !c.started || word.Resume || c.cursor < word.Position {
		c.cursor = word.Position
	}
	c.started = true
	if stuck { // it may not know that something was sent: tell, and it asks to resume
		c.announce = true
	}
	c.done(ctx, s)
	return nil
}

// speak sends the control messages that are due: the head, and a request for
// missing events. Each type at most once a second, because only a newer one
// counts. It says after how long it has more to say; 0: not before it is woken.
func (c *courier) speak(ctx context.Context, e errands) (time.Duration, error) {
	wait, err := c.call(ctx, e.assigned)
	if err != nil || e.missing == nil {
		return wait, err
	}
	after, err := c.say(ctx, e.missing)
	if err != nil {
		return 0, err
	}
	if after > 0 {
		c.putBack(errands{missing: e.missing})
		wait = sooner(wait, after)
	}
	return wait, nil
}

// call announces the head when that is wanted, and again, three times with
// growing pauses, to an agency that says nothing: the first may be no newer than
// what this hub said before it was restarted. Then the agency's own half-minute
// reports must do; an agency that is away would only find a heap of calls.
func (c *courier) call(ctx context.Context, head uint64) (time.Duration, error) {
	now := c.config.Clock()
	if c.announce {
		c.called, c.pause = now, 0
	}
	if c.started && !c.announce || now.Before(c.called.Add(c.pause)) || c.pause > lastPause {
		if c.started || c.pause > lastPause {
			return 0, nil
		}
		return c.called.Add(c.pause).Sub(now), nil
	}
	after, err := c.say(ctx, &events.HeadAnnounced{Delivered: head})
	if err != nil || after > 0 {
		return after, err
	}
	c.announce, c.called, c.pause = false, now, max(2*c.pause, firstPause)
	if c.started {
		return 0, nil
	}
	return c.pause, nil
}

// sooner is the shorter of two waits, of which 0 means none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// say signs and sends a control message, or says how long to wait until it would
// be newer than the last one of its type.
func (c *courier) say(ctx context.Context, p events.Payload) (time.Duration, error) {
	now := c.config.Clock()
	at := events.At(now)
	if last := c.said[p.Type()]; !at.Time().After(last.Time()) {
		return last.Time().Add(time.Second).Sub(now), nil
	}
	e, err := c.controlEvent(ctx, p, now)
	if err != nil {
		return 0, fmt.Errorf("making a control message: %w", err)
	}
	if err := c.exchange.Send(ctx, c.agency, exchange.Encode(e)); err != nil {
		return 0, err
	}
	c.said[p.Type()] = at
	return 0, nil
}

func (c *courier) controlEvent(ctx context.Context, p events.Payload, now time.Time) (events.Event, error) {
	data, err := events.Encode(p)
	if err != nil {
		return events.Event{}, err
	}
	id, err := events.NewUUID(now, c.random)
	if err != nil {
		return events.Event{}, err
	}
	return c.key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(c.hub, events.HubAgency), Type: p.Type(),
		DataContentType: events.FactsContent, DataSchema: p.Type().Schema(), Subject: string(c.agency), Time: events.At(now),
		Hub: c.hub.Origin(), CorrelationID: events.EventID(id), CausationID: events.EventID(id), TraceParent: exchange.TraceParent(ctx), Data: data,
	})
}

func scanPositions(found pgx.Rows) (map[events.AgencyID]report, error) {
	out := map[events.AgencyID]report{}
	var agency string
	var number uint64
	var at time.Time
	if _, err := pgx.ForEachRow(found, []any{&agency, &number, &at}, func() error {
		out[events.AgencyID(agency)] = report{number, events.At(at)}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("loading positions: %w", err)
	}
	return out, nil
}
