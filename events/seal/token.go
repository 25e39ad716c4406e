package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// token is a compact JWS of the one kind that we use: EdDSA, with a key of the
// directory, over JSON claims. Its type keeps a token for one use from passing for
// one for another.
type token struct {
	key       events.KeyID // that it says it is signed with
	signed    string
	signature []byte
}

type tokenHeader struct {
	Alg string       `json:"alg"`
	Kid events.KeyID `json:"kid"`
	Typ string       `json:"typ"`
}

func signToken(key SigningKey, kind string, claims any) (string, error) {
	var parts [2]string
	for i, part := range []any{tokenHeader{"EdDSA", key.ID(), kind}, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			return "", fmt.Errorf("encoding a token: %w", err)
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(text)
	}
	signed := parts[0] + "." + parts[1]
	return signed + "." + base64.RawURLEncoding.EncodeToString(key.SignBytes([]byte(signed))), nil
}

// parseToken takes a token of a type apart, strictly, and reads its claims. It
// checks the form only.
func parseToken(text, kind string, claims any) (token, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, false
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = strictBase64(base64.RawURLEncoding, part); err != nil {
			return token{}, false
		}
	}
	var header tokenHeader
	strict := json.RejectUnknownMembers(true)
	if json.Unmarshal(raw[0], &header, strict) != nil || json.Unmarshal(raw[1], claims, strict) != nil {
		return token{}, false
	}
	formed := header.Alg == "EdDSA" && header.Typ == kind && header.Kid != ""
	return token{header.Kid, parts[0] + "." + parts[1], raw[2]}, formed
}

// signedBy says whether the token names this key and is signed with it.
func (t token) signedBy(public events.PublicKey) bool {
	raw, err := signingBytes(public)
	return err == nil && keyID(raw) == t.key && ed25519.Verify(raw, []byte(t.signed), t.signature)
}
