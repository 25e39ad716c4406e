package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// KeepCredential stores what a person of the staff signs in to the pages with, in
// place of what stood under the same kind and id. It is on disk when it returns nil.
// What the values mean is the business of the pages; they hold no plain secret.
func (a *Agency) KeepCredential(ctx context.Context, kind, id, staff string, value []byte) error {
	return a.journal.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO credentials (kind, id, staff, value) VALUES (?, ?, ?, ?)
			ON CONFLICT (kind, id) DO UPDATE SET staff = excluded.staff, value = excluded.value`, kind, id, staff, value)
		if err != nil {
			return fmt.Errorf("storing a credential: %w", err)
		}
		return nil
	})
}

// Credential gives whose a credential is and its value; a nil value if there is none.
func (a *Agency) Credential(ctx context.Context, kind, id string) (staff string, value []byte, err error) {
	err = a.journal.reader.QueryRowContext(ctx, `SELECT staff, value FROM credentials WHERE kind = ? AND id = ?`, kind, id).Scan(&staff, &value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil, nil
	case err != nil:
		return "", nil, fmt.Errorf("reading a credential: %w", err)
	}
	return staff, value, nil
}

// Credentials gives a person's credentials of one kind, by id.
func (a *Agency) Credentials(ctx context.Context, kind, staff string) (map[string][]byte, error) {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT id, value FROM credentials WHERE kind = ? AND staff = ?`, kind, staff)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := map[string][]byte{}
	for rows.Next() {
		var id string
		var value []byte
		if err := rows.Scan(&id, &value); err != nil {
			return nil, fmt.Errorf("reading credentials: %w", err)
		}
		list[id] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	return list, nil
}

// DropCredential deletes a credential; it is no error if there is none.
func (a *Agency) DropCredential(ctx context.Context, kind, id string) error {
	return a.journal.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM credentials WHERE kind = ? AND id = ?`, kind, id); err != nil {
			return fmt.Errorf("deleting a credential: %w", err)
		}
		return nil
	})
}
