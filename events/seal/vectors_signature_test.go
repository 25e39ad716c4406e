package seal_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

const (
	sentenceBytes   = "`dssematerial` is standard base64 of `{\"payload\":P,\"payloadType\":\"https://cloudevents.io/verifiability/dsse/v0.1\",\"signatures\":[{\"keyid\":K,\"sig\":S}]}`, members in this order, no white space; P is base64 of `{\"core\":C,\"ext\":E,\"signedextattrs\":[…]}`."
	sentenceForm    = "A verifier rebuilds these bytes from the event; any other form is `signature-invalid`."
	sentenceList    = "`signedextattrs` lists, in this order, `hub`, `sequence`, `correlationid`, `causationid`, `traceparent`, and on records `plaincommit`; control messages leave out `sequence`."
	sentenceKeyID   = "The signature is Ed25519 over the DSSE pre-authentication encoding; `keyid` is the lower-case hexadecimal SHA-256 of the raw 32-byte public key."
	sentenceDigest  = "the digest is SHA-256 over the key id and the DSSE payload bytes."
	sentenceRequest = "It counts within 60 seconds, once."
)

func pairs(e events.Event) [][2]string {
	var all [][2]string
	for _, a := range e.Attributes() {
		all = append(all, [2]string{a.Name, a.Value})
	}
	return all
}

func signingSeed(t testing.TB, key seal.SigningKey) string {
	t.Helper()
	return hex.EncodeToString(exported(t, key).(ed25519.PrivateKey).Seed())
}

func signingGiven(t testing.TB, key seal.SigningKey) map[string]any {
	t.Helper()
	return map[string]any{"seed_hex": signingSeed(t, key), "public": key.Public(), "keyid": key.ID()}
}

func position() events.Event {
	e := envelope(events.TypeControlPosition, "01936a00-0000-7000-8000-000000000004")
	e.Subject, e.Sequence, e.CorrelationID, e.CausationID = "sampletown-police", "", e.ID, e.ID
	e.Data = []byte(`{"position":41}`)
	return e
}

func TestSignatureVectors(t *testing.T) {
	key := signingKey(t, "police")
	file := vectorFile{
		About: "Signing and verifying events. input.attributes lists name and value in the order of the contract, without dssematerial; input.data is the data's text. " +
			"A refused vector is a received event, dssematerial included, to be verified with given.key.",
		Given: map[string]any{"key": signingGiven(t, key)},
	}
	for _, c := range []struct {
		name, sentence string
		event          events.Event
	}{{"facts", sentenceBytes, acknowledged()}, {"record", sentenceList, fixedRecord(t)}, {"control", sentenceKeyID, position()}} {
		file.Vectors = append(file.Vectors, signedVector(t, key, c.name, c.sentence, c.event))
	}
	signed, err := key.Sign(acknowledged())
	must(t, err)
	file.Vectors = append(file.Vectors, refusedSignatures(t, key, signed)...)
	file.Vectors = append(file.Vectors, vector{
		Name: "digest of a submission", Sentence: sentenceDigest,
		Input:  map[string]any{"keyid": key.ID(), "payload": payloadText(t, signed)},
		Output: map[string]any{"sha256_hex": digestHex(signed)},
	})
	publish(t, "signature.json", file)
}

func digestHex(e events.Event) string {
	sum := seal.Digest(e)
	return hex.EncodeToString(sum[:])
}

func signedVector(t *testing.T, key seal.SigningKey, name, sentence string, unsigned events.Event) vector {
	t.Helper()
	signed, err := key.Sign(unsigned)
	must(t, err)
	must(t, seal.Verify(signed, key.Public()))
	attributes := pairs(signed)
	payload := payloadText(t, signed)
	return vector{
		Name: name, Sentence: sentence,
		Input: map[string]any{"attributes": attributes[:len(attributes)-1], "data": string(signed.Data)},
		Output: map[string]any{
			"data_sha256_base64": base64Sum(signed.Data), "payload": payload,
			"pre_authentication": "DSSEv1 46 https://cloudevents.io/verifiability/dsse/v0.1 " + itoa(len(payload)) + " " + payload,
			"dssematerial":       signed.DSSEMaterial, "submission_sha256_hex": digestHex(signed),
		},
	}
}

func payloadText(t testing.TB, signed events.Event) string {
	t.Helper()
	core, ext := digestsByTheBook(signed, events.SignedExtensions(signed.Type))
	return `{"core":"` + base64.StdEncoding.EncodeToString(core) + `","ext":"` + base64.StdEncoding.EncodeToString(ext) +
		`","signedextattrs":["` + strings.Join(events.SignedExtensions(signed.Type), `","`) + `"]}`
}

func base64Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func refusedSignatures(t *testing.T, key seal.SigningKey, signed events.Event) []vector {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(signed.DSSEMaterial)
	must(t, err)
	spelt := func(old, new string) events.Event {
		e := signed
		e.DSSEMaterial = base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(raw), old, new, 1)))
		return e
	}
	changed := func(change func(*events.Event)) events.Event {
		e := signed
		change(&e)
		return e
	}
	other, err := signingKey(t, "shelter").Sign(acknowledged())
	must(t, err)
	var all []vector
	for _, c := range []struct {
		name, sentence string
		event          events.Event
	}{
		{"white space", sentenceBytes, spelt(`,"payloadType"`, `, "payloadType"`)},
		{"member order", sentenceBytes, spelt(`"keyid":"`+string(key.ID())+`","sig":`, `"sig":"","keyid":`)},
		{"second signature", sentenceForm, spelt(`"}]}`, `"},{"keyid":"`+string(key.ID())+`","sig":""}]}`)},
		{"key id in capitals", sentenceKeyID, spelt(string(key.ID()), strings.ToUpper(string(key.ID())))},
		{"another key", sentenceKeyID, other},
		{"sequence changed", sentenceList, changed(func(e *events.Event) { e.Sequence = events.Sequence(8).String() })},
		{"trace changed", sentenceList, changed(func(e *events.Event) { e.TraceParent = strings.Replace(e.TraceParent, "-01", "-00", 1) })},
		{"data changed", sentenceForm, changed(func(e *events.Event) { e.Data = append([]byte(" "), e.Data...) })},
	} {
		err := seal.Verify(c.event, key.Public())
		all = append(all, vector{
			Name: c.name, Sentence: c.sentence,
			Input:   map[string]any{"attributes": pairs(c.event), "data": string(c.event.Data)},
			Refused: refusalOf(t, err),
		})
	}
	return all
}

func refusalOf(t *testing.T, err error) *refusal {
	t.Helper()
	v, ok := errors.AsType[*events.Violation](err)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	return &refusal{string(v.Rule), v.Pointer}
}
