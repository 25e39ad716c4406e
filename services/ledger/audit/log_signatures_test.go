package audit

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"

	"handrail/events/seal"
)

// TestABatchOfSignaturesHoldsOnlyIfEachDoes spoils one claim of many, one part of it
// at a time: the batch names that one, as checking one by one would.
func TestABatchOfSignaturesHoldsOnlyIfEachDoes(t *testing.T) {
	b := newBook(t)
	var keys []ed25519.PrivateKey
	for range 3 {
		_, private, err := ed25519.GenerateKey(b.random)
		b.must(err)
		keys = append(keys, private)
	}
	batch := func() *signatureBatch {
		all := &signatureBatch{}
		for i := range 40 {
			key := keys[i%len(keys)]
			message := fmt.Appendf(nil, "statement %d", i)
			all.add(uint64(100+i), seal.Claim{Public: key.Public().(ed25519.PublicKey), Message: message, Signature: ed25519.Sign(key, message)})
		}
		return all
	}
	if all := batch(); !together(all.claims) {
		t.Error("good signatures do not hold together")
	}
	one := batch()
	one.claims, one.numbers = one.claims[:1], one.numbers[:1]
	if !together(one.claims) {
		t.Error("one good signature does not hold")
	}
	for name, spoil := range map[string]func(*seal.Claim){
		"first half of the signature":  func(c *seal.Claim) { c.Signature[3] ^= 1 },
		"second half of the signature": func(c *seal.Claim) { c.Signature[40] ^= 1 },
		"a number above the order":     func(c *seal.Claim) { c.Signature[63] |= 0xf0 },
		"no point":                     func(c *seal.Claim) { copy(c.Signature, bytes.Repeat([]byte{2}, 32)) },
		"the message":                  func(c *seal.Claim) { c.Message[0] ^= 1 },
		"somebody else's key":          func(c *seal.Claim) { c.Public = keys[2].Public().(ed25519.PublicKey) },
		"a key that is none":           func(c *seal.Claim) { c.Public = bytes.Repeat([]byte{2}, 32) },
	} {
		all := batch()
		spoil(&all.claims[7])
		if number, err := all.verify(); err == nil || number != 107 {
			t.Errorf("%s: it names %d and says %v", name, number, err)
		}
	}
	swapped := batch()
	swapped.claims[4].Signature, swapped.claims[8].Signature = swapped.claims[8].Signature, swapped.claims[4].Signature
	if number, err := swapped.verify(); err == nil || number != 104 {
		t.Errorf("exchanged signatures: it names %d and says %v", number, err)
	}
}
