package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// RuleKeyReused refuses another request under the idempotency key of one that
// was answered.
const RuleKeyReused events.Rule = "idempotency-key-reused"

var keySyntax = regexp.MustCompile(`^[ -~]{1,255}$`)

// once is a request under an idempotency key. Both digests are keyed with the
// journal's secret, so that neither gives key or body away.
type once struct{ name, digest string } // zero: a request without a key

// once reads the key of a request to a path.
func (a *Agency) once(ctx context.Context, path string, s *Sent) (once, error) {
	key := strings.TrimSpace(s.Key)
	if key == "" {
		return once{}, nil
	}
	if !keySyntax.MatchString(key) {
		return once{}, events.Refuse(ruleParameter, "header Idempotency-Key", "a key is 1 to 255 printable ASCII characters")
	}
	if len(key) > 2 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1] // a string of structured fields (RFC 9651)
	}
	secret, err := a.journal.secret(ctx)
	if err != nil {
		return once{}, err
	}
	var content strings.Builder
	for _, attribute := range slices.Sorted(maps.Keys(s.attributes)) {
		fmt.Fprintf(&content, "%s %q\n", attribute, s.attributes[attribute])
	}
	content.WriteByte('\n')
	content.Write(s.RawBody)
	return once{keyed(secret, "once "+path, []byte(key)), keyed(secret, "request "+path, []byte(content.String()))}, nil
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
