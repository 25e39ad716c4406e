package tlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"handrail/events"
)

// NewLogKey makes the log's signing key in signed-note form from 32 bytes of
// random (crypto/rand in production). skey is the secret; vkey is published and
// pinned by every agency.
func NewLogKey(origin string, random io.Reader) (skey, vkey string, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return "", "", fmt.Errorf("reading random bytes for a log key: %w", err)
	}
	public, ok := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !ok {
		return "", "", errors.New("making a log key: the key has no Ed25519 public half")
	}
	vkey, err = note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return "", "", fmt.Errorf("making a log key: %w", err)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(vkey, origin+"+"), "+")
	skey = "PRIVATE+KEY+" + origin + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, seed...))
	if _, err := note.NewSigner(skey); err != nil {
		return "", "", fmt.Errorf("making a log key: %w", err)
	}
	return skey, vkey, nil
}

// algEd25519 is the signed note's number for Ed25519.
const algEd25519 = 1

// HubKeyName is the name under which the hub's signing key signs statements.
func HubKeyName(hub events.HubID) string { return hub.Origin() + "/hub" }

// HubVerifier checks statements by the hub's public key as the directory has it.
func HubVerifier(hub events.HubID, public events.PublicKey) (note.Verifier, error) {
	raw, err := public.Bytes()
	if err != nil {
		return nil, fmt.Errorf("reading the hub's key: %w", err)
	}
	vkey, err := note.NewEd25519VerifierKey(HubKeyName(hub), raw)
	if err != nil {
		return nil, fmt.Errorf("reading the hub's key: %w", err)
	}
	return note.NewVerifier(vkey)
}

// HubSigner signs statements with the hub's signing key, which stays with its
// owner: sign gives the Ed25519 signature over the bytes as they are. It fails
// when the key is not the published one. Texts signed here begin with
// "handrail-delivery v1", so none can pass for an event or a listing.
func HubSigner(hub events.HubID, public events.PublicKey, sign func([]byte) []byte) (note.Signer, error) {
	verifier, err := HubVerifier(hub, public)
	if err != nil {
		return nil, err
	}
	if probe := []byte("handrail-delivery v1\n"); !verifier.Verify(probe, sign(probe)) {
		return nil, errors.New("the hub's private key is not of its published key")
	}
	return hubSigner{verifier, sign}, nil
}

type hubSigner struct {
	note.Verifier // name and key hash

	sign func([]byte) []byte
}

// Sign implements note.Signer.
func (s hubSigner) Sign(text []byte) ([]byte, error) { return s.sign(text), nil }

// openNote gives the text of a note signed by key. It refuses signature lines
// in any other than their one base64 form.
func openNote(signed []byte, key note.Verifier) (string, error) {
	if len(signed) > MaxCheckpointBytes {
		return "", errors.New("it is longer than any note of ours")
	}
	n, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return "", err
	}
	return n.Text, oneForm(n)
}

// oneForm checks that no signature of a note is in a second form.
func oneForm(n *note.Note) error {
	for _, s := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return errors.New("a signature is not in the one form that it has")
		}
	}
	return nil
}
