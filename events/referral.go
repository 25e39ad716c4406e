package events

// ReferralRequested asks one provider or several to take the person. It carries
// matching facts only; sealed records follow, one per candidate and section.
type ReferralRequested struct {
	Said
	To       Set[AgencyID] `json:"to" reads:"route addressee"`
	Purpose  Purpose       `json:"purpose" reads:"rule consent-required"`
	Sections Set[Section]  `json:"sections" reads:"rule consent-required"`
	Needs    Set[Need]     `json:"needs" reads:"rule need-asked"`
	Urgency  Urgency       `json:"urgency" reads:"clock referral-answer"`
	Region   Region        `json:"region,omitzero" reads:"route matching"`
	Age      AgeClass      `json:"age" reads:"route matching"`
	Sex      Sex           `json:"sex,omitzero" reads:"route matching"`
	Children Children      `json:"children,omitzero" reads:"route matching"`
	Language Language      `json:"language,omitzero" reads:"route matching"`
	Access   Set[Access]   `json:"access,omitzero" reads:"route matching"`
	Safety   Set[Safety]   `json:"safety,omitzero" reads:"route matching"`
}

// Children counts the children who come along, by age band.
type Children struct {
	Under9  int `json:"0-8,omitzero" reads:"route matching"`
	Under18 int `json:"9-17,omitzero" reads:"route matching"`
}

// Type implements Payload.
func (*ReferralRequested) Type() Type { return TypeReferralRequested }

func (r *ReferralRequested) check() error {
	if r.To == nil || r.Sections == nil || r.Needs == nil {
		return Refuse(RuleDataRange, "", "to, sections and needs each name at least one")
	}
	if c := r.Children; c.Under9 < 0 || c.Under9 > 20 || c.Under18 < 0 || c.Under18 > 20 {
		return Refuse(RuleDataRange, "/children", "a band counts 0 to 20 children")
	}
	return nil
}

// ReferralAcknowledged says that a duty worker has seen the request.
type ReferralAcknowledged struct{ Said }

// Type implements Payload.
func (*ReferralAcknowledged) Type() Type { return TypeReferralAcknowledged }

func (*ReferralAcknowledged) check() error { return nil }

// ReferralAccepted takes the person on; the candidate's sealed records are released.
type ReferralAccepted struct{ Said }

// Type implements Payload.
func (*ReferralAccepted) Type() Type { return TypeReferralAccepted }

func (*ReferralAccepted) check() error { return nil }

// ReferralDeclined says, with a coded reason, that a candidate cannot take the person.
type ReferralDeclined struct {
	Said
	Reason DeclineReason `json:"reason" reads:"route referrer"`
}

// Type implements Payload.
func (*ReferralDeclined) Type() Type { return TypeReferralDeclined }

func (*ReferralDeclined) check() error { return nil }

// ReferralWithdrawn takes a request back; pending records are erased.
type ReferralWithdrawn struct {
	Said
	Reason EndReason `json:"reason" reads:"route addressee"`
}

// Type implements Payload.
func (*ReferralWithdrawn) Type() Type { return TypeReferralWithdrawn }

func (*ReferralWithdrawn) check() error { return nil }

// ReferralFeedback tells the referrer how it went, as far as consent covers: a
// duty of its own.
type ReferralFeedback struct {
	Said
	Outcome EndReason `json:"outcome" reads:"clock referral-feedback"`
}

// Type implements Payload.
func (*ReferralFeedback) Type() Type { return TypeReferralFeedback }

func (*ReferralFeedback) check() error { return nil }
