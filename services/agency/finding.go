package agency

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// What is found against the log. It rings the duty at once, stands through every
// restart, and ends only when the agency's people reset the witness.
const (
	alarmForked     = "log-forked"
	alarmRolledBack = "log-rolled-back"
	alarmUnsigned   = "log-unsigned"
	alarmLost       = "witness-lost"
)

// loud says whether an alarm rings at once.
func loud(alarm string) bool {
	return alarm == alarmForked || alarm == alarmRolledBack || alarm == alarmUnsigned
}

// Finding is something that was found against the log, with what proves it.
type Finding struct {
	Name   string     `json:"name"`  // log-forked, log-rolled-back, log-unsigned
	Which  string     `json:"which"` // offer, or the number of a delivery
	Text   string     `json:"text"`
	Ours   string     `json:"ours,omitzero"`   // the checkpoint that this agency cosigned
	Theirs string     `json:"theirs,omitzero"` // the one that does not go with it, as it came
	At     time.Time  `json:"at"`
	Over   *time.Time `json:"over,omitzero"` // when the agency's people reset the witness
}

// maxEvidence bounds what is kept of a checkpoint as it came.
const maxEvidence = 32 << 10

// findNow stores a finding and rings. The same one again is only counted.
func (a *Agency) findNow(ctx context.Context, f Finding, cause error) error {
	f.At = a.now()
	err := a.journal.update(ctx, func(tx *sql.Tx) error { return storeFinding(ctx, tx, f) })
	a.ring(ctx, f, cause) // also when it cannot be stored
	return err
}

func storeFinding(ctx context.Context, tx *sql.Tx, f Finding) error {
	theirs := []byte(f.Theirs)
	_, err := tx.ExecContext(ctx, `INSERT INTO finding (name, which, text, ours, theirs, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		f.Name, f.Which, f.Text, []byte(f.Ours), theirs[:min(len(theirs), maxEvidence)], f.At.UnixNano())
	if err != nil {
		return fmt.Errorf("storing what was found against the log: %w", err)
	}
	return nil
}

func (a *Agency) ring(ctx context.Context, f Finding, cause error) {
	a.alarms.raise(ctx, f.Name, f.Which, f.Text, cause)
	a.ringer.Nudge()
}

// ringFindings raises what was found before the last restart.
func (a *Agency) ringFindings(ctx context.Context) error {
	all, err := findings(ctx, a.journal.reader)
	for _, f := range all {
		if f.Over == nil {
			a.ring(ctx, f, nil)
		}
	}
	return err
}

// findings lists all that was ever found, oldest first.
func findings(ctx context.Context, q querier) ([]Finding, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, which, text, ours, theirs, at, over FROM finding ORDER BY position`)
	if err != nil {
		return nil, fmt.Errorf("reading what was found against the log: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	all := []Finding{}
	for rows.Next() {
		var f Finding
		var ours, theirs []byte
		var at int64
		var over sql.NullInt64
		if err := rows.Scan(&f.Name, &f.Which, &f.Text, &ours, &theirs, &at, &over); err != nil {
			return nil, fmt.Errorf("reading what was found against the log: %w", err)
		}
		f.Ours, f.Theirs, f.At = string(ours), string(theirs), instant(at)
		if over.Valid {
			ended := instant(over.Int64)
			f.Over = &ended
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// endFindings ends all that was found, in a reset's transaction.
func endFindings(ctx context.Context, tx *sql.Tx, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE finding SET over = ? WHERE over IS NULL`, now.UnixNano()); err != nil {
		return fmt.Errorf("ending what was found against the log: %w", err)
	}
	return nil
}
