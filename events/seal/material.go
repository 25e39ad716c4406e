package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"handrail/events"
)

// payloadType is the version of the CloudEvents verifiability extension.
const payloadType = "https://cloudevents.io/verifiability/dsse/v0.1"

// material is what dssematerial holds, taken apart.
type material struct {
	payload []byte // what is signed: digests of the event
	keyID   events.KeyID
	sig     []byte
}

// encode gives the only form that we accept: one member order, no white space.
func (m material) encode() string {
	var b strings.Builder
	b.WriteString(`{"payload":"`)
	b.WriteString(base64.StdEncoding.EncodeToString(m.payload))
	b.WriteString(`","payloadType":"` + payloadType + `","signatures":[{"keyid":"`)
	b.WriteString(string(m.keyID))
	b.WriteString(`","sig":"`)
	b.WriteString(base64.StdEncoding.EncodeToString(m.sig))
	b.WriteString(`"}]}`)
	return base64.StdEncoding.EncodeToString([]byte(b.String()))
}

// parseMaterial reads dssematerial. What it accepts encodes to the same text.
func parseMaterial(text string) (material, error) {
	invalid := signatureInvalid()
	raw, err := strictBase64(base64.StdEncoding, text)
	if err != nil {
		return material{}, invalid
	}
	rest, ok := strings.CutPrefix(string(raw), `{"payload":"`)
	payload, rest, ok2 := strings.Cut(rest, `","payloadType":"`+payloadType+`","signatures":[{"keyid":"`)
	key, rest, ok3 := strings.Cut(rest, `","sig":"`)
	sig, ok4 := strings.CutSuffix(rest, `"}]}`)
	if !ok || !ok2 || !ok3 || !ok4 {
		return material{}, invalid
	}
	var m material
	if m.payload, err = strictBase64(base64.StdEncoding, payload); err != nil {
		return material{}, invalid
	}
	if err = m.keyID.UnmarshalText([]byte(key)); err != nil {
		return material{}, invalid
	}
	if m.sig, err = strictBase64(base64.StdEncoding, sig); err != nil || len(m.sig) != ed25519.SignatureSize {
		return material{}, invalid
	}
	return m, nil
}

// payloadOf builds the verification material of an event whose data has the
// given SHA-256: the extension's digests, over the attributes' canonical strings.
func payloadOf(e events.Event, dataDigest [32]byte) []byte {
	core := digestOf([]string{string(e.ID), e.Source, specVersion, string(e.Type), e.DataContentType, e.DataSchema, e.Subject, e.Time.String()}, dataDigest[:])
	signed := events.SignedExtensions(e.Type)
	values := make([]string, 0, len(signed))
	for _, name := range signed {
		values = append(values, extension(e, name))
	}
	ext := digestOf(values, nil)
	return []byte(`{"core":"` + base64.StdEncoding.EncodeToString(core[:]) +
		`","ext":"` + base64.StdEncoding.EncodeToString(ext[:]) +
		`","signedextattrs":["` + strings.Join(signed, `","`) + `"]}`)
}

// specVersion is the version of CloudEvents, an attribute of every event.
const specVersion = "1.0"

// digestOf is the extension's digest over the digests of values, and more.
func digestOf(values []string, more []byte) [32]byte {
	all := make([]byte, 0, 32*9) // the core has nine
	for _, value := range values {
		sum := sha256.Sum256([]byte(value))
		all = append(all, sum[:]...)
	}
	return sha256.Sum256(append(all, more...))
}

// extension is the value of a signed extension attribute.
func extension(e events.Event, name string) string {
	switch name {
	case "hub":
		return e.Hub
	case "sequence":
		return e.Sequence
	case "correlationid":
		return string(e.CorrelationID)
	case "causationid":
		return string(e.CausationID)
	case "traceparent":
		return e.TraceParent
	case "plaincommit":
		return e.PlainCommit
	}
	return ""
}

// preAuthentication is DSSE v1's PAE of a payload: what the key signs.
func preAuthentication(payload []byte) []byte {
	head := "DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " "
	return append([]byte(head), payload...)
}

// KeyOf reads which key an event claims to be signed with. The form of its
// dssematerial is checked strictly, the signature not at all. The error is a
// violation of signature-invalid.
func KeyOf(e events.Event) (events.KeyID, error) {
	m, err := parseMaterial(e.DSSEMaterial)
	return m.keyID, err
}

// Verify refuses, as signature-invalid, an event that public did not sign: it
// builds the bytes of dssematerial from the event and compares, so that there
// is one form for one signature and every attribute and the data are covered.
func Verify(e events.Event, public events.PublicKey) error {
	return verify(e, sha256.Sum256(e.Data), public)
}

// VerifyMaterial does what [Verify] does from what an entry keeps: the event's
// attributes and the SHA-256 of its data. It still works when the data are
// erased. Attributes that are no event's are refused with their own rule.
func VerifyMaterial(attributes []events.Attribute, dataDigest [32]byte, public events.PublicKey) error {
	e, err := events.Parse(attributes, nil)
	if err != nil {
		return err
	}
	return verify(e, dataDigest, public)
}

func verify(e events.Event, dataDigest [32]byte, public events.PublicKey) error {
	claim, err := ClaimOf(e, dataDigest, public)
	if err != nil {
		return err
	}
	return claim.Verify()
}

// Digest identifies a submission: SHA-256 over the key id's 64 characters and
// the signed payload, which holds digests of everything but the signature. Two
// submissions with the same source and id are the same if their digests agree.
// It is meant for verified events; without a readable key id it covers none.
func Digest(e events.Event) [32]byte {
	id, _ := KeyOf(e)
	return sha256.Sum256(append([]byte(id), payloadOf(e, sha256.Sum256(e.Data))...))
}

func signatureInvalid() *events.Violation {
	return events.Refuse(events.RuleSignatureInvalid, "attribute dssematerial",
		"the signature does not fit the event; sign what is sent, in the one form of the wire contract, with a key of the directory")
}
