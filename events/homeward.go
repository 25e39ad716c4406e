package events

// NationalityVerified says that a mission found the person to be its national.
type NationalityVerified struct{ Said }

// Type implements Payload.
func (*NationalityVerified) Type() Type { return TypeNationalityVerified }

func (*NationalityVerified) check() error { return nil }

// TravelDocumentIssued says that a mission issued a document to travel with, and
// until when a return must have begun with it.
type TravelDocumentIssued struct {
	Said
	Until Time `json:"until" reads:"rule travel-document"`
}

// Type implements Payload.
func (*TravelDocumentIssued) Type() Type { return TypeTravelDocumentIssued }

func (t *TravelDocumentIssued) check() error {
	if !t.Until.Time().After(t.Happened.Time()) {
		return Refuse(RuleDataRange, "/until", "a travel document is valid after it was issued")
	}
	return nil
}

// ReturnOutcome is what an assessment of the risks of a return found.
type ReturnOutcome string

// The outcomes.
const (
	ReturnAcceptable ReturnOutcome = "acceptable"
	ReturnAdverse    ReturnOutcome = "adverse"
)

// Codes lists every outcome.
func (ReturnOutcome) Codes() []string { return []string{"acceptable", "adverse"} }

// UnmarshalText accepts an outcome of the list.
func (o *ReturnOutcome) UnmarshalText(text []byte) error { return code(o, text) }

// ReturnRiskAssessed says what a return would risk; for a child an adverse
// assessment blocks it (CETS 197 Art. 16(7)).
type ReturnRiskAssessed struct {
	Said
	Outcome ReturnOutcome `json:"outcome" reads:"rule return-risk"`
}

// Type implements Payload.
func (*ReturnRiskAssessed) Type() Type { return TypeReturnRiskAssessed }

func (*ReturnRiskAssessed) check() error { return nil }

// ReturnAgreed says that the person decided to return, freely.
type ReturnAgreed struct {
	Said
	By Speaker `json:"by" reads:"rule child-guardian"`
}

// Type implements Payload.
func (*ReturnAgreed) Type() Type { return TypeReturnAgreed }

func (*ReturnAgreed) check() error { return nil }

// ReturnDeparted says that the person left.
type ReturnDeparted struct{ Said }

// Type implements Payload.
func (*ReturnDeparted) Type() Type { return TypeReturnDeparted }

func (*ReturnDeparted) check() error { return nil }

// ReturnArrived says that the person arrived and was met.
type ReturnArrived struct{ Said }

// Type implements Payload.
func (*ReturnArrived) Type() Type { return TypeReturnArrived }

func (*ReturnArrived) check() error { return nil }
