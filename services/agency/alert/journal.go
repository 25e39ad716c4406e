package alert

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"handrail/events"
)

// Schema creates the tables of this package. It changes nothing that exists.
//
//go:embed schema.sql
var Schema string

// Journal is where alerts are kept: the agency's own store, with the tables of
// [Schema].
type Journal struct {
	Read *sql.DB

	// Update runs work in the one write transaction: all of it is durable when
	// Update returns nil, and none of it otherwise.
	Update func(ctx context.Context, work func(*sql.Tx) error) error
}

// instants are stored as nanoseconds since 1970, UTC; 0 and NULL are none.
func instant(ns sql.NullInt64) time.Time {
	if !ns.Valid || ns.Int64 == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns.Int64).UTC()
}

func stored(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// since gives the alerts whose cause stands, or was over not before an instant,
// oldest first, with their messages.
func (j Journal) since(ctx context.Context, when time.Time) ([]*Alert, error) {
	rows, err := j.Read.QueryContext(ctx, `SELECT id, cause, about, urgency, case_id, referral, alarm, raised, round, stepped, state, ended, COALESCE(staff, ''), gone
		FROM alerts WHERE gone IS NULL OR gone >= ? ORDER BY raised, id`, when.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("reading the alerts: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []*Alert
	byID := map[string]*Alert{}
	for rows.Next() {
		a := &Alert{Told: []Told{}}
		var raised, stepped, ended, gone sql.NullInt64
		err := rows.Scan(&a.ID, &a.cause, &a.About, &a.Urgency, &a.Case, &a.Referral, &a.Alarm, &raised, &a.Round, &stepped, &a.State, &ended, &a.AcknowledgedBy, &gone)
		if err != nil {
			return nil, fmt.Errorf("reading the alerts: %w", err)
		}
		a.Raised, a.stepped, a.Ended, a.gone = instant(raised), instant(stepped), instant(ended), instant(gone)
		all, byID[a.ID] = append(all, a), a
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the alerts: %w", err)
	}
	return all, j.messages(ctx, byID, when)
}

// messages adds to each alert what was said about it.
func (j Journal) messages(ctx context.Context, to map[string]*Alert, when time.Time) error {
	if len(to) == 0 {
		return nil
	}
	rows, err := j.Read.QueryContext(ctx, `SELECT id, alert, round, staff, channel, made, due, tries, sent, dropped FROM alert_sends
		WHERE alert IN (SELECT id FROM alerts WHERE gone IS NULL OR gone >= ?) ORDER BY made, rowid`, when.UnixNano())
	if err != nil {
		return fmt.Errorf("reading the messages: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	for rows.Next() {
		var t Told
		var of string
		var made, due, sent, dropped sql.NullInt64
		if err := rows.Scan(&t.id, &of, &t.Round, &t.Staff, &t.Channel, &made, &due, &t.Tries, &sent, &dropped); err != nil {
			return fmt.Errorf("reading the messages: %w", err)
		}
		t.made, t.Due, t.Sent, t.Failed = instant(made), instant(due), instant(sent), dropped.Valid
		if a := to[of]; a != nil {
			a.Told = append(a.Told, t)
		}
	}
	return rows.Err()
}

func insertAlert(ctx context.Context, tx *sql.Tx, a *Alert) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO alerts (id, cause, about, urgency, case_id, referral, alarm, raised, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.cause, string(a.About), string(a.Urgency), string(a.Case), string(a.Referral), a.Alarm, a.Raised.UnixNano(), string(a.State))
	if err != nil {
		return fmt.Errorf("storing an alert: %w", err)
	}
	return nil
}

// storeState stores how an alert stands. It never takes back an acknowledgement
// that came in between.
func storeState(ctx context.Context, tx *sql.Tx, a *Alert) error {
	_, err := tx.ExecContext(ctx, `UPDATE alerts SET round = ?, stepped = ?, gone = ?,
			state = CASE state WHEN 'acknowledged' THEN state ELSE ? END, ended = CASE state WHEN 'acknowledged' THEN ended ELSE ? END WHERE id = ?`,
		a.Round, stored(a.stepped), stored(a.gone), string(a.State), stored(a.Ended), a.ID)
	if err != nil {
		return fmt.Errorf("storing how an alert stands: %w", err)
	}
	return nil
}

func insertMessage(ctx context.Context, tx *sql.Tx, a *Alert, t Told) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO alert_sends (id, alert, round, staff, channel, made, due) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		t.id, a.ID, t.Round, string(t.Staff), string(t.Channel), t.made.UnixNano(), t.Due.UnixNano())
	if err != nil {
		return fmt.Errorf("storing a message: %w", err)
	}
	return nil
}

// acknowledge notes who acknowledged an alert. It gives false if there is none
// of the id; an alert that does not ring is left as it is.
func (j Journal) acknowledge(ctx context.Context, id string, staff events.Staff, now time.Time) (bool, error) {
	known := false
	err := j.Update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE alerts SET state = 'acknowledged', staff = ?, ended = ? WHERE id = ? AND state IN ('ringing', 'unanswered')`,
			string(staff), now.UnixNano(), id)
		if err != nil {
			return fmt.Errorf("acknowledging an alert: %w", err)
		}
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM alerts WHERE id = ?)`, id).Scan(&known)
		if err != nil {
			return fmt.Errorf("looking for an alert: %w", err)
		}
		return nil
	})
	return known, err
}

// forget deletes alerts that ended before an instant and whose cause is over.
func (j Journal) forget(ctx context.Context, before time.Time) error {
	var old bool
	if err := j.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM alerts WHERE gone < ?)`, before.UnixNano()).Scan(&old); err != nil {
		return fmt.Errorf("looking for old alerts: %w", err)
	}
	if !old {
		return nil
	}
	return j.Update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM alerts WHERE gone < ?`, before.UnixNano())
		if err != nil {
			return errors.Join(errors.New("deleting old alerts"), err)
		}
		return nil
	})
}
