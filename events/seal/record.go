package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// Limits of a record's parts, in bytes. Everything but the ciphertext has one
// length or little room.
const (
	maxHeader    = 2 << 10
	wrappedBytes = 40 // a 32-byte key under AES key wrap
	nonceBytes   = 12
	tagBytes     = 16
)

// protected is the closed list of members of a record's protected header.
type protected struct {
	Alg string `json:"alg"`
	Enc string `json:"enc"`
	Epk struct {
		Kty string `json:"kty"`
		Crv string `json:"crv"`
		X   string `json:"x"`
		Y   string `json:"y"`
	} `json:"epk"`
	events.RecordHeader
}

// ParseRecord reads the protected header of a record: all that anybody but the
// recipient learns of it. It refuses, as record-header, every form but the wire
// contract's: five parts in canonical base64url, and exactly the members listed
// there, each once, with the one algorithm, encryption and curve. It decrypts
// nothing.
func ParseRecord(jwe []byte) (events.RecordHeader, error) {
	if len(jwe) > events.MaxBytes {
		return events.RecordHeader{}, recordHeader("a record weighs at most as much as an event")
	}
	parts := strings.Split(string(jwe), ".")
	if len(parts) != 5 {
		return events.RecordHeader{}, recordHeader("a record is a compact JWE of five parts")
	}
	var raw [5][]byte
	for i, part := range parts {
		decoded, err := strictBase64(base64.RawURLEncoding, part)
		if err != nil {
			return events.RecordHeader{}, recordHeader("the parts of a record are canonical base64url")
		}
		raw[i] = decoded
	}
	if len(raw[0]) > maxHeader || len(raw[1]) != wrappedBytes || len(raw[2]) != nonceBytes || len(raw[3]) == 0 || len(raw[4]) != tagBytes {
		return events.RecordHeader{}, recordHeader("a part of the record has not the length that its algorithms give it")
	}
	return parseHeader(raw[0])
}

func parseHeader(raw []byte) (events.RecordHeader, error) {
	var p protected
	if err := json.Unmarshal(raw, &p, json.RejectUnknownMembers(true)); err != nil {
		return events.RecordHeader{}, recordHeader("the protected header has exactly the members of the wire contract, each once and in its syntax")
	}
	h := p.RecordHeader
	given := []string{string(h.KeyID), h.Source, string(h.ID), string(h.To), string(h.Case), string(h.Referral), string(h.Purpose), string(h.Section)}
	switch {
	case slices.Contains(given, ""):
		return events.RecordHeader{}, recordHeader("a member of the protected header is missing")
	case p.Alg != "ECDH-ES+A256KW" || p.Enc != "A256GCM":
		return events.RecordHeader{}, recordHeader("the algorithms are ECDH-ES+A256KW and A256GCM")
	case p.Epk.Kty != "EC" || p.Epk.Crv != "P-256" || !onCurve(p.Epk.X, p.Epk.Y):
		return events.RecordHeader{}, recordHeader("epk is a point of P-256")
	case !h.Type.Sealed() || (h.Type == events.TypeRecordSealed) == (h.Section == events.SectionQuestion):
		return events.RecordHeader{}, recordHeader("type is record.sealed or, for the section question alone, referral.asked or referral.answered")
	}
	return h, nil
}

func onCurve(x, y string) bool {
	a, errX := strictBase64(base64.RawURLEncoding, x)
	b, errY := strictBase64(base64.RawURLEncoding, y)
	if errX != nil || errY != nil || len(a) != 32 || len(b) != 32 {
		return false
	}
	_, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, a, b))
	return err == nil
}

// CheckRecord gives the payload of a sealed event. It refuses, as
// record-header, a record whose header says anything else than its event: the
// ledger judges records by their headers, so these must be the signed truth.
func CheckRecord(e events.Event) (*events.Record, error) {
	h, err := ParseRecord(e.Data)
	switch {
	case err != nil:
		return nil, err
	case !e.Type.Sealed() || h.Type != e.Type:
		return nil, recordHeader("type is the event's type")
	case h.Source != e.Source:
		return nil, recordHeader("source is the event's source")
	case h.ID != e.ID:
		return nil, recordHeader("id is the event's id")
	case string(h.Case) != e.Subject:
		return nil, recordHeader("case is the event's subject")
	case h.Referral != e.CorrelationID:
		return nil, recordHeader("referral is the event's correlationid")
	}
	return &events.Record{Header: h}, nil
}

func recordHeader(reason string) *events.Violation {
	return events.Refuse(events.RuleRecordHeader, "", reason)
}
