package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/exchange"
)

// heard is one row of the inbox: a delivery as it was received.
type heard struct {
	number  uint64
	message exchange.Message
	erased  *events.RecordHeader // set when the agency erased the record that was here
	aside   bool                 // it did not verify when it was stored: nothing that follows from it was done
}

// kept says how a delivery is stored.
type kept struct {
	record events.EventID // a sealed record's id
	at     time.Time
	repair bool // it takes the place of a damaged row of the same number
	aside  bool // it does not verify
}

// storeDelivery writes a delivery as received.
func storeDelivery(ctx context.Context, tx *sql.Tx, h heard, how kept) error {
	header, err := json.Marshal(h.message.Header, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing a delivery's headers down: %w", err)
	}
	data := h.message.Data
	if data == nil {
		data = []byte{}
	}
	if how.repair {
		if _, err := tx.ExecContext(ctx, `DELETE FROM inbox WHERE number = ?`, h.number); err != nil {
			return fmt.Errorf("dropping a damaged row: %w", err)
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO inbox (number, header, data, received, record, aside) VALUES (?, ?, ?, ?, NULLIF(?, ''), ?)`,
		h.number, string(header), data, how.at.UnixNano(), string(how.record), how.aside)
	if err != nil {
		return fmt.Errorf("storing a delivery: %w", err)
	}
	return nil
}

// readDelivery gives a delivery as it was received. The error is errDamaged
// when the row is missing or unreadable.
func readDelivery(ctx context.Context, q querier, number uint64) (heard, error) {
	h := heard{number: number}
	var header string
	var erased sql.NullString
	err := q.QueryRowContext(ctx, `SELECT header, data, erased, aside FROM inbox WHERE number = ?`, number).Scan(&header, &h.message.Data, &erased, &h.aside)
	switch {
	case ctx.Err() != nil:
		return h, ctx.Err()
	case errors.Is(err, sql.ErrNoRows):
		return h, fmt.Errorf("%w: it is missing", errDamaged)
	case err != nil:
		return h, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err := json.Unmarshal([]byte(header), &h.message.Header); err != nil {
		return h, fmt.Errorf("%w: its headers do not read", errDamaged)
	}
	if erased.Valid {
		if err := json.Unmarshal([]byte(erased.String), &h.erased); err != nil || h.erased == nil {
			return h, fmt.Errorf("%w: its erasure does not read", errDamaged)
		}
	}
	return h, nil
}

// eraseRecord destroys a sealed record and keeps its protected header, which
// holds codes and ids only, so that the row still shows what was here. What was
// delivered under the number before, or later, is another matter and stays.
func eraseRecord(ctx context.Context, tx *sql.Tx, record events.EventID, header events.RecordHeader, before uint64) (bool, error) {
	kept, err := json.Marshal(header, json.Deterministic(true))
	if err != nil {
		return false, fmt.Errorf("writing a record's header down: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE inbox SET data = x'', erased = ? WHERE record = ? AND number < ? AND erased IS NULL`,
		string(kept), string(record), before)
	if err != nil {
		return false, fmt.Errorf("erasing a record: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM kept_records WHERE record = ?`, string(record)); err != nil {
		return false, fmt.Errorf("erasing a record: %w", err)
	}
	return true, countDestroyed(ctx, tx)
}

// lastStored is the last delivery number that the journal holds.
func lastStored(ctx context.Context, q querier) (uint64, error) {
	var last uint64
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM inbox`).Scan(&last); err != nil {
		return 0, fmt.Errorf("reading the last delivery number: %w", err)
	}
	return last, nil
}
