package agency

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

func storeContact(ctx context.Context, tx *sql.Tx, c Contact) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO contacts (id, topic, note, stored, expires) VALUES (?, ?, ?, ?, ?)`,
		c.ID, string(c.Topic), c.Note, c.At.UnixNano(), c.Deleted.UnixNano())
	if err != nil {
		return fmt.Errorf("storing a contact: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO contact_counts (month, topic, calls) VALUES (?, ?, 1)
		ON CONFLICT (month, topic) DO UPDATE SET calls = calls + 1`, c.At.UTC().Format("2006-01"), string(c.Topic))
	if err != nil {
		return fmt.Errorf("counting a contact: %w", err)
	}
	return nil
}

// readContacts lists the calls that are still kept, the newest first.
func readContacts(ctx context.Context, q querier, now time.Time) ([]Contact, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, topic, note, stored, expires FROM contacts WHERE expires > ? ORDER BY stored DESC, id DESC`, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("reading the contacts: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []Contact{}
	for rows.Next() {
		var c Contact
		var topic string
		var stored, expires int64
		if err := rows.Scan(&c.ID, &topic, &c.Note, &stored, &expires); err != nil {
			return nil, fmt.Errorf("reading the contacts: %w", err)
		}
		c.Topic, c.At, c.Deleted = Topic(topic), instant(stored), instant(expires)
		list = append(list, c)
	}
	return list, rows.Err()
}

// countContacts gives how often each topic came up, month by month, the newest first.
func countContacts(ctx context.Context, q querier) ([]ContactCount, error) {
	rows, err := q.QueryContext(ctx, `SELECT month, topic, calls FROM contact_counts ORDER BY month DESC, topic`)
	if err != nil {
		return nil, fmt.Errorf("counting the contacts: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []ContactCount{}
	for rows.Next() {
		var c ContactCount
		var topic string
		if err := rows.Scan(&c.Month, &topic, &c.Calls); err != nil {
			return nil, fmt.Errorf("counting the contacts: %w", err)
		}
		c.Topic = Topic(topic)
		list = append(list, c)
	}
	return list, rows.Err()
}

// dropContacts deletes the calls that were kept long enough.
func dropContacts(ctx context.Context, tx *sql.Tx, now time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM contacts WHERE expires <= ?`, now.UnixNano())
	if err != nil {
		return 0, fmt.Errorf("deleting contacts: %w", err)
	}
	dropped, err := result.RowsAffected()
	if err != nil || dropped == 0 {
		return dropped, err
	}
	return dropped, countDestroyed(ctx, tx)
}
