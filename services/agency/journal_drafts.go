package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

func storeDraft(ctx context.Context, tx *sql.Tx, id events.CaseID, section events.Section, value jsontext.Value, now time.Time, life time.Duration) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO drafts (case_id, section, value, stored, expires) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (case_id, section) DO UPDATE SET value = excluded.value, stored = excluded.stored, expires = excluded.expires`,
		string(id), string(section), string(value), now.UnixNano(), now.Add(life).UnixNano())
	if err != nil {
		return fmt.Errorf("holding a section back: %w", err)
	}
	return nil
}

// readDraft gives a section that is held back.
func readDraft(ctx context.Context, q querier, id events.CaseID, section events.Section, now time.Time) (jsontext.Value, error) {
	var value string
	err := q.QueryRowContext(ctx, `SELECT value FROM drafts WHERE case_id = ? AND section = ? AND expires > ?`,
		string(id), string(section), now.UnixNano()).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, events.Refuse(RuleSectionMissing, "/sections/"+string(section), "nothing is held back under this section, or it has expired")
	}
	if err != nil {
		return nil, fmt.Errorf("reading a section that is held back: %w", err)
	}
	return jsontext.Value(value), nil
}

// draftSections lists which sections are held back for a case.
func draftSections(ctx context.Context, q querier, id events.CaseID, now time.Time) ([]events.Section, error) {
	rows, err := q.QueryContext(ctx, `SELECT section FROM drafts WHERE case_id = ? AND expires > ? ORDER BY section`, string(id), now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("listing what is held back: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var sections []events.Section
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("listing what is held back: %w", err)
		}
		sections = append(sections, events.Section(s))
	}
	return sections, rows.Err()
}

// dropExpired deletes what was held back or kept too long. The files are to be
// purged afterwards.
func (j *journal) dropExpired(ctx context.Context, now time.Time) (sections, contacts int64, err error) {
	err = j.update(ctx, func(tx *sql.Tx) (err error) {
		if sections, err = dropDrafts(ctx, tx, `expires <= ?`, now.UnixNano()); err != nil {
			return err
		}
		forms, err := dropForms(ctx, tx, `expires <= ?`, now.UnixNano())
		if err != nil {
			return err
		}
		sections += forms
		notes, err := dropShiftNotes(ctx, tx, now)
		if err != nil {
			return err
		}
		sections += notes
		contacts, err = dropContacts(ctx, tx, now)
		return err
	})
	return sections, contacts, err
}

// dropDrafts deletes the sections that match.
func dropDrafts(ctx context.Context, tx *sql.Tx, where string, arg any) (int64, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM drafts WHERE `+where, arg) //nolint:gosec // the condition is one of this package's
	if err != nil {
		return 0, fmt.Errorf("deleting sections that were held back: %w", err)
	}
	dropped, err := result.RowsAffected()
	if err != nil || dropped == 0 {
		return dropped, err
	}
	return dropped, countDestroyed(ctx, tx)
}

// HeldBack is what is held back for a case and will be deleted soon.
type HeldBack struct {
	Case     events.CaseID `json:"case"`
	Sections int           `json:"sections"`
	Deleted  time.Time     `json:"deleted"` // when the first of them goes
}

// expiring lists the cases whose sections were stored by since and still wait,
// the first to be deleted first.
func expiring(ctx context.Context, q querier, since, now time.Time) ([]HeldBack, error) {
	rows, err := q.QueryContext(ctx, `SELECT case_id, COUNT(*), MIN(expires) FROM drafts WHERE stored <= ? AND expires > ?
		GROUP BY case_id ORDER BY MIN(expires), case_id`, since.UnixNano(), now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("listing what will be deleted: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []HeldBack{}
	for rows.Next() {
		var of string
		var h HeldBack
		var deleted int64
		if err := rows.Scan(&of, &h.Sections, &deleted); err != nil {
			return nil, fmt.Errorf("listing what will be deleted: %w", err)
		}
		h.Case, h.Deleted = events.CaseID(of), instant(deleted)
		list = append(list, h)
	}
	return list, rows.Err()
}
