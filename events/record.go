package events

// RecordHeader is the protected header of a sealed record beyond alg, enc and
// epk: all that the ledger knows of a record, and all that it judges it by.
type RecordHeader struct {
	KeyID    KeyID      `json:"kid"`
	Source   string     `json:"source"`
	ID       EventID    `json:"id"`
	To       AgencyID   `json:"to"`
	Case     CaseID     `json:"case"`
	Referral ReferralID `json:"referral"`
	Purpose  Purpose    `json:"purpose"`
	Type     Type       `json:"type"`
	Section  Section    `json:"section"`
}

// Record is the Payload of a sealed event, as far as anyone but the recipient
// can read it.
type Record struct{ Header RecordHeader }

// Type implements Payload: record.sealed, or the question or answer that the
// header says it is.
func (r *Record) Type() Type { return r.Header.Type }

func (*Record) check() error { return nil }

// RecordReleased is the hub's statement that a held record may now be read by
// its recipient. A recipient ignores a record without one.
type RecordReleased struct {
	Said
	Record EventID  `json:"record" reads:"route release"`
	To     AgencyID `json:"to" reads:"route addressee"`
}

// Type implements Payload.
func (*RecordReleased) Type() Type { return TypeRecordReleased }

func (*RecordReleased) check() error { return nil }

// ErasureReason says why the hub erased a held record.
type ErasureReason string

// The reasons.
const (
	ErasedWithdrawn ErasureReason = "withdrawn"
	ErasedDeclined  ErasureReason = "declined"
	ErasedNotChosen ErasureReason = "not-chosen"
	ErasedNoConsent ErasureReason = "consent-ended"
	ErasedClosed    ErasureReason = "case-closed"
	ErasedKeyEnded  ErasureReason = "key-ended" // the key that it was sealed to was revoked or lost: seal it anew
)

// Codes lists every reason.
func (ErasureReason) Codes() []string {
	return []string{"withdrawn", "declined", "not-chosen", "consent-ended", "case-closed", "key-ended"}
}

// UnmarshalText accepts a reason of the list.
func (r *ErasureReason) UnmarshalText(text []byte) error { return code(r, text) }

// RecordErased is the hub's statement that it destroyed a held record.
type RecordErased struct {
	Said
	Record EventID       `json:"record" reads:"route release"`
	Reason ErasureReason `json:"reason" reads:"route referrer"`
}

// Type implements Payload.
func (*RecordErased) Type() Type { return TypeRecordErased }

func (*RecordErased) check() error { return nil }

// RecordDisputed says that a record, opened by its recipient, is not what its
// sender committed to.
type RecordDisputed struct {
	Said
	Record EventID `json:"record" reads:"route referrer"`
}

// Type implements Payload.
func (*RecordDisputed) Type() Type { return TypeRecordDisputed }

func (*RecordDisputed) check() error { return nil }

// ErasureAnswer is what a holder did with the records that it holds.
type ErasureAnswer string

// The answers.
const (
	Erased     ErasureAnswer = "erased"
	Restricted ErasureAnswer = "restricted"
	Kept       ErasureAnswer = "kept"
)

// Codes lists every answer.
func (ErasureAnswer) Codes() []string { return []string{"erased", "restricted", "kept"} }

// UnmarshalText accepts an answer of the list.
func (a *ErasureAnswer) UnmarshalText(text []byte) error { return code(a, text) }

// KeepGround is the legal ground for keeping a record after a withdrawal.
type KeepGround string

// Codes lists every ground.
func (KeepGround) Codes() []string {
	return []string{"court-order", "legal-claim", "statutory-retention", "vital-interest"}
}

// UnmarshalText accepts a ground of the list.
func (g *KeepGround) UnmarshalText(text []byte) error { return code(g, text) }

// ErasureConfirmed is a holder's answer after a withdrawal or a failed
// hand-over, for everything that it holds of one referral.
type ErasureConfirmed struct {
	Said
	Answer ErasureAnswer `json:"answer" reads:"clock erasure-answer"`
	Ground KeepGround    `json:"ground,omitzero" reads:"rule erasure-ground"`
	Until  Time          `json:"until,omitzero" reads:"rule erasure-ground"`
}

// Type implements Payload.
func (*ErasureConfirmed) Type() Type { return TypeErasureConfirmed }

func (e *ErasureConfirmed) check() error {
	if (e.Answer == Erased) != (e.Ground == "") || (e.Answer == Erased) != e.Until.IsZero() {
		return Refuse(RuleDataRange, "/ground", "a record that is kept or restricted names its ground and until when; an erased one neither")
	}
	return nil
}
