package seal_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"

	"handrail/events"
	"handrail/events/seal"
)

func TestASignedEventVerifies(t *testing.T) {
	key := signingKey(t, "police")
	for name, e := range map[string]events.Event{"facts": acknowledged(), "record": sealedEvent(t)} {
		t.Run(name, func(t *testing.T) {
			signed, err := key.Sign(e)
			must(t, err)
			must(t, seal.Verify(signed, key.Public()))
			must(t, seal.VerifyMaterial(signed.Attributes(), sha256.Sum256(signed.Data), key.Public()))
			id, err := seal.KeyOf(signed)
			must(t, err)
			listed, err := seal.SigningKeyID(key.Public())
			must(t, err)
			if id != key.ID() || listed != id {
				t.Error("the event names another key than the one that signed it")
			}
			refused(t, seal.Verify(signed, signingKey(t, "shelter").Public()), events.RuleSignatureInvalid)
		})
	}
}

func TestTheSignatureIsDSSE(t *testing.T) {
	key := signingKey(t, "police")
	signed, err := key.Sign(acknowledged())
	must(t, err)
	raw, err := base64.StdEncoding.DecodeString(signed.DSSEMaterial)
	must(t, err)
	var envelope dsse.Envelope
	must(t, json.Unmarshal(raw, &envelope))
	public, err := key.Public().Bytes()
	must(t, err)
	verifier, err := signerverifier.NewED25519SignerVerifierFromSSLibKey(&signerverifier.SSLibKey{
		KeyType: signerverifier.ED25519KeyType, Scheme: signerverifier.ED25519KeyType,
		KeyID: string(key.ID()), KeyVal: signerverifier.KeyVal{Public: hex.EncodeToString(public)},
	})
	must(t, err)
	verify, err := dsse.NewEnvelopeVerifier(verifier)
	must(t, err)
	_, payload, err := verify.VerifyAndDecode(context.Background(), &envelope)
	must(t, err)

	var digests struct {
		Core, Ext      []byte
		SignedExtAttrs []string
	}
	must(t, json.Unmarshal(payload, &digests))
	core, ext := digestsByTheBook(signed, digests.SignedExtAttrs)
	if !slices.Equal(core, digests.Core) || !slices.Equal(ext, digests.Ext) || !slices.Equal(digests.SignedExtAttrs, events.SignedExtensions(signed.Type)) {
		t.Error("the digests are not those of the verifiability extension")
	}
}

// digestsByTheBook follows the extension's signing protocol step by step.
func digestsByTheBook(e events.Event, extensions []string) (core, ext []byte) {
	digest := func(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }
	sum := sha256.Sum256(slices.Concat(
		digest(string(e.ID)), digest(e.Source), digest("1.0"), digest(string(e.Type)), digest(e.DataContentType),
		digest(e.DataSchema), digest(e.Subject), digest(e.Time.Time().UTC().Format("2006-01-02T15:04:05Z")), digest(string(e.Data)),
	))
	var all []byte
	for _, name := range extensions {
		all = append(all, digest(map[string]string{
			"hub": e.Hub, "sequence": e.Sequence, "correlationid": string(e.CorrelationID), "causationid": string(e.CausationID),
			"traceparent": e.TraceParent, "plaincommit": e.PlainCommit,
		}[name])...)
	}
	extSum := sha256.Sum256(all)
	return sum[:], extSum[:]
}

// Whatever one byte of a signed event is changed to, it is refused: by the
// envelope's syntax, or because the signature no longer fits.
func TestEveryByteIsSigned(t *testing.T) {
	key := signingKey(t, "police")
	for _, signed := range []events.Event{must1(t)(key.Sign(acknowledged())), sealedEvent(t)} {
		for i, attribute := range signed.Attributes() {
			wellFormed := 0
			for at := range attribute.Value {
				for _, other := range []byte("07aZ-") {
					if other == attribute.Value[at] {
						continue
					}
					attributes := slices.Clone(signed.Attributes())
					attributes[i].Value = attribute.Value[:at] + string(other) + attribute.Value[at+1:]
					e, err := events.Parse(attributes, signed.Data)
					if err != nil {
						continue
					}
					wellFormed++
					refused(t, seal.Verify(e, key.Public()), events.RuleSignatureInvalid)
					refused(t, seal.VerifyMaterial(attributes, sha256.Sum256(signed.Data), key.Public()), events.RuleSignatureInvalid)
				}
			}
			closed := []string{"specversion", "type", "datacontenttype", "dataschema", "hub"} // one value for this source and type
			if wellFormed == 0 && !slices.Contains(closed, attribute.Name) {
				t.Errorf("no change of %s was well-formed: the test says nothing about it", attribute.Name)
			}
		}
		for at := range signed.Data {
			e := signed
			e.Data = slices.Clone(signed.Data)
			e.Data[at] ^= 1
			refused(t, seal.Verify(e, key.Public()), events.RuleSignatureInvalid)
		}
		for _, e := range []events.Event{withData(signed, append(slices.Clone(signed.Data), '\n')), withData(signed, nil)} {
			refused(t, seal.Verify(e, key.Public()), events.RuleSignatureInvalid)
		}
	}
}

func withData(e events.Event, data []byte) events.Event {
	e.Data = data
	return e
}

func must1(t testing.TB) func(events.Event, error) events.Event {
	return func(e events.Event, err error) events.Event {
		t.Helper()
		must(t, err)
		return e
	}
}

// The same signature in any other spelling is refused: one submission, one form.
func TestOneFormOfTheMaterial(t *testing.T) {
	key := signingKey(t, "police")
	signed, err := key.Sign(acknowledged())
	must(t, err)
	raw, err := base64.StdEncoding.DecodeString(signed.DSSEMaterial)
	must(t, err)
	plain := string(raw)
	payload := plain[len(`{"payload":"`):strings.Index(plain, `","payloadType"`)]
	sig := plain[strings.Index(plain, `"sig":"`)+len(`"sig":"`) : strings.LastIndex(plain, `"}]}`)]
	reencode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	decoded, err := base64.StdEncoding.DecodeString(payload)
	must(t, err)
	forms := map[string]string{
		"absent":               "",
		"white space":          reencode(strings.Replace(plain, ",", ", ", 1)),
		"trailing line end":    reencode(plain + "\n"),
		"outer line end":       signed.DSSEMaterial[:40] + "\n" + signed.DSSEMaterial[40:],
		"unpadded":             strings.TrimRight(reencode(plain+" "), "="),
		"url alphabet":         base64.URLEncoding.EncodeToString([]byte(plain + "?>~")),
		"extra member":         reencode(strings.Replace(plain, `{"payload"`, `{"extra":1,"payload"`, 1)),
		"extra in a signature": reencode(strings.Replace(plain, `"}]}`, `","cert":""}]}`, 1)),
		"second signature":     reencode(strings.Replace(plain, `"}]}`, `"},{"keyid":"`+string(key.ID())+`","sig":"`+sig+`"}]}`, 1)),
		"duplicate payload":    reencode(strings.Replace(plain, `{"payload"`, `{"payload":"","payload"`, 1)),
		"other payload type":   reencode(strings.Replace(plain, "/v0.1", "/v0.2", 1)),
		"key id in capitals":   reencode(strings.Replace(plain, string(key.ID()), strings.ToUpper(string(key.ID())), 1)),
		"another key's id":     reencode(strings.Replace(plain, string(key.ID()), string(signingKey(t, "shelter").ID()), 1)),
		"empty key id":         reencode(strings.Replace(plain, string(key.ID()), "", 1)),
		"signature cut":        reencode(strings.Replace(plain, sig, sig[:84], 1)),
		"payload spelt anew":   reencode(strings.Replace(plain, payload, reencode(strings.Replace(string(decoded), ",", ", ", 1)), 1)),
		"line end in payload":  reencode(strings.Replace(plain, payload, payload[:8]+"\n"+payload[8:], 1)),
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			e := signed
			e.DSSEMaterial = form
			refused(t, seal.Verify(e, key.Public()), events.RuleSignatureInvalid)
		})
	}
}

// A valid DSSE envelope over a payload that lists other attributes than the
// type's is refused, though the key did sign it.
func TestTheListOfSignedAttributesIsFixed(t *testing.T) {
	key := signingKey(t, "police")
	signed, err := key.Sign(acknowledged())
	must(t, err)
	for _, list := range [][]string{{"hub"}, {"sequence", "hub", "correlationid", "causationid", "traceparent"}, {"hub", "hub", "sequence", "correlationid", "causationid", "traceparent"}} {
		core, ext := digestsByTheBook(signed, list)
		names, err := json.Marshal(list)
		must(t, err)
		payload := fmt.Sprintf(`{"core":"%s","ext":"%s","signedextattrs":%s}`, base64.StdEncoding.EncodeToString(core), base64.StdEncoding.EncodeToString(ext), names)
		sig := key.SignBytes(dsse.PAE("https://cloudevents.io/verifiability/dsse/v0.1", []byte(payload)))
		e := signed
		e.DSSEMaterial = base64.StdEncoding.EncodeToString(fmt.Appendf(nil,
			`{"payload":"%s","payloadType":"https://cloudevents.io/verifiability/dsse/v0.1","signatures":[{"keyid":"%s","sig":"%s"}]}`,
			base64.StdEncoding.EncodeToString([]byte(payload)), key.ID(), base64.StdEncoding.EncodeToString(sig)))
		refused(t, seal.Verify(e, key.Public()), events.RuleSignatureInvalid)
	}
}

func TestSigningRefusesWhatAReceiverWould(t *testing.T) {
	e := acknowledged()
	e.Subject = "Ana"
	_, err := signingKey(t, "police").Sign(e)
	refused(t, err, events.RuleAttributeSyntax)
	if strings.Contains(err.Error(), "Ana") {
		t.Error("the refusal repeats what was sent")
	}
}

func TestTheDigestIdentifiesASubmission(t *testing.T) {
	key := signingKey(t, "police")
	signed, err := key.Sign(acknowledged())
	must(t, err)
	again, err := key.Sign(acknowledged())
	must(t, err)
	if seal.Digest(signed) != seal.Digest(again) {
		t.Error("the same submission has two digests")
	}
	byAnother, err := signingKey(t, "shelter").Sign(acknowledged())
	must(t, err)
	other := acknowledged()
	other.Data = append(slices.Clone(other.Data), ' ')
	changed, err := key.Sign(other)
	must(t, err)
	if seal.Digest(signed) == seal.Digest(byAnother) || seal.Digest(signed) == seal.Digest(changed) {
		t.Error("two submissions share a digest")
	}
}

// Under a point of small order anybody can sign: a directory that listed one
// would let its agency deny everything.
func TestPointsOfSmallOrderAreNoKeys(t *testing.T) {
	for _, point := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		raw, err := hex.DecodeString(point)
		must(t, err)
		if !anybodySigns(raw) {
			t.Errorf("%s is not weak: the list is wrong", point)
		}
		if _, err := seal.SigningKeyID(events.PublicKey(base64.StdEncoding.EncodeToString(raw))); err == nil {
			t.Errorf("%s is taken for a signing key", point)
		}
	}
}

// anybodySigns looks for a message that a signature made of the neutral element
// and zero fits: no private key is involved.
func anybodySigns(public ed25519.PublicKey) bool {
	sig := make([]byte, ed25519.SignatureSize)
	sig[0] = 1
	for i := range 200 {
		if ed25519.Verify(public, fmt.Appendf(nil, "%d", i), sig) {
			return true
		}
	}
	return false
}

func TestKeysDoNotPrintThemselves(t *testing.T) {
	signing, sealing := signingKey(t, "police"), sealingKey(t, "police")
	for _, key := range []fmt.Stringer{signing, sealing} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if printed := fmt.Sprintf(verb, key); len(printed) > 90 || !strings.Contains(printed, "ing key ") {
				t.Errorf("%s prints more of a key than its id", verb)
			}
		}
	}
}
