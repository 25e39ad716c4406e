package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"handrail/events"
)

const approvalOrigin = "handrail/testland"

// approvals is an auditor who approves what another wants to read.
type approvals struct {
	t     *testing.T
	key   SigningKey
	now   time.Time
	right Approval
}

func newApprovals(t *testing.T) approvals {
	t.Helper()
	key, err := NewSigningKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	return approvals{t, key, now, Approval{
		By: "audit-two", Reader: "audit-one", What: events.ReadingExport, Case: "01890000-0000-7000-8000-000000000001", Expires: now.Add(ApprovalTime),
	}}
}

func (a approvals) keys(agency events.AgencyID, key events.KeyID) (events.PublicKey, bool) {
	return a.key.Public(), agency == "audit-two" && key == a.key.ID()
}

func (a approvals) sign(what Approval) string {
	a.t.Helper()
	token, err := SignApproval(a.key, what, approvalOrigin, a.now)
	if err != nil {
		a.t.Fatal(err)
	}
	return token
}

func TestAnApprovalSaysWhatWasApproved(t *testing.T) {
	a := newApprovals(t)
	for _, at := range []time.Duration{-requestWindow, 0, ApprovalTime - time.Second} {
		got, err := VerifyApproval(a.sign(a.right), approvalOrigin, a.now.Add(at), a.keys)
		if err != nil || got != a.right {
			t.Errorf("%v later: %+v, %v", at, got, err)
		}
	}
}

func TestAnApprovalThatNobodyCouldUseIsNotSigned(t *testing.T) {
	a := newApprovals(t)
	for what, change := range map[string]func(*Approval){
		"of one's own reading":    func(x *Approval) { x.Reader = x.By },
		"for more than a day":     func(x *Approval) { x.Expires = x.Expires.Add(time.Second) },
		"that has expired":        func(x *Approval) { x.Expires = a.now },
		"without a time":          func(x *Approval) { x.Expires = time.Time{} },
		"that expired yesterday":  func(x *Approval) { x.Expires = a.now.Add(-24 * time.Hour) },
		"that expires in an aeon": func(x *Approval) { x.Expires = a.now.Add(1 << 60) },
	} {
		x := a.right
		change(&x)
		if _, err := SignApproval(a.key, x, approvalOrigin, a.now); err == nil {
			t.Errorf("an approval %s was signed", what)
		}
	}
}

func TestAnApprovalThatDoesNotFitIsRefused(t *testing.T) {
	a := newApprovals(t)
	good := a.sign(a.right)
	parts := strings.Split(good, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := func(old, changed string) string { // signed again by the right key: only the claims are wrong
		text := strings.Replace(string(raw), old, changed, 1)
		signed := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(text))
		return signed + "." + base64.RawURLEncoding.EncodeToString(a.key.SignBytes([]byte(signed)))
	}
	for what, c := range map[string]struct {
		token string
		at    time.Duration
		rule  events.Rule
	}{
		"expired":                     {good, ApprovalTime, events.RuleSignatureInvalid},
		"from the future":             {good, -requestWindow - time.Second, events.RuleTimeAhead},
		"for another reader":          {strings.Join([]string{parts[0], base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "audit-one", "audit-six", 1))), parts[2]}, "."), 0, events.RuleSignatureInvalid},
		"of another agency's key":     {claims("audit-two", "audit-six"), 0, events.RuleKeyUnknown},
		"for more than a day":         {claims(`"exp":`, `"exp":9`), 0, events.RuleSignatureInvalid},
		"for another hub":             {claims(approvalOrigin, "handrail/elsewhere"), 0, events.RuleSignatureInvalid},
		"for oneself":                 {claims("audit-one", "audit-two"), 0, events.RuleSignatureInvalid},
		"with a claim too many":       {claims(`{"iss"`, `{"x":1,"iss"`), 0, events.RuleDataMalformed},
		"of an unknown reading":       {claims(`"export"`, `"glance"`), 0, events.RuleDataMalformed},
		"without a reader":            {claims(`"sub":"audit-one"`, `"sub":""`), 0, events.RuleDataMalformed},
		"nothing":                     {"", 0, events.RuleDataMalformed},
		"two parts":                   {parts[0] + "." + parts[1], 0, events.RuleDataMalformed},
		"padded":                      {good + "=", 0, events.RuleDataMalformed},
		"longer than any":             {good + strings.Repeat("A", maxApproval), 0, events.RuleDataMalformed},
		"with a line end":             {good + "\n", 0, events.RuleDataMalformed},
		"with another's signature":    {parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)), 0, events.RuleSignatureInvalid},
		"without a signature":         {parts[0] + "." + parts[1] + ".", 0, events.RuleSignatureInvalid},
		"with the algorithm \"none\"": {base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+string(a.key.ID())+`","typ":"`+approvalType+`"}`)) + "." + parts[1] + ".", 0, events.RuleDataMalformed},
	} {
		_, err := VerifyApproval(c.token, approvalOrigin, a.now.Add(c.at), a.keys)
		var v *events.Violation
		if !errors.As(err, &v) || v.Rule != c.rule {
			t.Errorf("an approval %s: %v, want %s", what, err, c.rule)
		}
	}
}

func FuzzVerifyApproval(f *testing.F) {
	key, err := NewSigningKey(zeros{})
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	good, err := SignApproval(key, Approval{By: "audit-two", Reader: "audit-one", What: events.ReadingLog, Expires: now.Add(time.Hour)}, approvalOrigin, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, token string) {
		_, err := VerifyApproval(token, approvalOrigin, now, func(events.AgencyID, events.KeyID) (events.PublicKey, bool) { return key.Public(), true })
		if err == nil && token != good {
			t.Errorf("another text than the one that was signed counts: %q", token)
		}
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
