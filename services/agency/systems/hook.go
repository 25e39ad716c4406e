package systems

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/services/agency"
	"handrail/services/agency/webhook"
)

// HookMessage is what the webhook gets, in the form of Standard Webhooks.
type HookMessage struct {
	Type      string    `json:"type" enum:"handrail.delivery.event,handrail.delivery.receipt,handrail.delivery.refusal,handrail.delivery.tombstone,handrail.delivery.damaged"`
	Timestamp time.Time `json:"timestamp" doc:"When the agency received the delivery."`
	Data      Delivery  `json:"data"`
}

// newFeed makes the feed to the configured webhook.
func (s *Systems) newFeed() (*webhook.Feed, error) {
	secret, err := s.config.readSecret(WebhookSecretFile)
	if err != nil {
		return nil, fmt.Errorf("loading the webhook's secret: %w", err)
	}
	key, err := webhook.Key(secret)
	if err != nil {
		return nil, fmt.Errorf("loading the webhook's secret: %w", err)
	}
	roots, err := s.config.hookRoots()
	if err != nil {
		return nil, fmt.Errorf("loading the webhook's roots: %w", err)
	}
	var given agency.Posting // what Next gave last
	feed := webhook.NewFeed(webhook.Config{
		URL: s.config.Webhook, Key: key, Roots: roots, Now: s.config.Now,
		Next: func(ctx context.Context) (m webhook.Message, found bool, err error) {
			if given, found, err = s.agency.NextPosting(ctx); err != nil || !found {
				return m, false, err
			}
			m, err = s.message(shown(given.Delivered))
			return m, true, err
		},
		Taken: func(ctx context.Context) error { return s.agency.Posted(ctx, given) },
		Outcome: func(ctx context.Context, _ error) {
			state := s.feed.State()
			s.agency.PostingIs(ctx, state.Failing, state.Reason)
		},
	})
	s.agency.PostingIs(context.Background(), time.Time{}, "")
	return feed, nil
}

func (c Config) hookRoots() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	text, err := os.ReadFile(filepath.Join(c.Dir, WebhookRootsFile))
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

// message is a delivery as the webhook gets it.
func (s *Systems) message(d Delivery) (webhook.Message, error) {
	body, err := json.Marshal(HookMessage{Type: "handrail.delivery." + d.Kind, Timestamp: d.Received, Data: d}, json.Deterministic(true))
	if err != nil {
		return webhook.Message{}, fmt.Errorf("writing a delivery down: %w", err)
	}
	// A number comes again with other content when a damaged delivery was mended, or after the parties left a history of
	// the log: then it has another id, or it would be taken for a repetition.
	digest := sha256.Sum256(body)
	id := fmt.Sprintf("%s-%s-%d-%s", s.agency.Hub(), s.agency.ID(), d.Number, hex.EncodeToString(digest[:6]))
	return webhook.Message{ID: id, Body: body}, nil
}

// nudge has the feed look whenever the agency has something new, until ctx ends.
func (s *Systems) nudge(ctx context.Context) error {
	for {
		_, changed := s.agency.Changes() //nolint:contextcheck // it only reads, and at once
		s.feed.Nudge()
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}
