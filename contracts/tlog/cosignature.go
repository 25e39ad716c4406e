package tlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/events"
)

// algorithmCosignature is the key type of Ed25519 cosignatures in signed-note keys.
const algorithmCosignature = 4

const (
	witnessSecret    = "PRIVATE+KEY+"
	cosignatureBytes = 8 + ed25519.SignatureSize // time, signature
	lastSecond       = 253402300799              // 9999-12-31T23:59:59Z: no later time can be written
)

// witnessSyntax is the name of a witness: <origin>/<agency>.
var witnessSyntax = regexp.MustCompile(`^handrail/[a-z0-9-]{1,32}/[a-z0-9-]{1,32}$`)

// WitnessName is the name of an agency's witness key: the log's origin and the agency.
func WitnessName(origin string, agency events.AgencyID) string { return origin + "/" + string(agency) }

// NewWitnessKey makes an agency's witness key: the secret for [ParseWitnessKey], and
// the verifier key for its listing, both in signed-note form (C2SP
// tlog-cosignature, Ed25519). It is used for nothing but cosignatures.
func NewWitnessKey(origin string, agency events.AgencyID, random io.Reader) (secret, verifier string, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return "", "", fmt.Errorf("making a witness key: %w", err)
	}
	name, public := WitnessName(origin, agency), publicOf(seed)
	if !witnessSyntax.MatchString(name) {
		return "", "", errors.New("making a witness key: it needs a hub's origin and an agency's id")
	}
	id := cosignatureKeyID(name, public)
	return witnessSecret + joinKey(name, id, seed), joinKey(name, id, public), nil
}

// joinKey is a key of the cosignature type in signed-note form.
func joinKey(name string, id uint32, raw []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(append([]byte{algorithmCosignature}, raw...)))
}

func publicOf(seed []byte) ed25519.PublicKey {
	public, _ := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey) // that is what it is
	return public
}

func cosignatureKeyID(name string, public ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{algorithmCosignature})
	h.Write(public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// WitnessKey is an agency's secret for cosigning checkpoints.
type WitnessKey struct {
	verifier cosignatureVerifier
	private  ed25519.PrivateKey
}

// ParseWitnessKey reads the secret that [NewWitnessKey] made.
func ParseWitnessKey(secret string) (WitnessKey, error) {
	rest, ok := strings.CutPrefix(secret, witnessSecret)
	name, id, seed, err := splitKey(rest)
	if !ok || err != nil || len(seed) != ed25519.SeedSize {
		return WitnessKey{}, errors.New("reading a witness key: it is no Ed25519 cosigner's secret")
	}
	public := publicOf(seed)
	if cosignatureKeyID(name, public) != id {
		return WitnessKey{}, errors.New("reading a witness key: its id is of another key")
	}
	return WitnessKey{cosignatureVerifier{name, id, public}, ed25519.NewKeyFromSeed(seed)}, nil
}

// Verifier is the key's public half.
func (k WitnessKey) Verifier() note.Verifier { return k.verifier }

// VKey is the verifier key that goes with the secret, in signed-note form, as a
// listing has it.
func (k WitnessKey) VKey() string {
	return joinKey(k.verifier.name, k.verifier.id, publicOf(k.private.Seed()))
}

// String tells the key by its name, so that no log ever shows the secret.
func (k WitnessKey) String() string { return "witness key " + k.verifier.name }

// GoString is String.
func (k WitnessKey) GoString() string { return k.String() }

// Cosign adds the witness's cosignature of an instant to a checkpoint that the
// log signed, behind the signatures that it has; an older one of the same key is
// left out. Anything but a checkpoint it refuses to sign ([ErrCheckpoint]), but
// whether to cosign this one is [Witness.Judge]'s to say.
func (k WitnessKey) Cosign(signed []byte, log note.Verifier, at time.Time) ([]byte, error) {
	if _, err := ParseCheckpoint(signed, log); err != nil {
		return nil, fmt.Errorf("cosigning a checkpoint: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(log))
	if err != nil {
		return nil, fmt.Errorf("cosigning a checkpoint: %w", err)
	}
	out, err := note.Sign(n, cosigner{k, at})
	if err != nil {
		return nil, fmt.Errorf("cosigning a checkpoint: %w", err)
	}
	return out, nil
}

// cosigner is a witness key at one instant, in the form that package note signs with.
type cosigner struct {
	key WitnessKey
	at  time.Time
}

func (c cosigner) Name() string    { return c.key.verifier.name }
func (c cosigner) KeyHash() uint32 { return c.key.verifier.id }

func (c cosigner) Sign(text []byte) ([]byte, error) {
	seconds := c.at.Unix()
	if seconds <= 0 || seconds > lastSecond {
		return nil, errors.New("a cosignature's time is after 1970 and before the year 10000")
	}
	out := binary.BigEndian.AppendUint64(nil, uint64(seconds))
	return append(out, ed25519.Sign(c.key.private, cosignedText(uint64(seconds), text))...), nil
}

// cosignedText is what a cosignature signs (C2SP tlog-cosignature, Ed25519).
func cosignedText(seconds uint64, checkpoint []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(seconds, 10)+"\n"), checkpoint...)
}

// cosignatureVerifier is a witness's public key.
type cosignatureVerifier struct {
	name   string
	id     uint32
	public ed25519.PublicKey
}

// NewWitnessVerifier reads a witness's verifier key, as its listing has it.
func NewWitnessVerifier(verifier string) (note.Verifier, error) {
	name, id, public, err := splitKey(verifier)
	if err != nil || len(public) != ed25519.PublicKeySize || cosignatureKeyID(name, public) != id {
		return nil, errors.New("reading a witness's key: it is no Ed25519 cosigner's verifier key")
	}
	return cosignatureVerifier{name, id, public}, nil
}

// splitKey takes apart what joinKey put together, and nothing else.
func splitKey(key string) (name string, id uint32, raw []byte, err error) {
	parts := strings.SplitN(key, "+", 3) // the base64 behind may hold plus signs
	if len(parts) != 3 || !witnessSyntax.MatchString(parts[0]) {
		return "", 0, nil, errors.New("it is not the name of a witness, an id and a key")
	}
	number, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return "", 0, nil, errors.New("its id is no number")
	}
	raw, err = base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) == 0 || raw[0] != algorithmCosignature {
		return "", 0, nil, errors.New("it is of another type")
	}
	if joinKey(parts[0], uint32(number), raw[1:]) != key {
		return "", 0, nil, errors.New("it is not in the one form that keys have")
	}
	return parts[0], uint32(number), raw[1:], nil
}

func (v cosignatureVerifier) Name() string    { return v.name }
func (v cosignatureVerifier) KeyHash() uint32 { return v.id }

func (v cosignatureVerifier) Verify(text, signature []byte) bool {
	if len(signature) != cosignatureBytes {
		return false
	}
	seconds := binary.BigEndian.Uint64(signature)
	return seconds > 0 && seconds <= lastSecond && ed25519.Verify(v.public, cosignedText(seconds, text), signature[8:])
}
