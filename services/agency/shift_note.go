package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"handrail/contracts/mou"
	"handrail/events"
)

// ErrShiftNote means that a note is longer than [MostShiftNote] or no text.
var ErrShiftNote = errors.New("a note for the next shift has at most 500 characters")

const (
	// MostShiftNote is how long a note for the next shift may be, in characters.
	MostShiftNote = 500

	// A note is for the shift that begins with the next change and the one after it, so
	// it goes with the third change (own choice, issue 6); shiftNoteLife ends it where
	// nobody says that they take over: the rest of a shift and two of a day each.
	shiftNoteChanges = 3
	shiftNoteLife    = 72 * time.Hour
)

// ShiftNote is what a shift leaves to the next two about a case, in plain words. It
// stays in the journal's file, which only its owner can read, and is never sent.
type ShiftNote struct {
	Case    events.CaseID
	Text    string
	Author  string // a code of the staff
	Stored  time.Time
	Expires time.Time // at the latest
}

// NoteShift replaces the note about a case, durably; an empty text deletes it, and what
// is left of it in the journal's files. Errors: [ErrShiftNote], [ErrStaffCode];
// *events.Violation if the case is not known here.
func (a *Agency) NoteShift(ctx context.Context, id events.CaseID, staff, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case !isStaffCode(staff):
		return ErrStaffCode
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > MostShiftNote:
		return ErrShiftNote
	case !a.knows(id):
		return events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	var dropped int64
	err := a.journal.update(ctx, func(tx *sql.Tx) (err error) {
		if dropped, err = deleteShiftNotes(ctx, tx, `case_id = ?`, string(id)); err != nil || text == "" {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO shift_note (case_id, note, author, stored) VALUES (?, ?, ?, ?)`, string(id), text, staff, a.now().UnixNano())
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping a note for the next shift: %w", err)
	}
	if dropped > 0 {
		a.purge(ctx)
	}
	return nil
}

// ShiftNotes gives the notes that still stand, by case.
func (a *Agency) ShiftNotes(ctx context.Context) (map[events.CaseID]ShiftNote, error) {
	now := a.now()
	ended, err := shiftsEnded(ctx, a.journal.reader, now)
	if err != nil {
		return nil, err
	}
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT case_id, note, author, stored FROM shift_note WHERE stored > ?`, ended.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("reading the notes for the next shift: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var list []ShiftNote
	for rows.Next() {
		var n ShiftNote
		var stored int64
		if err := rows.Scan(&n.Case, &n.Text, &n.Author, &stored); err != nil {
			return nil, fmt.Errorf("reading the notes for the next shift: %w", err)
		}
		n.Stored = instant(stored)
		n.Expires = n.Stored.Add(shiftNoteLife)
		list = append(list, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil { // closed before anything is locked
		return nil, fmt.Errorf("reading the notes for the next shift: %w", err)
	}
	notes := map[events.CaseID]ShiftNote{}
	for _, n := range list {
		if !a.closed(n.Case) {
			notes[n.Case] = n
		}
	}
	return notes, nil
}

// closed says whether a case is closed, or not known here.
func (a *Agency) closed(id events.CaseID) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	return f == nil || f.tentative.Status() == mou.StatusClosed
}

// shiftsEnded is when the notes were written that no shift needs any more: not after
// the third change of shifts from now, or so long ago that nobody counts.
func shiftsEnded(ctx context.Context, q querier, now time.Time) (time.Time, error) {
	ended := now.Add(-shiftNoteLife)
	var changed int64
	row := q.QueryRowContext(ctx, `SELECT took_at FROM (SELECT DISTINCT took_at FROM handover WHERE took_at IS NOT NULL) ORDER BY took_at DESC LIMIT 1 OFFSET ?`, shiftNoteChanges-1)
	switch err := row.Scan(&changed); {
	case errors.Is(err, sql.ErrNoRows):
		return ended, nil
	case err != nil:
		return ended, fmt.Errorf("reading when the shifts changed: %w", err)
	}
	if at := instant(changed); at.After(ended) {
		ended = at
	}
	return ended, nil
}

// dropShiftNotes deletes the notes that no shift needs any more.
func dropShiftNotes(ctx context.Context, tx *sql.Tx, now time.Time) (int64, error) {
	ended, err := shiftsEnded(ctx, tx, now)
	if err != nil {
		return 0, err
	}
	return deleteShiftNotes(ctx, tx, `stored <= ?`, ended.UnixNano())
}

// dropClosedNotes deletes the notes about cases that were closed since.
func (a *Agency) dropClosedNotes(ctx context.Context) error {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT case_id FROM shift_note`)
	if err != nil {
		return fmt.Errorf("reading the notes for the next shift: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var over []events.CaseID
	for rows.Next() {
		var id events.CaseID
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("reading the notes for the next shift: %w", err)
		}
		over = append(over, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil { // closed before anything is locked
		return fmt.Errorf("reading the notes for the next shift: %w", err)
	}
	if over = slices.DeleteFunc(over, func(id events.CaseID) bool { return !a.closed(id) }); len(over) == 0 {
		return nil
	}
	return a.journal.update(ctx, func(tx *sql.Tx) error {
		for _, id := range over {
			if _, err := deleteShiftNotes(ctx, tx, `case_id = ?`, string(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

func deleteShiftNotes(ctx context.Context, tx *sql.Tx, where string, arg any) (int64, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM shift_note WHERE `+where, arg) //nolint:gosec // the condition is one of this package's
	if err != nil {
		return 0, fmt.Errorf("deleting notes for the next shift: %w", err)
	}
	dropped, err := result.RowsAffected()
	if err != nil || dropped == 0 {
		return dropped, err
	}
	return dropped, countDestroyed(ctx, tx)
}
