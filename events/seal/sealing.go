package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// MaxPlaintext is the most that one section may weigh, so that its event stays
// within [events.MaxBytes].
const MaxPlaintext = 512 << 10

const saltBytes = 32

// ErrDisputed says that a record sealed to this key is not what its sender
// committed to: it does not decrypt, holds no section, or holds another one than
// plaincommit says. The recipient answers it with record.disputed.
var ErrDisputed = errors.New("the record is not what its sender committed to")

// ErrOtherKey says that a record is sealed to another key than the one at hand.
var ErrOtherKey = errors.New("the record is sealed to another key")

// SealingKey is an agency's P-256 key, to which others seal records. Printing
// it prints its id. The zero value opens nothing: every use of it panics.
type SealingKey struct{ private *ecdsa.PrivateKey }

// NewSealingKey makes a key from random, which is crypto/rand.Reader outside of
// tests. It takes 32 bytes, and 32 more in the one case of 2^32 that they are
// no key.
func NewSealingKey(random io.Reader) (SealingKey, error) {
	for {
		scalar := make([]byte, 32)
		if _, err := io.ReadFull(random, scalar); err != nil {
			return SealingKey{}, fmt.Errorf("reading random bytes for a sealing key: %w", err)
		}
		if private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar); err == nil {
			return SealingKey{private}, nil
		}
	}
}

// Public is the key as the directory lists it: base64 of the uncompressed point.
func (k SealingKey) Public() events.PublicKey {
	return events.PublicKey(base64.StdEncoding.EncodeToString(k.point()))
}

// ID is the lower-case hexadecimal SHA-256 of the 65-byte uncompressed point.
func (k SealingKey) ID() events.KeyID { return keyID(k.point()) }

// String names the key without revealing it.
func (k SealingKey) String() string { return "sealing key " + string(k.ID()) }

// GoString names the key without revealing it.
func (k SealingKey) GoString() string { return k.String() }

func (k SealingKey) point() []byte {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		panic("a sealing key that is no point of P-256: " + err.Error()) // cannot be made by this package
	}
	return point
}

// SealingKeyID is the id of a sealing key as the directory lists it.
func SealingKeyID(public events.PublicKey) (events.KeyID, error) {
	_, id, err := sealingKey(public)
	return id, err
}

func sealingKey(public events.PublicKey) (*ecdsa.PublicKey, events.KeyID, error) {
	raw, err := strictBase64(base64.StdEncoding, string(public))
	if err != nil {
		return nil, "", errors.New("a sealing key is base64 of 65 bytes")
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return nil, "", errors.New("a sealing key is an uncompressed point of P-256")
	}
	return key, keyID(raw), nil
}

// Seal encrypts one section, a JSON object without white space around it, to
// one recipient. It sets h.KeyID from the key and checks the result as a
// receiver will. The commitment goes into the event's plaincommit. Random gives
// the commitment's salt; the keys of the encryption come from crypto/rand.
func Seal(to events.PublicKey, h events.RecordHeader, plaintext []byte, random io.Reader) (jwe []byte, plaincommit string, err error) {
	key, id, err := sealingKey(to)
	if err != nil {
		return nil, "", fmt.Errorf("reading the recipient's sealing key: %w", err)
	}
	h.KeyID = id
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, "", fmt.Errorf("reading random bytes for a record's salt: %w", err)
	}
	envelope, err := wrap(salt, plaintext)
	if err != nil {
		return nil, "", err
	}
	options := new(jose.EncrypterOptions)
	for name, value := range members(h) {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES_A256KW, Key: key, KeyID: string(id)}, options)
	if err != nil {
		return nil, "", fmt.Errorf("preparing to seal a record: %w", err)
	}
	sealed, err := encrypter.Encrypt(envelope)
	if err != nil {
		return nil, "", fmt.Errorf("sealing a record: %w", err)
	}
	compact, err := sealed.CompactSerialize()
	if err != nil {
		return nil, "", fmt.Errorf("sealing a record: %w", err)
	}
	if _, err := ParseRecord([]byte(compact)); err != nil {
		return nil, "", err
	}
	return []byte(compact), commitment(salt, plaintext), nil
}

// members are the custom members of the protected header; kid is go-jose's.
func members(h events.RecordHeader) map[string]any {
	return map[string]any{
		"source": h.Source, "id": string(h.ID), "to": string(h.To), "case": string(h.Case), "referral": string(h.Referral),
		"purpose": string(h.Purpose), "type": string(h.Type), "section": string(h.Section),
	}
}

// Open decrypts a record and checks it against its event's plaincommit. It
// gives the section's bytes as they were sealed. Errors: a violation of
// record-header, [ErrOtherKey], or [ErrDisputed].
func (k SealingKey) Open(jwe []byte, plaincommit string) (plaintext []byte, err error) {
	header, err := ParseRecord(jwe)
	if err != nil {
		return nil, err
	}
	if header.KeyID != k.ID() {
		return nil, ErrOtherKey
	}
	sealed, err := jose.ParseEncryptedCompact(string(jwe), []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, recordHeader("the record is not a compact JWE of the wire contract's form")
	}
	envelope, err := sealed.Decrypt(k.private)
	if err != nil {
		return nil, fmt.Errorf("%w: it does not decrypt", ErrDisputed)
	}
	salt, section, err := unwrap(envelope)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(commitment(salt, section)), []byte(plaincommit)) {
		return nil, fmt.Errorf("%w: it holds another section than its commitment says", ErrDisputed)
	}
	return section, nil
}

// wrap gives the plaintext that is encrypted: the salt and the section.
func wrap(salt, section []byte) ([]byte, error) {
	if len(section) > MaxPlaintext {
		return nil, events.Refuse(events.RuleEventTooLarge, "", "a section of a record is at most 512 KiB")
	}
	if value := jsontext.Value(section); len(section) == 0 || section[0] != '{' || section[len(section)-1] != '}' || !value.IsValid() {
		return nil, events.Refuse(events.RuleDataMalformed, "", "a section of a record is one JSON object")
	}
	head := `{"salt":"` + base64.StdEncoding.EncodeToString(salt) + `","section":`
	return append(append([]byte(head), section...), '}'), nil
}

func unwrap(envelope []byte) (salt, section []byte, err error) {
	var e struct {
		Salt    string         `json:"salt"`
		Section jsontext.Value `json:"section"`
	}
	if err := json.Unmarshal(envelope, &e, json.RejectUnknownMembers(true)); err != nil {
		return nil, nil, fmt.Errorf("%w: it holds no salted section", ErrDisputed) // the decoder's error would repeat personal data
	}
	salt, err = strictBase64(base64.StdEncoding, e.Salt)
	if err != nil || len(salt) != saltBytes || e.Section.Kind() != '{' {
		return nil, nil, fmt.Errorf("%w: it holds no salted section", ErrDisputed)
	}
	return salt, e.Section, nil
}

func commitment(salt, section []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write(section)
	return hex.EncodeToString(mac.Sum(nil))
}
