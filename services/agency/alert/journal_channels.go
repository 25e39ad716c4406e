package alert

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"handrail/events"
)

// destination is one person by one channel.
type destination struct {
	staff   events.Staff
	channel Channel
}

// String is how alarms and the log name it.
func (d destination) String() string { return string(d.staff) + "/" + string(d.channel) }

// channelRecord is how a destination did last.
type channelRecord struct {
	destination
	sent     time.Time
	failures int // since then
}

func (j Journal) channels(ctx context.Context) ([]channelRecord, error) {
	rows, err := j.Read.QueryContext(ctx, `SELECT staff, channel, sent, failures FROM alert_channels ORDER BY staff, channel`)
	if err != nil {
		return nil, fmt.Errorf("reading how the channels did: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []channelRecord
	for rows.Next() {
		var c channelRecord
		var sent sql.NullInt64
		if err := rows.Scan(&c.staff, &c.channel, &sent, &c.failures); err != nil {
			return nil, fmt.Errorf("reading how the channels did: %w", err)
		}
		c.sent = instant(sent)
		all = append(all, c)
	}
	return all, rows.Err()
}

// settle marks messages as taken, or as failed once more: then they are tried
// again after a pause, and at last given up.
func (j Journal) settle(ctx context.Context, to destination, batch []Told, taken bool, now time.Time) error {
	return j.Update(ctx, func(tx *sql.Tx) error {
		for _, t := range batch {
			if err := settleOne(ctx, tx, t, taken, now); err != nil {
				return fmt.Errorf("noting what became of a message: %w", err)
			}
		}
		var sent any
		failures := 1
		if taken {
			sent, failures = now.UnixNano(), 0
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO alert_channels (staff, channel, sent, failures) VALUES (?, ?, ?, ?)
			ON CONFLICT (staff, channel) DO UPDATE SET sent = COALESCE(excluded.sent, sent), failures = CASE excluded.failures WHEN 0 THEN 0 ELSE failures + 1 END`,
			string(to.staff), string(to.channel), sent, failures)
		if err != nil {
			return fmt.Errorf("noting how a channel did: %w", err)
		}
		return nil
	})
}

func settleOne(ctx context.Context, tx *sql.Tx, t Told, taken bool, now time.Time) error {
	var err error
	switch failures := t.Tries + 1; {
	case taken:
		_, err = tx.ExecContext(ctx, `UPDATE alert_sends SET sent = ? WHERE id = ?`, now.UnixNano(), t.id)
	case failures >= maxTries:
		_, err = tx.ExecContext(ctx, `UPDATE alert_sends SET tries = ?, dropped = ? WHERE id = ?`, failures, now.UnixNano(), t.id)
	default:
		_, err = tx.ExecContext(ctx, `UPDATE alert_sends SET tries = ?, due = ? WHERE id = ?`, failures, now.Add(pause(failures)).UnixNano(), t.id)
	}
	return err
}
