package tlog

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/events"
)

const leafTag = "handrail-leaf v1\n"

// Opening opens a leaf: who holds it can show which entry the leaf stands for.
// When it is destroyed the leaf says nothing any more, and still proves its place.
type Opening struct {
	Salt  [32]byte
	Entry []byte // entry bytes
}

// NewOpening makes the opening of a new entry with a salt from random (crypto/rand in
// production). It refuses an entry whose bytes [ParseEntry] would not accept.
func NewOpening(e Entry, random io.Reader) (Opening, error) {
	o := Opening{Entry: e.Bytes()}
	if _, err := ParseEntry(o.Entry); err != nil {
		return Opening{}, err
	}
	if _, err := io.ReadFull(random, o.Salt[:]); err != nil {
		return Opening{}, fmt.Errorf("reading a salt: %w", err)
	}
	return o, nil
}

// Leaf is what the public log stores: the version tag and
// HMAC-SHA-256(salt, entry bytes), 49 bytes.
func (o Opening) Leaf() []byte {
	mac := hmac.New(sha256.New, o.Salt[:])
	mac.Write(o.Entry)
	return mac.Sum([]byte(leafTag))
}

// LeafHash is the leaf's RFC 6962 hash, SHA-256(0x00 || leaf).
func (o Opening) LeafHash() Hash { return sumdb.RecordHash(o.Leaf()) }

// SubmissionDigest identifies a submission as it arrived, well-formed or not:
// SHA-256 over SHA-256(name) and SHA-256(value) of every attribute in the order
// of their names, then SHA-256(data). Both sides can compute it.
func SubmissionDigest(attributes []events.Attribute, data []byte) [32]byte {
	return submissionDigest(attributes, sha256.Sum256(data))
}

// SubmissionDigest is the [SubmissionDigest] of the submission that an admitted
// entry records: an entry keeps the attributes and the digest of the data.
func (e Entry) SubmissionDigest() [32]byte { return submissionDigest(e.Attributes, e.DataDigest) }

func submissionDigest(attributes []events.Attribute, data [32]byte) [32]byte {
	sorted := slices.SortedStableFunc(slices.Values(attributes), func(a, b events.Attribute) int { return cmp.Compare(a.Name, b.Name) })
	h := sha256.New()
	part := func(b []byte) {
		digest := sha256.Sum256(b)
		h.Write(digest[:])
	}
	for _, a := range sorted {
		part([]byte(a.Name))
		part([]byte(a.Value))
	}
	h.Write(data[:])
	return [32]byte(h.Sum(nil))
}

// SaltedDigest is what a refused entry keeps of a submission, so that the entry
// alone cannot be matched against guesses: HMAC-SHA-256(salt, submission digest).
func SaltedDigest(salt, submission [32]byte) [32]byte {
	mac := hmac.New(sha256.New, salt[:])
	mac.Write(submission[:])
	return [32]byte(mac.Sum(nil))
}
