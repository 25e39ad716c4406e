package seal

import (
	"fmt"
	"time"

	"handrail/events"
)

// ApprovalHeader is the HTTP header in which an auditor shows another one's approval.
const ApprovalHeader = "Handrail-Approval"

// ApprovalTime is how long an approval counts at most.
const ApprovalTime = 24 * time.Hour

const (
	approvalType = "handrail-approval+jwt"
	maxApproval  = 2 << 10
)

// Approval is one auditor's word that another may read something. It counts for
// every such reading until it expires.
type Approval struct {
	By      events.AgencyID // who approves
	Reader  events.AgencyID
	What    events.Reading
	Case    events.CaseID   // of a replay and an export
	Agency  events.AgencyID // of a check for completeness
	Expires time.Time       // to the second
}

type approvalClaims struct {
	Issuer   events.AgencyID `json:"iss"`
	Audience string          `json:"aud"` // the hub's origin
	Reader   events.AgencyID `json:"sub"`
	What     events.Reading  `json:"what"`
	Case     events.CaseID   `json:"case,omitzero"`
	Agency   events.AgencyID `json:"agency,omitzero"`
	IssuedAt int64           `json:"iat"` // Unix seconds
	Expires  int64           `json:"exp"`
}

// SignApproval gives the approval for the hub with that origin as a compact JWS,
// signed with By's directory key. It refuses one that nobody could use: of the
// reader itself, or that is not for some time from now and at most 24 hours.
func SignApproval(key SigningKey, a Approval, origin string, now time.Time) (string, error) {
	if err := a.check(now.Truncate(time.Second), now); err != nil {
		return "", fmt.Errorf("signing an approval: %w", err)
	}
	text, err := signToken(key, approvalType, approvalClaims{a.By, origin, a.Reader, a.What, a.Case, a.Agency, now.Unix(), a.Expires.Unix()})
	if err != nil {
		return "", fmt.Errorf("signing an approval: %w", err)
	}
	return text, nil
}

// VerifyApproval reads an approval for the hub with that origin that counts now.
// The caller gives the keys in force (key-unknown when there is none), and judges
// whether By may approve. Everything else that does not fit is
// signature-invalid, time-ahead or data-malformed.
func VerifyApproval(text, origin string, now time.Time, key func(events.AgencyID, events.KeyID) (events.PublicKey, bool)) (Approval, error) {
	t, claims, err := parseApproval(text)
	if err != nil {
		return Approval{}, err
	}
	public, known := key(claims.Issuer, t.key)
	if !known {
		return Approval{}, events.Refuse(events.RuleKeyUnknown, "header "+ApprovalHeader, "the directory does not list the key of this approval for this agency")
	}
	if !t.signedBy(public) {
		return Approval{}, approvalInvalid("the approval's signature does not fit")
	}
	if claims.Audience != origin {
		return Approval{}, approvalInvalid("the approval is for another hub")
	}
	a := Approval{claims.Issuer, claims.Reader, claims.What, claims.Case, claims.Agency, time.Unix(claims.Expires, 0).UTC()}
	return a, a.check(time.Unix(claims.IssuedAt, 0), now)
}

// check holds an approval that was issued at an instant to its own bounds.
func (a Approval) check(issued, now time.Time) error {
	switch {
	case a.By == a.Reader:
		return approvalInvalid("an approval is another auditor's: nobody approves a reading of their own")
	case a.Expires.Sub(issued) > ApprovalTime || !a.Expires.After(issued):
		return approvalInvalid("an approval counts for at most 24 hours")
	case issued.Sub(now) > requestWindow:
		return events.Refuse(events.RuleTimeAhead, "header "+ApprovalHeader, "the approval is from more than 60 seconds ahead of the hub's clock; set the clock")
	case !now.Before(a.Expires):
		return approvalInvalid("the approval has expired; ask for another")
	}
	return nil
}

// parseApproval takes the JWS apart and checks its form only.
func parseApproval(text string) (token, approvalClaims, error) {
	var claims approvalClaims
	malformed := events.Refuse(events.RuleDataMalformed, "header "+ApprovalHeader, "an approval is a compact JWS of the form that the contract gives")
	if len(text) > maxApproval {
		return token{}, claims, malformed
	}
	t, formed := parseToken(text, approvalType, &claims)
	if !formed || claims.Issuer == "" || claims.Reader == "" || claims.What == "" {
		return token{}, claims, malformed
	}
	return t, claims, nil
}

func approvalInvalid(reason string) *events.Violation {
	return events.Refuse(events.RuleSignatureInvalid, "header "+ApprovalHeader, reason)
}
