package agency

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

func insertForm(ctx context.Context, tx *sql.Tx, d FormDraft) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO form_draft (id, kind, author, form, begun, stored, expires) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		string(d.ID), d.Kind, d.Author, string(d.Form), d.Begun.UnixNano(), d.Stored.UnixNano(), d.Expires.UnixNano())
	if err != nil {
		return fmt.Errorf("beginning a draft: %w", err)
	}
	return nil
}

// updateForm stores a draft if it still is the one that was read: each time it is
// stored is its version.
func updateForm(ctx context.Context, tx *sql.Tx, d FormDraft, now time.Time) error {
	list, err := readForms(ctx, tx, `id = ? AND expires > ?`, string(d.ID), now.UnixNano())
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return ErrNoForm
	case !list[0].Stored.Equal(d.Stored):
		return ErrFormChanged
	}
	stored := max(now.UnixNano(), d.Stored.UnixNano()+1)
	if _, err := tx.ExecContext(ctx, `UPDATE form_draft SET form = ?, stored = ? WHERE id = ?`, string(d.Form), stored, string(d.ID)); err != nil {
		return fmt.Errorf("keeping a draft: %w", err)
	}
	return nil
}

func readForms(ctx context.Context, q querier, where string, args ...any) ([]FormDraft, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, kind, author, form, begun, stored, expires FROM form_draft WHERE `+where+` ORDER BY begun, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading drafts: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []FormDraft{}
	for rows.Next() {
		var d FormDraft
		var id, form string
		var begun, stored, expires int64
		if err := rows.Scan(&id, &d.Kind, &d.Author, &form, &begun, &stored, &expires); err != nil {
			return nil, fmt.Errorf("reading drafts: %w", err)
		}
		d.ID, d.Form = events.CaseID(id), jsontext.Value(form)
		d.Begun, d.Stored, d.Expires = instant(begun), instant(stored), instant(expires)
		list = append(list, d)
	}
	return list, rows.Err()
}

// dropForms deletes the drafts that match.
func dropForms(ctx context.Context, tx *sql.Tx, where string, arg any) (int64, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM form_draft WHERE `+where, arg) //nolint:gosec // the condition is one of this package's
	if err != nil {
		return 0, fmt.Errorf("deleting drafts: %w", err)
	}
	dropped, err := result.RowsAffected()
	if err != nil || dropped == 0 {
		return dropped, err
	}
	return dropped, countDestroyed(ctx, tx)
}
