package seal

import (
	"bytes"
	"crypto/ed25519"

	"handrail/events"
)

// Claim is an event's signature that is still to be checked: whoever verifies
// many of them does it in batches. Everything about it but the signature itself
// is in order: the key is the listed one, and the message covers every attribute
// and the digest of the data.
type Claim struct {
	Public    ed25519.PublicKey
	Message   []byte
	Signature []byte // 64 bytes
}

// ClaimOf builds the claim of an event whose data have the given SHA-256, like
// [VerifyMaterial]. It refuses, as signature-invalid, what no signature could mend.
func ClaimOf(e events.Event, dataDigest [32]byte, public events.PublicKey) (Claim, error) {
	m, err := parseMaterial(e.DSSEMaterial)
	if err != nil {
		return Claim{}, err
	}
	raw, err := signingBytes(public)
	if err != nil || m.keyID != keyID(raw) || !bytes.Equal(m.payload, payloadOf(e, dataDigest)) {
		return Claim{}, signatureInvalid()
	}
	return Claim{raw, preAuthentication(m.payload), m.sig}, nil
}

// Verify refuses a claim that its key did not sign.
func (c Claim) Verify() error {
	if !ed25519.Verify(c.Public, c.Message, c.Signature) {
		return signatureInvalid()
	}
	return nil
}
