package events

// ReaderRole is the part in which somebody of an agency's staff reads what was
// sealed to it; never a name.
type ReaderRole string

// Codes lists every role.
func (ReaderRole) Codes() []string {
	return []string{
		"case-worker", "duty-worker", "officer", "consul", "health-worker", "legal-adviser", "interpreter", "guardian", "supervisor",
		"data-protection-officer", "agency-system",
	}
}

// UnmarshalText accepts a role of the list.
func (r *ReaderRole) UnmarshalText(text []byte) error { return code(r, text) }

// LegalBasis is the ground of data-protection law on which staff read.
type LegalBasis string

// Codes lists every basis.
func (LegalBasis) Codes() []string {
	return []string{"consent", "vital-interest", "legal-obligation", "public-task"}
}

// UnmarshalText accepts a basis of the list.
func (b *LegalBasis) UnmarshalText(text []byte) error { return code(b, text) }

// RecordOpened says that staff of its recipient opened a record, or a sealed
// question or answer. It stands durably in the recipient's own journal before the
// text is shown. It goes to nobody: auditors see it in the trail, and so does the
// recipient's own data-protection officer (domain rule 9).
type RecordOpened struct {
	Said
	Record  EventID    `json:"record" reads:"rule access"`
	Role    ReaderRole `json:"role" reads:"rule access"`
	Purpose Purpose    `json:"purpose" reads:"rule purpose-other"`
	Basis   LegalBasis `json:"basis" reads:"rule access"`
}

// Type implements Payload.
func (*RecordOpened) Type() Type { return TypeRecordOpened }

func (*RecordOpened) check() error { return nil }
