package alert

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"handrail/events/seal"
)

// PushKeyFile holds the agency's own key by which browsers' makers know who sends
// (RFC 8292). It is made here, never leaves, and has mode 600. Without it no message
// reaches a browser any more: each has to ask for alerts again.
const PushKeyFile = "push.vapid"

// vapidKey is the key in the form that browsers take.
type vapidKey struct{ private, public string }

// vapid reads the key, or makes it when nobody needed one before.
func (r *Ringer) vapid() (vapidKey, error) {
	r.keys.Lock()
	defer r.keys.Unlock()
	text, err := secret(r.config.Dir, PushKeyFile)
	if errors.Is(err, os.ErrNotExist) {
		return r.newVapid()
	}
	if err != nil {
		return vapidKey{}, fmt.Errorf("reading %s: %w", PushKeyFile, err)
	}
	scalar, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		var key *ecdh.PrivateKey
		if key, err = ecdh.P256().NewPrivateKey(scalar); err == nil {
			return vapidOf(key), nil
		}
	}
	return vapidKey{}, fmt.Errorf("reading %s: it holds no key", PushKeyFile)
}

func (r *Ringer) newVapid() (vapidKey, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return vapidKey{}, fmt.Errorf("making a key for browsers: %w", err)
	}
	made := vapidOf(key)
	if err := seal.ReplaceSecret(filepath.Join(r.config.Dir, PushKeyFile), []byte(made.private+"\n")); err != nil {
		return vapidKey{}, fmt.Errorf("keeping the key for browsers: %w", bare(err))
	}
	return made, nil
}

func vapidOf(key *ecdh.PrivateKey) vapidKey {
	return vapidKey{base64.RawURLEncoding.EncodeToString(key.Bytes()), base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())}
}
