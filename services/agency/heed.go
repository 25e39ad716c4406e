package agency

import (
	"context"
	"fmt"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// heed takes a control message of the hub. One that is not the hub's, or not
// newer than the last of its type, has no effect.
func (a *Agency) heed(ctx context.Context, m exchange.Message) error {
	e, err := exchange.Decode(m)
	if err == nil && (e.Agency() != events.HubAgency || !e.Type.IsControl() || e.Hub != a.config.Hub.Origin() || e.Subject != string(a.config.Agency)) {
		err = events.Refuse(events.RuleSourceMismatch, "attribute source", "only the hub sends control messages, to the agency that they are about")
	}
	if err == nil {
		err = seal.Verify(e, a.config.Pins.HubKey)
	}
	var payload events.Payload
	if err == nil {
		payload, err = events.Decode(e.Type, e.Data)
	}
	if err != nil {
		a.alarms.raise(ctx, "control-damaged", "hub", "A control message is not the hub's. It was ignored. If this lasts, call the hub's operator.", err)
		return nil
	}
	a.alarms.over("control-damaged", "hub")
	a.contact.now(a.now())
	if !a.newer(e) {
		return nil
	}
	switch p := payload.(type) {
	case *events.HeadAnnounced:
		a.mu.Lock()
		a.assigned = max(a.assigned, p.Delivered)
		a.mu.Unlock()
		a.link.announced(p.Delivered)
	case *events.CheckpointOffered:
		a.slot.put(offered{at: e.Time.Time(), facts: p})
	case *events.ResendFrom:
		return a.resendFrom(ctx, p)
	}
	return nil
}

// newer says whether a control message is newer than the last of its type. A
// time far ahead of this machine's clock is not remembered, or a hub whose clock
// was once wrong would not be heard until then; what it says does no harm twice.
func (a *Agency) newer(e events.Event) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.controls[e.Type]; ok && !e.Time.Time().After(last) {
		return false
	}
	if !e.Time.Time().After(a.now().Add(controlAhead)) {
		a.controls[e.Type] = e.Time.Time()
	}
	return true
}

// resendFrom sends from the sequence that the hub expects, answered or not. If that
// is beyond all that this journal knows, what is said next counts from there.
func (a *Agency) resendFrom(ctx context.Context, p *events.ResendFrom) error {
	if _, held := a.keys.Signer(p.Key); !held {
		return nil
	}
	last, err := lastSequence(ctx, a.journal.reader, p.Key)
	if err != nil {
		return err
	}
	if began, err := a.beginWith(ctx, p.Key); err != nil {
		return err
	} else if p.Sequence > last+1 {
		return a.goOnFrom(ctx, p)
	} else if began {
		return nil
	}
	if p.Key != a.keys.Voice().ID() {
		return nil // an old key's outbox has drained, and a new one's waits
	}
	var most, position int64
	row := a.journal.reader.QueryRowContext(ctx,
		`SELECT COALESCE(MAX(position), 0), COALESCE(MIN(position) FILTER (WHERE sequence >= ?), 0) FROM outbox WHERE key = ?`, p.Sequence, string(p.Key))
	if err := row.Scan(&most, &position); err != nil {
		return fmt.Errorf("looking for what the hub lacks: %w", err)
	}
	if position > 0 {
		a.drain.rewind(position, most)
	}
	return nil
}
