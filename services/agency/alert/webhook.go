package alert

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency/webhook"
)

// hookBody is what a webhook gets, in the form of Standard Webhooks.
type hookBody struct {
	Type      string   `json:"type"` // handrail.alert; handrail.alert.test when somebody tries the channels
	Timestamp string   `json:"timestamp"`
	Data      hookData `json:"data"`
}

type hookData struct {
	Alerts  []string       `json:"alerts"` // at most 100 codes, the urgent ones first; the first of them stand in the text too
	Urgency events.Urgency `json:"urgency"`
	Text    string         `json:"text"`
}

// sendWebhook signs by Standard Webhooks 1.0: HMAC-SHA256 over id, time and body.
func (p person) sendWebhook(ctx context.Context, dir string, roots *tls.Config, m message, text string) error {
	key, err := hookSecret(dir, p.secret)
	if err != nil {
		return fmt.Errorf("reading the secret: %w", err)
	}
	kind := "handrail.alert"
	if len(m.codes) == 0 {
		kind = "handrail.alert.test"
	}
	body := hookBody{Type: kind, Timestamp: m.at.UTC().Format(time.RFC3339), Data: hookData{slices.Concat([]string{}, m.codes[:min(len(m.codes), 100)]), m.urgency, text}}
	return post(ctx, roots, p.hook, body, func(h http.Header, signed []byte) error {
		return webhook.Sign(h, key, m.id, m.at, signed)
	})
}

// send hands a short message to the gateway.
func (g gateway) send(ctx context.Context, dir string, roots *tls.Config, number, text string) error {
	return post(ctx, roots, g.url, g.fill(number, text), bearer(dir, g.token))
}
