package conform

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/seal"
)

const materialAt = "attribute dssematerial"

// signature judges dssematerial: its form, the digests in it, the key and, under a
// key that is given, the signature itself.
func (j *Judge) signature(r *Report, e events.Event) {
	id, err := seal.KeyOf(e)
	differences := compare(e)
	for _, difference := range differences {
		r.add(events.RuleSignatureInvalid, materialAt, difference)
	}
	if err != nil && len(differences) == 0 {
		r.add(events.RuleSignatureInvalid, materialAt, "dssematerial has one form: standard base64 of JSON with the members payload, payloadType and signatures in this order, one signature, keyid before sig, no white space")
	}
	if err != nil || len(differences) > 0 {
		return
	}
	if len(j.options.Keys) == 0 {
		r.unjudged("whether the signature is good: give the public signing key")
		return
	}
	for _, key := range j.options.Keys {
		if known, err := seal.SigningKeyID(key); err != nil || known != id {
			continue
		}
		if seal.Verify(e, key) != nil {
			r.add(events.RuleSignatureInvalid, materialAt, "the digests are right and the signature is not: sign the pre-authentication encoding \"DSSEv1 46 https://cloudevents.io/verifiability/dsse/v0.1 <length> <payload>\" with Ed25519, not its hash and not its base64")
		}
		return
	}
	r.add(events.RuleKeyUnknown, materialAt, "keyid is of none of the keys that were given: it is the lower-case hexadecimal SHA-256 of the raw 32-byte public key")
}

// envelopeOf is dssematerial as leniently as it can be read.
type envelopeOf struct {
	Payload     string `json:"payload"`
	PayloadType string `json:"payloadType"`
	Signatures  []struct {
		KeyID string `json:"keyid"`
		Sig   string `json:"sig"`
	} `json:"signatures"`
}

// digests are what the payload of dssematerial holds.
type digests struct {
	Core   string   `json:"core"`
	Ext    string   `json:"ext"`
	Signed []string `json:"signedextattrs"`
}

// compare says which part of the signed bytes is not what the event gives.
func compare(e events.Event) (differ []string) {
	given, payload, ok := unpack(e.DSSEMaterial)
	expected, right, made := expected(e)
	if !ok || !made {
		return nil
	}
	switch {
	case given.PayloadType != expected.PayloadType:
		differ = append(differ, "payloadType is "+expected.PayloadType)
	case len(given.Signatures) != 1:
		differ = append(differ, "there is exactly one signature in dssematerial; further ones travel in the data")
	}
	if !slices.Equal(payload.Signed, right.Signed) {
		differ = append(differ, "signedextattrs lists exactly, in this order: "+strings.Join(right.Signed, ", "))
	}
	if payload.Core != right.Core {
		differ = append(differ, "core differs: an attribute or the data was changed after signing, or hashed otherwise. It is base64 of SHA-256 over the SHA-256 of the values of id, source, specversion, type, datacontenttype, dataschema, subject, time, and the SHA-256 of the data, one behind the other")
	}
	if payload.Ext != right.Ext && slices.Equal(payload.Signed, right.Signed) {
		differ = append(differ, "ext differs: it is base64 of SHA-256 over the SHA-256 of the values of "+strings.Join(right.Signed, ", ")+", one behind the other")
	}
	if len(differ) > 1 {
		return []string{strings.Join(differ, "; ")}
	}
	return differ
}

// expected is the material that an event gives, whoever signs it.
func expected(e events.Event) (envelopeOf, digests, bool) {
	anybody, err := seal.NewSigningKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		return envelopeOf{}, digests{}, false
	}
	signed, err := anybody.Sign(e)
	if err != nil {
		return envelopeOf{}, digests{}, false
	}
	return unpack(signed.DSSEMaterial)
}

func unpack(material string) (m envelopeOf, d digests, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(material)
	if err != nil || json.Unmarshal(raw, &m) != nil {
		return m, d, false
	}
	payload, err := base64.StdEncoding.DecodeString(m.Payload)
	return m, d, err == nil && json.Unmarshal(payload, &d) == nil
}
