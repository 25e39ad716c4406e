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
	Order    AskOrder      `json:"order,omitzero" reads:"route candidates"` // absent: at-once
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

// ReferralAcknowledged says that a duty worker has seen the request. Tonight,
// with a duty worker named, risk and needs open to them (domain rule 4).
type ReferralAcknowledged struct {
	Said
	Duty Staff `json:"duty,omitzero" reads:"route release"`
}

// Type implements Payload.
func (*ReferralAcknowledged) Type() Type { return TypeReferralAcknowledged }

func (*ReferralAcknowledged) check() error { return nil }

// ReferralAccepted takes the person on; the candidate's sealed records are
// released. Said by telephone it counts once the agency that asked has
// confirmed it (domain, "Three times").
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

// ReferralConfirmed is the word of the agency that asked that a provider
// accepted by telephone.
type ReferralConfirmed struct {
	Said
	Provider AgencyID `json:"provider" reads:"route release"`
}

// Type implements Payload.
func (*ReferralConfirmed) Type() Type { return TypeReferralConfirmed }

func (*ReferralConfirmed) check() error { return nil }

// ReferralNotNeeded is the hub's word to a provider asked that it is no longer
// needed. It says nothing of why.
type ReferralNotNeeded struct {
	Said
	To AgencyID `json:"to" reads:"route addressee"`
}

// Type implements Payload.
func (*ReferralNotNeeded) Type() Type { return TypeReferralNotNeeded }

func (*ReferralNotNeeded) check() error { return nil }

// ReferralFeedback tells the referrer how it went, as far as consent covers: a
// duty of its own.
type ReferralFeedback struct {
	Said
	Outcome EndReason `json:"outcome" reads:"clock referral-feedback"`
}

// Type implements Payload.
func (*ReferralFeedback) Type() Type { return TypeReferralFeedback }

func (*ReferralFeedback) check() error { return nil }
