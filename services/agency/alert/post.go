package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/services/agency/webhook"
)

// post sends JSON once, see [webhook.Post].
func post(ctx context.Context, roots *tls.Config, to string, body any, header func(http.Header, []byte) error) error {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		return errors.New("the message cannot be written as JSON")
	}
	return webhook.Post(ctx, roots, to, text, func(h http.Header) error { return header(h, text) })
}

// bearer adds a token from a file of the folder, if one is named.
func bearer(dir, name string) func(http.Header, []byte) error {
	return func(h http.Header, _ []byte) error {
		if name == "" {
			return nil
		}
		token, err := secret(dir, name)
		if err != nil {
			return fmt.Errorf("reading the token: %w", err)
		}
		if strings.Trim(token, tokenSigns) != "" {
			return errors.New("reading the token: it holds signs that a token cannot")
		}
		h.Set("Authorization", "Bearer "+token)
		return nil
	}
}

// tokenSigns of RFC 6750 (b64token).
const tokenSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
