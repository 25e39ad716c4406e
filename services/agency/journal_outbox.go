package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

// errDamaged means that a row of the journal is not what was once stored.
var errDamaged = errors.New("the stored row is damaged")

// said is one row of the outbox: an event of this agency, and what the ledger
// answered, if it has.
type said struct {
	position int64
	key      events.KeyID // that it is signed with
	event    events.Event
	stored   time.Time
	answered uint64 // delivery number; 0 while unanswered
	admitted bool
	damage   error // not nil: the row cannot be used
}

// sign numbers, signs and stores an event of this agency: within tx, so that
// either all of it happened or none. Everything but Sequence and DSSEMaterial
// is set already.
func (j *journal) sign(ctx context.Context, tx *sql.Tx, key seal.SigningKey, e events.Event, now time.Time) (events.Event, error) {
	last, err := lastSequence(ctx, tx, key.ID())
	if err != nil {
		return e, err
	}
	e.Sequence = events.Sequence(last + 1).String()
	j.step("numbered")
	if e, err = key.Sign(e); err != nil {
		return e, fmt.Errorf("signing: %w", err)
	}
	j.step("signed")
	attributes, err := json.Marshal(e.Attributes())
	if err != nil {
		return e, fmt.Errorf("writing the attributes down: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox (key, sequence, id, attributes, data, stored) VALUES (?, ?, ?, ?, ?, ?)`,
		string(key.ID()), last+1, string(e.ID), string(attributes), e.Data, now.UnixNano())
	if err != nil {
		return e, fmt.Errorf("storing an event in the outbox: %w", err)
	}
	j.step("stored")
	return e, nil
}

const outboxColumns = `SELECT position, key, attributes, data, stored, COALESCE(answered, 0), COALESCE(admitted, 0) FROM outbox `

// scanSaid reads a row and verifies it with the key that it was signed with.
func scanSaid(scan func(...any) error, keys *keyring.Keyring) (said, error) {
	var s said
	var key, attributes string
	var data []byte
	var stored int64
	if err := scan(&s.position, &key, &attributes, &data, &stored, &s.answered, &s.admitted); err != nil {
		return said{}, err
	}
	s.stored, s.key = instant(stored), events.KeyID(key)
	public, own := keys.Public(s.key)
	if !own {
		s.damage = errors.New("it is signed with a key that is none of this agency's")
	}
	if s.damage == nil {
		s.event, s.damage = restoreEvent(attributes, data)
	}
	if s.damage == nil {
		s.damage = seal.Verify(s.event, public)
	}
	if s.damage != nil {
		s.damage = fmt.Errorf("%w: outbox position %d: %w", errDamaged, s.position, s.damage)
	}
	return s, nil
}

func restoreEvent(attributes string, data []byte) (events.Event, error) {
	var list []events.Attribute
	if err := json.Unmarshal([]byte(attributes), &list); err != nil {
		return events.Event{}, errDamaged
	}
	return events.Parse(list, data)
}

// readOutbox gives the rows that match, in order. A damaged row is among them,
// with its damage.
func readOutbox(ctx context.Context, q querier, keys *keyring.Keyring, where string, args ...any) ([]said, error) {
	rows, err := q.QueryContext(ctx, outboxColumns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []said
	for rows.Next() {
		s, err := scanSaid(rows.Scan, keys)
		if err != nil {
			return nil, fmt.Errorf("reading the outbox: %w", err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	return all, nil
}

// answer writes down which delivery answered an event. An admission is final;
// a refusal that consumed no sequence may still be followed by one.
func answer(ctx context.Context, tx *sql.Tx, id events.EventID, delivery uint64, admitted bool) (found bool, err error) {
	verdict := 0
	if admitted {
		verdict = 1
	}
	result, err := tx.ExecContext(ctx, `UPDATE outbox SET answered = ?, admitted = ? WHERE id = ? AND COALESCE(admitted, 0) = 0`,
		delivery, verdict, string(id))
	if err != nil {
		return false, fmt.Errorf("storing an answer: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
