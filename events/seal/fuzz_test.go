package seal_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

// FuzzKeyOf: reading a signature never panics, and only the form that we write
// verifies.
func FuzzKeyOf(f *testing.F) {
	key := signingKey(f, "police")
	signed, err := key.Sign(acknowledged())
	must(f, err)
	f.Add(signed.DSSEMaterial)
	f.Add("")
	f.Add(strings.Repeat("=", 64))
	f.Add(signed.DSSEMaterial[:len(signed.DSSEMaterial)-4] + "fX0=")
	f.Fuzz(func(t *testing.T, material string) {
		e := signed
		e.DSSEMaterial = material
		if _, err := seal.KeyOf(e); err != nil {
			refused(t, err, events.RuleSignatureInvalid)
		}
		if err := seal.Verify(e, key.Public()); (err == nil) != (material == signed.DSSEMaterial) {
			t.Error("a second form of one signature verifies, or the first does not")
		}
		seal.Digest(e)
	})
}

// FuzzParseRecord: reading a record never panics, what it accepts names all its
// members, and no bytes but the sealed ones open.
func FuzzParseRecord(f *testing.F) {
	shelter := sealingKey(f, "shelter")
	var file vectorFile // the same record in every process of a fuzzing run
	readPublished(f, "sealed-record.json", &file)
	jwe, plaincommit := file.Vectors[0].Input["jwe"].(string), file.Vectors[0].Input["plaincommit"].(string)
	f.Add(jwe)
	for _, v := range file.Vectors {
		if text, ok := v.Input["jwe"].(string); ok && v.Output["section"] != nil {
			f.Add(text)
		}
	}
	f.Add("....")
	f.Add(jwe + ".")
	f.Add(rewrite(f, jwe, func(h string) string { return strings.Replace(h, "{", `{"zip":"DEF",`, 1) }))
	f.Fuzz(func(t *testing.T, text string) {
		h, err := seal.ParseRecord([]byte(text))
		switch {
		case err != nil:
			refused(t, err, events.RuleRecordHeader)
		case h.KeyID == "" || h.Source == "" || h.ID == "" || h.To == "" || h.Case == "" || h.Referral == "" || h.Purpose == "" || h.Section == "" || !h.Type.Sealed():
			t.Error("an accepted header lacks a member")
		}
		plain, err := shelter.Open([]byte(text), plaincommit)
		if err == nil && (text != jwe || string(plain) != section) {
			t.Error("other bytes than the sealed ones open")
		}
		_, isViolation := errors.AsType[*events.Violation](err)
		if err != nil && !isViolation && !errors.Is(err, seal.ErrDisputed) && !errors.Is(err, seal.ErrOtherKey) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}

// FuzzVerifyRequest: reading a request's signature never panics, and only the
// signer's own is accepted.
func FuzzVerifyRequest(f *testing.F) {
	var file vectorFile // the same request in every process of a fuzzing run
	readPublished(f, "request.json", &file)
	received := file.Vectors[0].Input
	authorization, body := received["authorization"].(string), []byte(received["body"].(string))
	f.Add(authorization)
	f.Add("Handrail ..")
	f.Add("Bearer x")
	f.Add(authorization[:len(authorization)-1])
	where, err := url.Parse("https://hub.example" + received["target"].(string))
	must(f, err)
	directory := listed(f)
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Method: http.MethodPost, URL: where, Header: http.Header{"Authorization": {value}}}
		_, _, err := seal.VerifyRequest(r, body, origin, signedAt, directory)
		if _, ok := errors.AsType[*events.Violation](err); err != nil && !ok {
			t.Errorf("an error of another kind: %v", err)
		}
		if (err == nil) != (value == authorization) {
			t.Error("a signature that nobody made is accepted, or the signer's own is not")
		}
	})
}
