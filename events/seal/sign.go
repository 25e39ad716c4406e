package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"handrail/events"
)

// SigningKey is an agency's (or the hub's) Ed25519 key. Printing it prints its
// id. The zero value signs nothing: every use of it panics.
type SigningKey struct{ private ed25519.PrivateKey }

// NewSigningKey makes a key from 32 bytes of random, which is
// crypto/rand.Reader outside of tests.
func NewSigningKey(random io.Reader) (SigningKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return SigningKey{}, fmt.Errorf("reading random bytes for a signing key: %w", err)
	}
	return SigningKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// Public is the key as the directory lists it.
func (k SigningKey) Public() events.PublicKey {
	return events.PublicKey(base64.StdEncoding.EncodeToString(k.raw()))
}

// ID is the lower-case hexadecimal SHA-256 of the raw 32-byte public key.
func (k SigningKey) ID() events.KeyID { return keyID(k.raw()) }

// String names the key without revealing it.
func (k SigningKey) String() string { return "signing key " + string(k.ID()) }

// GoString names the key without revealing it.
func (k SigningKey) GoString() string { return k.String() }

// SignBytes gives the 64-byte Ed25519 signature of b. The caller answers for b
// beginning unlike anything else that this key signs (see the package).
func (k SigningKey) SignBytes(b []byte) []byte { return ed25519.Sign(k.private, b) }

// Sign gives e with its DSSEMaterial set. It refuses, with the violation that a
// receiver would find, an event whose attributes do not parse.
func (k SigningKey) Sign(e events.Event) (events.Event, error) {
	payload := payloadOf(e, sha256.Sum256(e.Data))
	e.DSSEMaterial = material{
		payload: payload,
		keyID:   k.ID(),
		sig:     k.SignBytes(preAuthentication(payload)),
	}.encode()
	return events.Parse(e.Attributes(), e.Data)
}

func (k SigningKey) raw() ed25519.PublicKey {
	return k.private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // ed25519.PrivateKey.Public documents the type
}

func keyID(public []byte) events.KeyID {
	sum := sha256.Sum256(public)
	return events.KeyID(hex.EncodeToString(sum[:]))
}

// SigningKeyID is the id of a signing key as the directory lists it.
func SigningKeyID(public events.PublicKey) (events.KeyID, error) {
	raw, err := signingBytes(public)
	if err != nil {
		return "", err
	}
	return keyID(raw), nil
}

// signingBytes gives an Ed25519 public key that is fit to verify with: 32 bytes
// in one spelling, and not one of the points of small order, under which anybody
// can sign.
func signingBytes(public events.PublicKey) (ed25519.PublicKey, error) {
	raw, err := strictBase64(base64.StdEncoding, string(public))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("a signing key is base64 of 32 bytes")
	}
	if smallOrder(raw) {
		return nil, errors.New("a signing key is not a point of small order")
	}
	return ed25519.PublicKey(raw), nil
}

// smallOrder recognises the encodings, canonical or not, of the points whose
// order divides 8. The sign bit, the last byte's highest, is ignored.
func smallOrder(public []byte) bool {
	switch hex.EncodeToString(append(public[:31:31], public[31]&0x7f)) {
	case "0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f":
		return true
	}
	return false
}

// The encodings in use as [base64.Encoding.Strict] has them, which makes a new one
// each time it is asked.
//
//nolint:gochecknoglobals // read-only
var strictStandard, strictURL = base64.StdEncoding.Strict(), base64.RawURLEncoding.Strict()

// strictBase64 accepts the one spelling that encoding gives: the standard
// library's Strict still skips line ends, and nothing else.
func strictBase64(encoding *base64.Encoding, text string) ([]byte, error) {
	switch encoding {
	case base64.StdEncoding:
		encoding = strictStandard
	case base64.RawURLEncoding:
		encoding = strictURL
	default:
		encoding = encoding.Strict()
	}
	raw, err := encoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("not the canonical base64 of anything")
	}
	return raw, nil
}
