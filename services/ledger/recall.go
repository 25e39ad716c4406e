package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
)

// recall destroys records on their way: those that were released to a provider
// whose part has ended, or that no consent covers any more, and that it has not
// said it stored. Its deliveries of them become tombstones. What it has stored
// it answers for itself; once it has answered that it erased them, the hub's own
// copies are destroyed too, so that none is ever delivered again.
func (b *batch) recall(st *step, c *touched, cause events.Event) error {
	gone := answersErased(cause)
	for _, p := range c.state.Recallable(b.now) {
		record, err := heldRecord(c.state, p)
		if err != nil {
			return err
		}
		switch away, err := b.unstored(record); {
		case err != nil:
			b.lost = err
			return err
		case !away && (!gone || record.Referral != cause.CorrelationID || record.To != cause.Agency()):
			continue
		}
		if err := b.consequence(st, c, cause, mou.Saying{Payload: p, Referral: record.Referral}); err != nil {
			return fmt.Errorf("recalling a record: %w", err)
		}
	}
	return nil
}

// answersErased says whether an admitted event is a provider's answer that it
// destroyed what it held of a referral.
func answersErased(e events.Event) bool {
	if e.Type != events.TypeErasureConfirmed {
		return false
	}
	p, err := events.Decode(e.Type, e.Data)
	said, ok := p.(*events.ErasureConfirmed)
	return err == nil && ok && said.Answer == events.Erased
}

// unstored says whether the recipient of a released record has not yet said that
// it stored it: its delivery has a higher number than the agency's last word.
func (b *batch) unstored(r mou.SealedRecord) (bool, error) {
	for i, recipient := range b.rows.recipients {
		if recipient == string(r.To) && b.rows.deliveryEntries[i] == r.Number {
			return true, nil // assigned in this very transaction
		}
	}
	var away bool
	err := b.lead.conn.QueryRow(b.ctx, `SELECT d.number > coalesce((SELECT p.number FROM position p WHERE p.agency = d.recipient), 0)
		FROM delivery d WHERE d.recipient = $1 AND d.entry = $2 AND d.kind = 'event'`, string(r.To), r.Number).Scan(&away)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking what an agency has stored: %w", err)
	}
	return away, nil
}

// destroyed is a sealed record of which no copy may stay with the broker.
type destroyed struct {
	entry  uint64
	record events.EventID
}

// erase destroys the copies that the broker holds for the agency, and goes back
// to the first of them, so that a tombstone is sent in its place.
func (c *courier) erase(ctx context.Context, all []destroyed) error {
	if len(all) == 0 {
		return nil
	}
	err := c.exchange.Erase(ctx, c.agency, func(m exchange.Message) bool {
		e, err := exchange.Decode(m)
		return err == nil && e.Type.Sealed() && slices.ContainsFunc(all, func(d destroyed) bool { return d.record == e.ID })
	})
	if err != nil {
		return err
	}
	entries := make([]uint64, len(all))
	for i, d := range all {
		entries[i] = d.entry
	}
	var first uint64
	if err := c.pool.QueryRow(ctx, "SELECT coalesce(min(number), 0) FROM delivery WHERE recipient = $1 AND entry = ANY($2::bigint[]) AND number > $3 AND kind = 'event'",
		string(c.agency), entries, c.reported.number).Scan(&first); err != nil {
		return fmt.Errorf("finding the number of an erased record: %w", err)
	}
	if first > 0 {
		c.cursor = min(c.cursor, first-1)
	}
	return nil
}

// eraseLate destroys copies that the last lead may not have come to destroy: of
// everything erased that its recipient has not stored.
func (l *lead) eraseLate(ctx context.Context) error {
	found, err := l.pool.Query(ctx, `SELECT d.recipient, x.number, x.record::text FROM erasure x
		JOIN delivery d ON d.entry = x.number AND d.kind = 'event' LEFT JOIN position p ON p.agency = d.recipient
		WHERE d.number > coalesce(p.number, 0)`)
	if err != nil {
		return fmt.Errorf("looking for erased records on their way: %w", err)
	}
	var agency, record string
	var entry uint64
	if _, err := pgx.ForEachRow(found, []any{&agency, &entry, &record}, func() error {
		if c := l.couriers.of(events.AgencyID(agency)); c != nil {
			c.eraseCopy(destroyed{entry, events.EventID(record)})
		}
		return nil
	}); err != nil {
		return fmt.Errorf("looking for erased records on their way: %w", err)
	}
	return nil
}
