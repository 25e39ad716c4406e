package agency

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/services/agency/webhook"
)

// Names of files of the webhook in an agency's directory.
const (
	WebhookSecretFile = "webhook.secret"
	WebhookRootsFile  = "webhook-ca.pem" // further roots to trust; may be left out
)

// hookMeta names the last delivery that the webhook took.
const hookMeta = "webhook"

// hookAlarm is how long the webhook may take nothing before people are told.
const hookAlarm = 10 * time.Minute

// HookMessage is what the webhook gets, in the form of Standard Webhooks.
type HookMessage struct {
	Type      string    `json:"type" enum:"handrail.delivery.event,handrail.delivery.receipt,handrail.delivery.refusal,handrail.delivery.tombstone,handrail.delivery.damaged"`
	Timestamp time.Time `json:"timestamp" doc:"When the agency received the delivery."`
	Data      Delivery  `json:"data"`
}

// hookFeed gives deliveries to the webhook, one at a time.
type hookFeed struct {
	a     *Agency
	given Delivery // what Next gave last
	owed  bool     // it had been given as damaged before
}

// newHook makes the feed to the configured webhook; nil if there is none.
func (a *Agency) newHook() (*webhook.Feed, error) {
	if a.config.Webhook == "" {
		return nil, nil //nolint:nilnil // no webhook is configured, and that is no error
	}
	secret, err := readPrivate(a.config.path(WebhookSecretFile))
	if err != nil {
		return nil, fmt.Errorf("loading the webhook's secret: %w", err)
	}
	key, err := webhook.Key(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, fmt.Errorf("loading the webhook's secret: %w", err)
	}
	roots, err := a.config.hookRoots()
	if err != nil {
		return nil, fmt.Errorf("loading the webhook's roots: %w", err)
	}
	feed := &hookFeed{a: a}
	return webhook.NewFeed(webhook.Config{
		URL: a.config.Webhook, Key: key, Roots: roots, Now: func() time.Time { return a.now() },
		Next: feed.next, Taken: feed.taken, Outcome: feed.outcome,
	}), nil
}

func (c Config) hookRoots() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	text, err := os.ReadFile(c.path(WebhookRootsFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return config, nil
	case err != nil:
		return nil, err
	}
	if config.RootCAs, err = x509.SystemCertPool(); err != nil {
		config.RootCAs = x509.NewCertPool()
	}
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, errors.New("the file holds no certificate")
	}
	return config, nil
}

// next gives a delivery that had been damaged and verifies now, else the one
// behind the last that was taken.
func (f *hookFeed) next(ctx context.Context) (webhook.Message, bool, error) {
	number, owed, err := f.turn(ctx)
	if err != nil || number == 0 {
		return webhook.Message{}, false, err
	}
	d, err := f.a.delivery(ctx, number)
	if err != nil {
		return webhook.Message{}, false, err
	}
	if owed && d.Kind == kindDamaged { // it was damaged once more meanwhile
		return webhook.Message{}, false, nil
	}
	f.given, f.owed = d, owed
	body, err := json.Marshal(HookMessage{Type: "handrail.delivery." + d.Kind, Timestamp: d.Received, Data: d}, json.Deterministic(true))
	if err != nil {
		return webhook.Message{}, false, fmt.Errorf("writing a delivery down: %w", err)
	}
	// A number comes again with other content when a damaged delivery was mended, or after the parties left a history of
	// the log: then it has another id, or it would be taken for a repetition.
	digest := sha256.Sum256(body)
	id := fmt.Sprintf("%s-%s-%d-%s", f.a.config.Hub, f.a.config.Agency, number, hex.EncodeToString(digest[:6]))
	return webhook.Message{ID: id, Body: body}, true, nil
}

// turn is the number whose turn it is, 0 if there is none.
func (f *hookFeed) turn(ctx context.Context) (number uint64, owed bool, err error) {
	reader := f.a.journal.reader
	position, err := metaNumber(ctx, reader, hookMeta)
	if err != nil {
		return 0, false, err
	}
	last, err := lastStored(ctx, reader)
	if err != nil {
		return 0, false, err
	}
	mended, err := f.mended(ctx)
	if err != nil || mended != 0 {
		return mended, true, err
	}
	if number = min(uint64(max(position, 0)), last) + 1; number > last {
		return 0, false, nil
	}
	return number, false, nil
}

// mended is the first delivery that was posted as damaged and no longer is.
func (f *hookFeed) mended(ctx context.Context) (uint64, error) {
	rows, err := f.a.journal.reader.QueryContext(ctx, `SELECT number FROM hook_owed WHERE number IN (SELECT number FROM inbox) ORDER BY number`)
	if err != nil {
		return 0, fmt.Errorf("looking for what is owed to the webhook: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	f.a.mu.RLock()
	defer f.a.mu.RUnlock()
	for rows.Next() {
		var number uint64
		if err := rows.Scan(&number); err != nil {
			return 0, fmt.Errorf("looking for what is owed to the webhook: %w", err)
		}
		if !f.a.damaged[number] {
			return number, nil
		}
	}
	return 0, rows.Err()
}

// taken makes durable that the webhook took what next gave.
func (f *hookFeed) taken(ctx context.Context) error {
	return f.a.journal.update(ctx, func(tx *sql.Tx) error {
		query := `DELETE FROM hook_owed WHERE number = ?`
		if f.given.Kind == kindDamaged {
			query = `INSERT OR IGNORE INTO hook_owed (number) VALUES (?)`
		}
		if _, err := tx.ExecContext(ctx, query, f.given.Number); err != nil {
			return fmt.Errorf("storing what is owed to the webhook: %w", err)
		}
		if f.owed {
			return nil
		}
		return setMeta(ctx, tx, hookMeta, strconv.FormatUint(f.given.Number, 10))
	})
}

// outcome alarms when the webhook takes nothing for long.
func (f *hookFeed) outcome(ctx context.Context, err error) {
	state := f.a.hook.State()
	switch {
	case err == nil:
		f.a.alarms.over("webhook-failing", "webhook")
	case f.a.now().Sub(state.Failing) >= hookAlarm:
		f.a.alarms.raise(ctx, "webhook-failing", "webhook",
			"The agency's own system takes no deliveries by webhook: "+state.Reason+". They wait in their order and are posted again until it does.", nil)
	}
}

// hookChecks is what the doctor says about the webhook, if one is configured.
func (a *Agency) hookChecks() []Check {
	if a.hook == nil {
		return nil
	}
	state := a.hook.State()
	if state.Failing.IsZero() {
		return []Check{{"webhook", true, "The agency's own system takes deliveries."}}
	}
	return []Check{{"webhook", false, "The agency's own system takes nothing since " + state.Failing.UTC().Format(time.RFC3339) + ": " + state.Reason + "."}}
}
