package audit

import (
	"fmt"

	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"handrail/events"
	"handrail/events/seal"
)

// signatures checks many signatures at once. The keys of a directory are few, so
// each is prepared once.
type signatures struct {
	keys map[string]*ed25519.ExpandedPublicKey // by the key's bytes; read-only
}

func newSignatures(d *directory) (*signatures, error) {
	s := &signatures{map[string]*ed25519.ExpandedPublicKey{}}
	all := []events.PublicKey{d.founded.Signing}
	for _, l := range d.listings {
		all = append(all, l.Signing)
	}
	for _, key := range all {
		raw, err := key.Bytes()
		if err != nil {
			return nil, fmt.Errorf("reading a key of the directory: %w", err)
		}
		expanded, err := ed25519.NewExpandedPublicKey(raw)
		if err != nil {
			continue // one that no library but the standard one takes: its signatures are checked one by one
		}
		s.keys[string(raw)] = expanded
	}
	return s, nil
}

// signatureBatch collects claims. It is used by one goroutine.
type signatureBatch struct {
	of      *signatures
	all     *ed25519.BatchVerifier
	claims  []seal.Claim
	numbers []uint64
	single  bool // one of the keys is not prepared
}

func (s *signatures) batch() *signatureBatch {
	return &signatureBatch{of: s, all: ed25519.NewBatchVerifierWithCapacity(chunkEntries)}
}

func (b *signatureBatch) add(number uint64, claim seal.Claim) {
	b.claims, b.numbers = append(b.claims, claim), append(b.numbers, number)
	if key, prepared := b.of.keys[string(claim.Public)]; prepared {
		b.all.AddExpanded(key, claim.Message, claim.Signature)
	} else {
		b.single = true
	}
}

func (b *signatureBatch) size() uint64 { return uint64(len(b.claims)) }

// verify checks all of them. When they do not hold together it checks one by one,
// as the hub did, and gives the entry of the first that fails.
func (b *signatureBatch) verify() (number uint64, err error) {
	if len(b.claims) == 0 || !b.single && b.all.VerifyBatchOnly(nil) {
		return 0, nil
	}
	for i, claim := range b.claims {
		if err := claim.Verify(); err != nil {
			return b.numbers[i], err
		}
	}
	return 0, nil
}
