package alert

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"handrail/events"
)

// Errors of asking for alerts in a browser.
var (
	ErrNoPush       = errors.New("the rota names no servers of browsers' makers, so no browser is alerted")
	ErrSubscription = errors.New("this is not what a browser gives, or its maker's server is not one that the rota names")
)

// maxBrowsers of one person; the oldest goes for the newest (own choice).
const maxBrowsers = 5

// Subscription is what a browser gives to whoever may send to it.
type Subscription struct {
	Endpoint string // https address at its maker's server
	Key      string // its public key, P-256, base64url
	Secret   string // 16 bytes, base64url
}

// Browser is one in which a person asked for alerts, as the person sees it.
type Browser struct {
	ID    string // says nothing
	Added time.Time
	Sent  time.Time // when its maker's server last took a message; zero: never
}

// browser is one as messages need it.
type browser struct {
	Subscription

	id string
}

// PushKey is the public key that a browser needs in order to take alerts of this
// agency. Error: [ErrNoPush].
func (r *Ringer) PushKey(ctx context.Context) (string, error) {
	if rota := r.current(ctx); rota == nil || len(rota.push.hosts) == 0 {
		return "", ErrNoPush
	}
	key, err := r.vapid()
	return key.public, err
}

// Subscribe notes that a person wants alerts in a browser; one that is known already
// is theirs from now on. Errors: [ErrNoPush], [ErrSubscription].
func (r *Ringer) Subscribe(ctx context.Context, staff events.Staff, s Subscription) error {
	rota := r.current(ctx)
	switch {
	case rota == nil || len(rota.push.hosts) == 0:
		return ErrNoPush
	case !rota.push.takes(s.Endpoint) || !s.sound():
		return ErrSubscription
	}
	return r.config.Journal.subscribe(ctx, staff, s, r.config.Now())
}

// sound checks the keys of a subscription, as far as that can be.
func (s Subscription) sound() bool {
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s.Key, "="))
	if err != nil {
		return false
	}
	if _, err := ecdh.P256().NewPublicKey(key); err != nil {
		return false
	}
	shared, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s.Secret, "="))
	return err == nil && len(shared) == 16
}

// Unsubscribe forgets one of a person's browsers; it is no error if there is none of
// the id.
func (r *Ringer) Unsubscribe(ctx context.Context, staff events.Staff, id string) error {
	return r.config.Journal.unsubscribe(ctx, staff, id)
}

// Browsers lists those in which a person asked for alerts, oldest first.
func (r *Ringer) Browsers(ctx context.Context, staff events.Staff) ([]Browser, error) {
	rows, err := r.config.Journal.Read.QueryContext(ctx, `SELECT id, added, sent FROM push_subscriptions WHERE staff = ? ORDER BY added, id`, string(staff))
	if err != nil {
		return nil, fmt.Errorf("reading who takes alerts in a browser: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	list := []Browser{}
	for rows.Next() {
		var b Browser
		var added, sent sql.NullInt64
		if err := rows.Scan(&b.ID, &added, &sent); err != nil {
			return nil, fmt.Errorf("reading who takes alerts in a browser: %w", err)
		}
		b.Added, b.Sent = instant(added), instant(sent)
		list = append(list, b)
	}
	return list, rows.Err()
}

func (j Journal) subscribe(ctx context.Context, staff events.Staff, s Subscription, now time.Time) error {
	return j.Update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO push_subscriptions (id, staff, endpoint, key, secret, added) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (endpoint) DO UPDATE SET staff = excluded.staff, key = excluded.key, secret = excluded.secret, added = excluded.added, sent = NULL`,
			rand.Text()[:12], string(staff), s.Endpoint, s.Key, s.Secret, now.UnixNano())
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM push_subscriptions WHERE staff = ? AND id NOT IN
				(SELECT id FROM push_subscriptions WHERE staff = ? ORDER BY added DESC, id LIMIT ?)`, string(staff), string(staff), maxBrowsers)
		}
		if err != nil {
			return fmt.Errorf("noting who takes alerts in a browser: %w", err)
		}
		return nil
	})
}

func (j Journal) unsubscribe(ctx context.Context, staff events.Staff, id string) error {
	return j.Update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM push_subscriptions WHERE staff = ? AND id = ?`, string(staff), id); err != nil {
			return fmt.Errorf("forgetting a browser: %w", err)
		}
		return nil
	})
}

func (j Journal) pushed(ctx context.Context, id string, now time.Time) error {
	return j.Update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE push_subscriptions SET sent = ? WHERE id = ?`, now.UnixNano(), id); err != nil {
			return fmt.Errorf("noting that a browser was alerted: %w", err)
		}
		return nil
	})
}

func (j Journal) browsers(ctx context.Context, staff events.Staff) (list []browser, err error) {
	rows, err := j.Read.QueryContext(ctx, `SELECT id, endpoint, key, secret FROM push_subscriptions WHERE staff = ? ORDER BY added, id`, string(staff))
	if err != nil {
		return nil, fmt.Errorf("reading where a person takes alerts: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	for rows.Next() {
		var b browser
		if err := rows.Scan(&b.id, &b.Endpoint, &b.Key, &b.Secret); err != nil {
			return nil, fmt.Errorf("reading where a person takes alerts: %w", err)
		}
		list = append(list, b)
	}
	return list, rows.Err()
}

func (j Journal) subscribed(ctx context.Context) (map[events.Staff]bool, error) {
	rows, err := j.Read.QueryContext(ctx, `SELECT DISTINCT staff FROM push_subscriptions`)
	if err != nil {
		return nil, fmt.Errorf("reading who takes alerts in a browser: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	who := map[events.Staff]bool{}
	for rows.Next() {
		var staff events.Staff
		if err := rows.Scan(&staff); err != nil {
			return nil, fmt.Errorf("reading who takes alerts in a browser: %w", err)
		}
		who[staff] = true
	}
	return who, rows.Err()
}
