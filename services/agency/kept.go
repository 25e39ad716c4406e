package agency

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"handrail/events"
	"handrail/events/seal"
)

// What an agency was sent and still keeps outlives the key that it was sealed to:
// before such a key is destroyed, each record is sealed anew under a key of its
// own, which only the agency's sealing key in force opens. Erasing the record
// deletes that key with it.

var errRowsDamaged = errors.New("some stored deliveries are damaged and may hold records for the key: it is kept until they are repaired")

// keptText finds what was sealed anew before its key was destroyed.
func (a *Agency) keptText(ctx context.Context, record events.EventID) (lockedText, error) {
	gone := events.Refuse(RuleKeyGone, "", "the key that this was sealed to is not here any more: ask its sender to seal it anew")
	var id string
	var kept lockedText
	row := a.journal.reader.QueryRowContext(ctx, `SELECT key, jwe, commitment FROM kept_records WHERE record = ?`, string(record))
	err := row.Scan(&id, &kept.jwe, &kept.commitment)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return kept, gone
	case err != nil:
		return kept, fmt.Errorf("finding a kept record: %w", err)
	}
	held := false
	if kept.key, held = a.keys.Opener(events.KeyID(id)); !held {
		return kept, gone
	}
	return kept, nil
}

// rewrap seals to the key in force whatever only an earlier sealing key opens.
func (a *Agency) rewrap(ctx context.Context, earlier events.KeyID) error {
	records, err := a.recordsFor(ctx)
	if err != nil {
		return err
	}
	for _, record := range records {
		if err := a.rewrapOne(ctx, record, earlier); err != nil {
			return err
		}
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.damaged) > 0 {
		return errRowsDamaged
	}
	return nil
}

// recordsFor lists the records that this agency holds.
func (a *Agency) recordsFor(ctx context.Context) ([]events.EventID, error) {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT record FROM inbox WHERE record IS NOT NULL AND erased IS NULL AND aside = 0 ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("listing the records that are kept: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []events.EventID
	for rows.Next() {
		var record string
		if err := rows.Scan(&record); err != nil {
			return nil, fmt.Errorf("listing the records that are kept: %w", err)
		}
		all = append(all, events.EventID(record))
	}
	return all, rows.Err()
}

// rewrapOne seals one record anew if the earlier key opens what is kept of it.
// Nobody reads it. One that is not what its sender committed to opens with no key
// and is left as it is.
func (a *Agency) rewrapOne(ctx context.Context, record events.EventID, earlier events.KeyID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	locked, err := a.lockedText(ctx, record)
	var v *events.Violation
	switch {
	case errors.As(err, &v), errors.Is(err, errDamaged):
		return nil // erased meanwhile, or of a key that is gone; damage is alarmed
	case err != nil:
		return err
	case locked.key.ID() != earlier:
		return nil
	}
	text, err := locked.key.Open(locked.jwe, locked.commitment)
	if errors.Is(err, seal.ErrDisputed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sealing a kept record anew: %w", err)
	}
	header, err := seal.ParseRecord(locked.jwe)
	if err != nil {
		return fmt.Errorf("sealing a kept record anew: %w", err)
	}
	own := a.keys.Sealer()
	header.KeyID = own.ID()
	jwe, commitment, err := seal.Seal(own.Public(), header, text, rand.Reader)
	if err != nil {
		return fmt.Errorf("sealing a kept record anew: %w", err)
	}
	return a.journal.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO kept_records (record, key, jwe, commitment) VALUES (?, ?, ?, ?)
			ON CONFLICT (record) DO UPDATE SET key = excluded.key, jwe = excluded.jwe, commitment = excluded.commitment`,
			string(record), string(header.KeyID), jwe, commitment)
		if err != nil {
			return fmt.Errorf("keeping a record that was sealed anew: %w", err)
		}
		return nil
	})
}
