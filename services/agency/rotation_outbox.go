package agency

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/seal"
)

// signAnew signs the unanswered statements behind a position with a held key, in
// their order: each keeps its id and gets the next sequence of that key.
func (a *Agency) signAnew(ctx context.Context, tx *sql.Tx, with events.KeyID, behind int64) error {
	key, held := a.keys.Signer(with)
	if !held {
		return nil // they wait until it is
	}
	rows, err := readOutbox(ctx, tx, a.keys, `WHERE answered IS NULL AND position > ? AND key <> ? ORDER BY position`, behind, string(with))
	if err != nil {
		return err
	}
	for _, s := range rows {
		if s.damage != nil {
			continue // alarmed when it is to be sent
		}
		if err := a.journal.signOver(ctx, tx, key, s); err != nil {
			return err
		}
	}
	return nil
}

// signAllAnew signs everything unanswered with the signing key of a listing. A change
// of keys that waits is dropped: the keys that it replaces are gone.
func (a *Agency) signAllAnew(ctx context.Context, tx *sql.Tx, l events.Listing) error {
	with, err := seal.SigningKeyID(l.Signing)
	if err != nil {
		return fmt.Errorf("reading the key to sign with: %w", err)
	}
	rows, err := readOutbox(ctx, tx, a.keys, `WHERE answered IS NULL AND key <> ? ORDER BY position`, string(with))
	if err != nil {
		return err
	}
	for _, s := range rows {
		if s.damage == nil && s.event.Type == events.TypeDirectoryKeyed {
			if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE position = ?`, s.position); err != nil {
				return fmt.Errorf("dropping a change of keys: %w", err)
			}
		}
	}
	return a.signAnew(ctx, tx, with, 0)
}

// signOver signs a stored event of this agency with another of its keys.
func (j *journal) signOver(ctx context.Context, tx *sql.Tx, key seal.SigningKey, s said) error {
	last, err := lastSequence(ctx, tx, key.ID())
	if err != nil {
		return err
	}
	e := s.event
	e.Sequence, e.DSSEMaterial = events.Sequence(last+1).String(), ""
	if e, err = key.Sign(e); err != nil {
		return fmt.Errorf("signing anew: %w", err)
	}
	attributes, err := json.Marshal(e.Attributes())
	if err != nil {
		return fmt.Errorf("writing the attributes down: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE outbox SET key = ?, sequence = ?, attributes = ? WHERE position = ?`, string(key.ID()), last+1, string(attributes), s.position)
	if err != nil {
		return fmt.Errorf("storing an event that was signed anew: %w", err)
	}
	return nil
}

// lastSequence is the highest sequence that a key has used: in this journal, or as
// far as the ledger told of what this journal does not hold.
func lastSequence(ctx context.Context, q querier, key events.KeyID) (uint64, error) {
	var last uint64
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(sequence), 0) FROM outbox WHERE key = ?`, string(key)).Scan(&last); err != nil {
		return 0, fmt.Errorf("reading the last sequence: %w", err)
	}
	judged, err := metaNumber(ctx, q, judgedMeta(key))
	return max(last, uint64(judged)), err //nolint:gosec // as noteJudged stored it
}

// mendOutbox signs with the key in force what waits with one that counts for
// nothing: the agency joined anew while its new key files were not here yet. A change
// of keys that waits stands, and what is behind it waits for it. Agency.mu is held.
func (a *Agency) mendOutbox(ctx context.Context, waiting []said) (mended bool, err error) {
	if a.directory == nil || a.mayBeHeard() != nil || a.keys.Assumed() != "" {
		return false, nil
	}
	own, listed := a.directory.Member(a.config.Agency)
	if !listed {
		return false, nil
	}
	for _, s := range waiting {
		if s.damage != nil || s.key == own.KeyID {
			if s.damage == nil && s.event.Type == events.TypeDirectoryKeyed {
				return false, nil
			}
			continue
		}
		return true, a.journal.update(ctx, func(tx *sql.Tx) error { return a.signAllAnew(ctx, tx, own.Listing) })
	}
	return false, nil
}
