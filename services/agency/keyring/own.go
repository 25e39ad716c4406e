package keyring

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// ListingsFile has every listing that this agency said of itself, a JSON object a
// line. Nothing in it is secret. With it an agency that lost its journal can follow
// its own changes of keys, of which the log keeps digests only.
const ListingsFile = "listings.jsonl"

// Public gives a signing key of this agency, of now or of before.
func (k *Keyring) Public(id events.KeyID) (events.PublicKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if key, held := k.withID(Signing, string(id)); held {
		return events.PublicKey(key.public), true
	}
	for _, l := range k.own {
		if listed, err := seal.SigningKeyID(l.Signing); err == nil && listed == id {
			return l.Signing, true
		}
	}
	return "", false
}

// Cosigners verify what this agency cosigned, with its witness keys of now and of before.
func (k *Keyring) Cosigners() note.Verifiers {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var all []note.Verifier
	seen := map[string]bool{}
	add := func(verifier string) {
		if v, err := tlog.NewWitnessVerifier(verifier); err == nil && !seen[verifier] {
			seen[verifier] = true
			all = append(all, v)
		}
	}
	for _, key := range k.held {
		if key.use == Witness {
			add(key.public)
		}
	}
	for _, l := range k.own {
		add(l.Witness)
	}
	return note.VerifierList(all...)
}

// Said gives the listing that this agency once said as directory.keyed, by the
// SHA-256 of the event's data.
func (k *Keyring) Said(digest [32]byte) (*events.DirectoryKeyed, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, l := range k.own {
		p := &events.DirectoryKeyed{Listing: l}
		if data, err := events.Encode(p); err == nil && sha256.Sum256(data) == digest {
			return p, true
		}
	}
	return nil, false
}

// readListings reads the listings file. Each line proves itself; one that does not
// is no listing of this agency, and refused.
func (c Config) readListings() ([]events.Listing, error) {
	text, err := os.ReadFile(c.path(ListingsFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading this agency's listings: %w", err)
	}
	var all []events.Listing
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var l events.Listing
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("reading this agency's listings: %s is damaged", ListingsFile)
		}
		if err := seal.CheckListing(l, c.Hub.Origin()); err != nil || l.Agency != c.Agency {
			return nil, fmt.Errorf("reading this agency's listings: %s has one that is not of this agency", ListingsFile)
		}
		all = append(all, l)
	}
	return all, nil
}

func (c Config) writeListings(all []events.Listing) error {
	var text bytes.Buffer
	for _, l := range all {
		line, err := json.Marshal(l, json.Deterministic(true))
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	return seal.ReplaceSecret(c.path(ListingsFile), text.Bytes())
}
