package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// RuleKeyReused refuses another request under the idempotency key of one that
// was answered.
const RuleKeyReused events.Rule = "idempotency-key-reused"

// Once is a request of one of the agency's own systems that is done once, however
// often it comes: what it does and its answer become durable together, or not at
// all, and the same request gets the same answer again.
type Once struct {
	Path    string // where it was sent; keys of two paths are two keys
	Key     string // the sender's own for this request; empty: each request is another one
	Content []byte // all that the request asks for
}

// once is a request as the journal knows it. Both digests are keyed with the
// journal's secret, so that neither gives key or body away.
type once struct{ name, digest string } // zero: a request without a key

func (a *Agency) digested(ctx context.Context, o Once) (once, error) {
	if o.Key == "" {
		return once{}, nil
	}
	secret, err := a.journal.secret(ctx)
	if err != nil {
		return once{}, err
	}
	return once{keyed(secret, "once "+o.Path, []byte(o.Key)), keyed(secret, "request "+o.Path, o.Content)}, nil
}

// before gives the answer that the same request got before, into to. The error
// is a violation if another request had the key.
func (o once) before(ctx context.Context, q querier, to any) (found bool, err error) {
	if o.name == "" {
		return false, nil
	}
	var digest, text string
	err = q.QueryRowContext(ctx, `SELECT digest, answer FROM once WHERE name = ?`, o.name).Scan(&digest, &text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking for an idempotency key: %w", err)
	case digest != o.digest:
		return false, events.Refuse(RuleKeyReused, "header Idempotency-Key", "another request was answered under this key; give a new request a key of its own")
	}
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return false, fmt.Errorf("%w: the answer under an idempotency key does not read", errDamaged)
	}
	return true, nil
}

// store keeps an answer under the key, in the transaction that makes it true.
func (o once) store(ctx context.Context, tx *sql.Tx, answer any, now time.Time) error {
	if o.name == "" {
		return nil
	}
	text, err := json.Marshal(answer, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing an answer down: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO once (name, digest, answer, at) VALUES (?, ?, ?, ?)`, o.name, o.digest, string(text), now.UnixNano())
	if err != nil {
		return fmt.Errorf("storing an idempotency key: %w", err)
	}
	return nil
}
