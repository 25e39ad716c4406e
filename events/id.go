package events

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// HubID names one national hub: [a-z0-9-]{1,32}.
type HubID string

// Origin is the name of the hub's log, "handrail/<hub>". Every event signs it,
// so an event cannot be replayed at another hub.
func (h HubID) Origin() string { return "handrail/" + string(h) }

// AgencyID names one agency in the directory: [a-z0-9-]{1,32}.
type AgencyID string

// HubAgency is the agency id under which the hub itself speaks.
const HubAgency AgencyID = "hub"

// CaseID is the pseudonymous id of one person's case, a UUIDv7.
type CaseID string

// EventID is the id of one event, a UUIDv7 chosen by its sender.
type EventID string

// ReferralID is the id of one referral: the id of its referral.requested event.
type ReferralID = EventID

// KeyID is the lower-case hexadecimal SHA-256 of a public key's bytes.
type KeyID string

// Sequence counts an agency's events per signing key, from 1.
type Sequence uint64

// String is the wire form: 20 digits, padded with zeros.
func (s Sequence) String() string { return fmt.Sprintf("%020d", uint64(s)) }

// ParseSequence reads the wire form of a sequence.
func ParseSequence(s string) (Sequence, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || len(s) != 20 || n == 0 {
		return 0, Refuse(RuleAttributeSyntax, "attribute sequence", "a sequence is 20 digits, from 1")
	}
	return Sequence(n), nil
}

// Source is the CloudEvents source of an agency: urn:handrail:<hub>:agency:<id>.
func Source(hub HubID, agency AgencyID) string {
	return "urn:handrail:" + string(hub) + ":agency:" + string(agency)
}

//nolint:gochecknoglobals // read-only, as compiled patterns are
var (
	nameSyntax = newSyntax(`^[a-z0-9-]{1,32}$`)
	uuidSyntax = newSyntax(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	hexSyntax  = newSyntax(`^[0-9a-f]{64}$`)
)

// UnmarshalText accepts a name of the directory's syntax.
func (a *AgencyID) UnmarshalText(text []byte) error {
	return parseText(a, text, nameSyntax, "an agency id is 1 to 32 of a-z, 0-9 and hyphen")
}

// UnmarshalText accepts a name of the directory's syntax.
func (h *HubID) UnmarshalText(text []byte) error {
	return parseText(h, text, nameSyntax, "a hub id is 1 to 32 of a-z, 0-9 and hyphen")
}

// UnmarshalText accepts a UUIDv7.
func (id *EventID) UnmarshalText(text []byte) error {
	return parseText(id, text, uuidSyntax, "an event id is a lower-case UUIDv7")
}

// UnmarshalText accepts a UUIDv7.
func (id *CaseID) UnmarshalText(text []byte) error {
	return parseText(id, text, uuidSyntax, "a case id is a lower-case UUIDv7")
}

// UnmarshalText accepts a lower-case hexadecimal SHA-256.
func (id *KeyID) UnmarshalText(text []byte) error {
	return parseText(id, text, hexSyntax, "a key id is 64 lower-case hexadecimal digits")
}

func parseText[T ~string](to *T, text []byte, syntax *syntax, reason string) error {
	if !syntax.MatchString(string(text)) {
		return Refuse(RuleDataCode, "", reason)
	}
	*to = T(text)
	return nil
}

// NewUUID makes a UUIDv7 of the given instant from 10 bytes of random, which
// should be crypto/rand.Reader outside of tests.
func NewUUID(now time.Time, random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[6:]); err != nil {
		return "", fmt.Errorf("reading random bytes for an id: %w", err)
	}
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // the lowest byte is meant
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

// TimeFormat is the only form of a time on the wire: UTC, whole seconds.
const TimeFormat = "2006-01-02T15:04:05Z"

// Time is an instant in whole seconds, UTC.
type Time struct{ t time.Time }

// At truncates an instant to the wire's whole seconds.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Second)} }

// Time is the instant as the standard library has it.
func (t Time) Time() time.Time { return t.t }

// String is the wire form, YYYY-MM-DDTHH:MM:SSZ.
func (t Time) String() string { return t.t.Format(TimeFormat) }

// IsZero says whether the time was never set.
func (t Time) IsZero() bool { return t.t.IsZero() }

// MarshalText gives the wire form.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText accepts the wire form and nothing else.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(TimeFormat, string(text))
	if err != nil || parsed.IsZero() || string(parsed.AppendFormat(make([]byte, 0, len(TimeFormat)), TimeFormat)) != string(text) { // the zero time means "never set"
		return Refuse(RuleDataCode, "", "a time is YYYY-MM-DDTHH:MM:SSZ")
	}
	*t = Time{parsed}
	return nil
}

// ParseTime reads the wire form of a time.
func ParseTime(s string) (Time, error) {
	var t Time
	err := t.UnmarshalText([]byte(s))
	return t, err
}
