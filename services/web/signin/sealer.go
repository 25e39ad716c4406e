package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"handrail/services/web"
)

// wayLife is how long somebody may take between leaving for the provider, or being
// asked for a passkey, and coming back.
const wayLife = 10 * time.Minute

// sealer keeps what belongs to an unfinished sign-in in the browser itself, sealed:
// whoever begins a million of them costs this site no memory. The key lives as long
// as the process.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	return &sealer{aead}, nil
}

// carry sends a value along in a cookie that only this process can read.
func (g *Gate) carry(v *web.Visit, what string, value any) error {
	name := g.cookieName(what)
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("sealing a cookie: %w", err)
	}
	sealed := base64.RawURLEncoding.EncodeToString(g.seal.aead.Seal(nil, nil, text, []byte(name))) //nolint:gosec // this mode draws its own nonce
	g.cookie(v, what, sealed, wayLife)
	return nil
}

// carried reads such a cookie and takes it back: it counts once per browser.
func (g *Gate) carried(v *web.Visit, what string, into any) bool {
	name := g.cookieName(what)
	c, err := v.Cookie(name)
	if err != nil {
		return false
	}
	g.cookie(v, what, "", -time.Second)
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return false
	}
	text, err := g.seal.aead.Open(nil, nil, sealed, []byte(name))
	return err == nil && json.Unmarshal(text, into) == nil
}
