package events

// CaseOpened says that an agency has met a person who may need help. It carries
// no identity, so it needs no consent.
type CaseOpened struct {
	Said
	Age AgeClass `json:"age" reads:"rule child-guardian"`
	For LinkKind `json:"for,omitzero" reads:"rule mission-linked"` // consular: a case of its own for a foreign mission
}

// Type implements Payload.
func (*CaseOpened) Type() Type { return TypeCaseOpened }

func (*CaseOpened) check() error { return nil }

// CaseClosed ends a case.
type CaseClosed struct {
	Said
	Reason EndReason `json:"reason" reads:"route case-status"`
}

// Type implements Payload.
func (*CaseClosed) Type() Type { return TypeCaseClosed }

func (*CaseClosed) check() error { return nil }

// RightsInformed says that the person was told of their rights, in a language
// that they understand (CETS 197 Art. 15), before any consent was asked.
type RightsInformed struct {
	Said
	Language    Language    `json:"language" reads:"rule rights-language"`
	Interpreter Interpreter `json:"interpreter" reads:"rule consent-provisional"`
}

// Type implements Payload.
func (*RightsInformed) Type() Type { return TypeRightsInformed }

func (*RightsInformed) check() error { return nil }

// RiskAssessed says that the person's risk was assessed. Details travel sealed.
type RiskAssessed struct {
	Said
	WithPerson bool        `json:"with_person" reads:"rule risk-with-person"`
	Safety     Set[Safety] `json:"safety,omitzero" reads:"route matching"`
}

// Type implements Payload.
func (*RiskAssessed) Type() Type { return TypeRiskAssessed }

func (*RiskAssessed) check() error { return nil }

// NoticeSent tells an authority, without consent and without identity, what a
// law obliges an agency to tell: whitelisted codes, nothing sealed.
type NoticeSent struct {
	Said
	To     AgencyID `json:"to" reads:"route addressee"`
	Age    AgeClass `json:"age" reads:"rule child-protection-told"`
	Region Region   `json:"region,omitzero" reads:"route notice"`
}

// Type implements Payload.
func (*NoticeSent) Type() Type { return TypeNoticeSent }

func (*NoticeSent) check() error { return nil }
