package webhook

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Key reads a webhook's secret as Standard Webhooks writes it: whsec_ and base64
// of 24 to 64 bytes.
func Key(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the secret is whsec_ and base64 of 24 to 64 bytes")
	}
	return key, nil
}

// Sign gives a message its headers: HMAC-SHA256 over id, time and body. An id
// stays the same whenever the message is posted again.
func Sign(h http.Header, key []byte, id string, at time.Time, body []byte) error {
	hook, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return errors.New("the secret cannot be used")
	}
	signature, err := hook.Sign(id, at, body)
	if err != nil {
		return errors.New("the message could not be signed")
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}
