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
// be read, is not signed with its key of now or is of one that is away is acknowledged and forgotten: control messages
// are not logged.
func (l *lead) control(ctx context.Context, s *submission) {
	s.span.End()
	c, who := l.couriers.of(s.from), l.roster.now()
	_, now := who.signer(s.from, s.key)
	heard := now && !who.away(s.from) && s.unauthenticated == nil && s.fault == nil && s.event.Subject == string(s.from) && c != nil
	switch {
	case heard && s.event.Type == events.TypeControlPosition:
		c.ask(func(e *errands) { e.position = l.newest(ctx, e.position, s) })
	case heard && s.event.Type == events.TypeControlCosigned && who.witnesses(s.from):
		c.ask(func(e *errands) { e.cosigned = l.newest(ctx, e.cosigned, s) })
	default:
		l.log.LogAttrs(ctx, slog.LevelWarn, "a control message was ignored", slog.String("agency", string(s.from)))
		l.done(ctx, s)
	}
}

// newest keeps the newer of two control messages of a type and forgets the other.
func (l *lead) newest(ctx context.Context, old, s *submission) *submission {
	if old == nil {
		return s
	}
	if !old.event.Time.Time().Before(s.event.Time.Time()) {
		old, s = s, old
	}
	l.done(ctx, old)
	return s
}

// done acknowledges. A failure only means that the message may come again.
func (l *lead) done(ctx context.Context, s *submission) {
	if err := s.ack(); err != nil {
		l.log.DebugContext(ctx, "a submission was not acknowledged and may come again")
	}
}

// clockAhead forgets a message from the future, and lets the doctor name its sender.
func (c *courier) clockAhead(ctx context.Context, s *submission) {
	c.status.clockAhead(c.agency)
	c.log.LogAttrs(ctx, slog.LevelWarn, "a control message was ignored: the agency's clock is more than 5 minutes ahead", slog.String("agency", string(c.agency)))
	c.done(ctx, s)
}

// hear takes an agency's word on what it has stored: only a newer one than the
// last, and none from the future, which would silence the agency's later ones.
func (c *courier) hear(ctx context.Context, s *submission, assigned uint64) error {
	word, ok := s.payload.(*events.InboxPosition)
	at := s.event.Time
	c.witness.spoke = true
	switch {
	case !ok || !at.Time().After(c.reported.at.Time()):
		c.done(ctx, s)
		return nil
	case at.Time().Sub(c.now()) > maxAhead:
		c.clockAhead(ctx, s)
		return nil
	case word.Position > assigned:
		c.alarm(ctx, "an agency holds more than the ledger assigned to it: was the ledger restored from a backup?", errors.New("position beyond the assigned number"))
		c.done(ctx, s)
		return nil
	}
	if word.Position == 0 || word.Position < c.reported.number {
		if err := c.lostJournal(ctx, s.key, assigned); err != nil {
			return err
		}
	}
	if _, err := c.pool.Exec(ctx, `INSERT INTO position (agency, number, at) VALUES ($1, $2, $3)
		ON CONFLICT (agency) DO UPDATE SET number = excluded.number, at = excluded.at`, string(c.agency), word.Position, at.Time()); err != nil {
		return fmt.Errorf("storing a position: %w", err)
	}
	stuck := c.started && !word.Resume && word.Position < c.cursor && word.Position == c.reported.number && c.config.Clock().Sub(c.sent) > firstPause
	c.reported, c.damaged = report{word.Position, at}, word.Again
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

// sendDamaged delivers again what the agency stored and could not verify. What is
// beyond the cursor is on its way anyway.
func (c *courier) sendDamaged(ctx context.Context) error {
	if len(c.damaged) == 0 {
		return nil
	}
	found, err := c.read(ctx, "d.number = ANY($2::bigint[]) AND d.number <= $3", c.damaged, c.cursor)
	if err != nil {
		return err
	}
	if err := c.send(ctx, found); err != nil {
		return err
	}
	c.damaged = nil
	return nil
}

// say signs and sends a control message, or says how long to wait until it would
// be newer than the last one of its type.
func (c *courier) say(ctx context.Context, p events.Payload) (time.Duration, error) {
	now := c.config.Clock()
	sent, err := c.sayAt(ctx, p, now)
	if err != nil || sent {
		return 0, err
	}
	return c.said[p.Type()].Time().Add(time.Second).Sub(now), nil
}

// sayAt says it as of an instant, unless one as new of its type was sent.
func (c *courier) sayAt(ctx context.Context, p events.Payload, now time.Time) (sent bool, err error) {
	at := events.At(now)
	if !at.Time().After(c.said[p.Type()].Time()) {
		return false, nil
	}
	e, err := c.controlEvent(ctx, p, now)
	if err != nil {
		return false, fmt.Errorf("making a control message: %w", err)
	}
	if err := c.exchange.Send(ctx, c.agency, exchange.Encode(e)); err != nil {
		return false, err
	}
	c.said[p.Type()] = at
	return true, nil
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
