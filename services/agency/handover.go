package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrSamePerson means that nobody takes a shift over from themselves.
var ErrSamePerson = errors.New("a shift is taken over by somebody else than the one who handed it over")

// Handover is one change of shifts, by codes of the staff. It is the agency's own
// matter: nothing of it leaves the journal.
type Handover struct {
	Gave   string // empty: whoever went did not say so
	GaveAt time.Time
	Took   string // empty: nobody yet
	TookAt time.Time
}

// HandOver notes that a member of staff goes and leaves the shift to the next. Whoever
// says it again before somebody took over has said it once. Error: [ErrStaffCode].
func (a *Agency) HandOver(ctx context.Context, staff string) error {
	if !isStaffCode(staff) {
		return ErrStaffCode
	}
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM handover WHERE took = '' AND gave = ?`, staff)
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO handover (gave, gave_at, took) VALUES (?, ?, '')`, staff, a.now().UnixNano())
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("noting that a shift is handed over: %w", err)
	}
	return nil
}

// TakeOver notes that a member of staff begins and takes over from everybody who has
// handed over since the last change; if nobody has, from whoever went without a word.
// Notes that were for the shift that ends now are deleted. Errors: [ErrStaffCode],
// [ErrSamePerson].
func (a *Agency) TakeOver(ctx context.Context, staff string) error {
	if !isStaffCode(staff) {
		return ErrStaffCode
	}
	var dropped int64
	err := a.journal.update(ctx, func(tx *sql.Tx) (err error) {
		if err := takeOver(ctx, tx, staff, a.now()); err != nil {
			return err
		}
		dropped, err = dropShiftNotes(ctx, tx, a.now())
		return err
	})
	if errors.Is(err, ErrSamePerson) {
		return ErrSamePerson
	}
	if err != nil {
		return fmt.Errorf("noting that a shift is taken over: %w", err)
	}
	if dropped > 0 {
		a.purge(ctx)
	}
	return nil
}

func takeOver(ctx context.Context, tx *sql.Tx, staff string, now time.Time) error {
	var own, others int
	row := tx.QueryRowContext(ctx, `SELECT COUNT(*) FILTER (WHERE gave = ?), COUNT(*) FILTER (WHERE gave <> ?) FROM handover WHERE took = ''`, staff, staff)
	if err := row.Scan(&own, &others); err != nil {
		return err
	}
	switch {
	case own > 0 && others == 0:
		return ErrSamePerson
	case others == 0:
		_, err := tx.ExecContext(ctx, `INSERT INTO handover (gave, gave_at, took, took_at) VALUES ('', ?, ?, ?)`, now.UnixNano(), staff, now.UnixNano())
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE handover SET took = ?, took_at = ? WHERE took = '' AND gave <> ?`, staff, now.UnixNano(), staff)
	return err
}

// Handovers lists the newest changes of shifts, the newest first: at most so many.
func (a *Agency) Handovers(ctx context.Context, most int) ([]Handover, error) {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT gave, gave_at, took, COALESCE(took_at, 0) FROM handover ORDER BY position DESC LIMIT ?`, most)
	if err != nil {
		return nil, fmt.Errorf("reading the changes of shifts: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []Handover{}
	for rows.Next() {
		var h Handover
		var gave, took int64
		if err := rows.Scan(&h.Gave, &gave, &h.Took, &took); err != nil {
			return nil, fmt.Errorf("reading the changes of shifts: %w", err)
		}
		h.GaveAt = instant(gave)
		if h.Took != "" {
			h.TookAt = instant(took)
		}
		list = append(list, h)
	}
	return list, rows.Err()
}
