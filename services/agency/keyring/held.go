package keyring

import (
	"fmt"
	"os"
	"time"
)

// State is whether a key counts.
type State string

// The states.
const (
	Current State = "current" // in force; or, as long as no other is listed, taken for it
	Waiting State = "waiting" // said, without the ledger's answer yet
	Aside   State = "aside"   // replaced or never said: only reads and verifies what is left
)

// Key is one of the agency's keys, without the secret.
type Key struct {
	ID        string // hexadecimal SHA-256 of the public key; of the verifier key for a witness
	Use       Use
	State     State
	Protected bool      // by a passphrase
	File      string    // name in the agency's folder
	Since     time.Time // when it was set aside; zero unless it is
	Until     time.Time // when it may be destroyed; zero unless it is set aside
}

// Held lists the keys of the folder. Error: a file cannot be looked at.
func (k *Keyring) Held() ([]Key, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	list := make([]Key, 0, len(k.held))
	for _, h := range k.held {
		key := Key{ID: h.id, Use: h.use, State: k.state(h), Protected: h.locked, File: h.file}
		if key.State == Aside {
			info, err := os.Stat(k.config.path(h.file))
			if err != nil {
				return nil, fmt.Errorf("reading since when a key is set aside: %w", err)
			}
			key.Since = info.ModTime().UTC()
			key.Until = key.Since.Add(AfterLife)
		}
		list = append(list, key)
	}
	return list, nil
}

// state says whether a key counts. While nothing is listed nobody knows which are
// replaced, and none is. Keyring.mu is held.
func (k *Keyring) state(key heldKey) State {
	switch {
	case k.listed == nil || key.public == key.use.of(*k.listed):
		return Current
	case k.next != nil && key.public == key.use.of(*k.next):
		return Waiting
	case key.file == key.use.File():
		return Current
	}
	return Aside
}
