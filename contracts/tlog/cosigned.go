package tlog

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/events"
)

// maxSignatures is the most signatures that a note may have (package note).
const maxSignatures = 100

// Cosigner is an agency whose cosignatures count, as the directory lists it.
type Cosigner struct {
	Agency events.AgencyID
	Kind   events.AgencyKind
	Key    note.Verifier // see [NewWitnessVerifier]
}

// Cosignature is an agency's word that at an instant the largest log that it had
// seen had this checkpoint.
type Cosignature struct {
	Agency events.AgencyID
	Kind   events.AgencyKind
	At     time.Time // UTC, whole seconds
	Line   []byte    // the signature line of the note, with its line feed
}

// Cosignatures gives the cosignatures of a checkpoint by the given cosigners, in
// the order of the note, each agency once and each key once: a cosignature does not
// name its witness, so one key under two names would count for both. Signatures by
// other keys are ignored, the log's too: see [ParseCheckpoint]. A bad signature by a cosigner's key is an
// error, as in every signed note: [ErrCheckpoint].
func Cosignatures(checkpoint []byte, cosigners []Cosigner) ([]Cosignature, error) {
	type key struct {
		name string
		id   uint32
	}
	verifiers, byKey := make([]note.Verifier, len(cosigners)), map[key]Cosigner{}
	for i, c := range cosigners {
		verifiers[i], byKey[key{c.Key.Name(), c.Key.KeyHash()}] = c.Key, c
	}
	n, err := openAny(checkpoint, verifiers...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if _, err := parseCheckpointText(n.Text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	var all []Cosignature
	seen, used := map[events.AgencyID]bool{}, map[string]bool{}
	for _, s := range n.Sigs {
		c := byKey[key{s.Name, s.Hash}]
		witness, ours := c.Key.(cosignatureVerifier)
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil || !ours || len(raw) != 4+cosignatureBytes || seen[c.Agency] || used[string(witness.public)] {
			continue
		}
		seen[c.Agency], used[string(witness.public)] = true, true
		at := time.Unix(signed(binary.BigEndian.Uint64(raw[4:])), 0).UTC()
		all = append(all, Cosignature{c.Agency, c.Kind, at, []byte(signatureLine(s))})
	}
	return all, nil
}

// openAny opens a note that need not bear a signature by any of the keys. No
// signature that it gives is in a second form.
func openAny(signed []byte, keys ...note.Verifier) (*note.Note, error) {
	if len(signed) > MaxCheckpointBytes {
		return nil, errors.New("it is longer than any checkpoint")
	}
	n, err := note.Open(signed, note.VerifierList(keys...))
	if unverified := (*note.UnverifiedNoteError)(nil); errors.As(err, &unverified) {
		n, err = unverified.Note, nil
	}
	if err != nil {
		return nil, err
	}
	return n, oneForm(n)
}

func signatureLine(s note.Signature) string { return "— " + s.Name + " " + s.Base64 + "\n" }

// WithCosignatures adds signature lines to a checkpoint, as [Cosignature] has
// them. It judges none of them. A line that is no signature line, or by a key that
// has signed already, is left out; so is what comes behind the 100th signature or
// would make it longer than [MaxCheckpointBytes], because nobody would read such a note.
func WithCosignatures(signed []byte, lines [][]byte) []byte {
	out := bytes.Clone(signed)
	n, err := openAny(signed)
	if err != nil {
		return out
	}
	seen, count := map[string]bool{}, len(n.UnverifiedSigs)
	for _, s := range n.UnverifiedSigs {
		seen[fmt.Sprintf("%s %08x", s.Name, s.Hash)] = true
	}
	for _, line := range lines {
		one, err := openAny([]byte(n.Text + "\n" + string(line)))
		if err != nil || len(one.UnverifiedSigs) != 1 || strings.Count(string(line), "\n") != 1 {
			continue
		}
		s := one.UnverifiedSigs[0]
		key := fmt.Sprintf("%s %08x", s.Name, s.Hash)
		if seen[key] || count == maxSignatures || len(out)+len(line) > MaxCheckpointBytes {
			continue
		}
		seen[key] = true
		count++
		out = append(out, line...)
	}
	return out
}
