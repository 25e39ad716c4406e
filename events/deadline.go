package events

// Duty is what a deadline waits for: the rule that set its clock.
type Duty string

// The duties.
const (
	DutyChildProtection Duty = "child-protection-told"
	DutyProvisional     Duty = "consent-provisional"
	DutyConsentExpiry   Duty = "consent-expiry"
	DutyAcknowledge     Duty = "referral-acknowledge"
	DutyAnswer          Duty = "referral-answer"
	DutyConfirm         Duty = "referral-confirm"
	DutyEscalated       Duty = "referral-escalated"
	DutyHandover        Duty = "handover"
	DutyFeedback        Duty = "referral-feedback"
	DutyErasure         Duty = "erasure-answer"
	DutyEmergency       Duty = "emergency-confirmed"
)

// Codes lists every duty.
func (Duty) Codes() []string {
	return []string{
		"child-protection-told", "consent-provisional", "consent-expiry", "referral-acknowledge", "referral-answer", "referral-confirm",
		"referral-escalated", "handover", "referral-feedback", "erasure-answer", "emergency-confirmed",
	}
}

// UnmarshalText accepts a duty of the list.
func (d *Duty) UnmarshalText(text []byte) error { return code(d, text) }

// Says is what is waited for, in plain words.
func (d Duty) Says() string {
	switch d {
	case DutyChildProtection:
		return "word to child protection"
	case DutyProvisional:
		return "a confirmed consent"
	case DutyConsentExpiry:
		return "a renewed consent"
	case DutyAcknowledge:
		return "a word that the request was seen"
	case DutyAnswer:
		return "an answer to the request"
	case DutyConfirm:
		return "a written word that a promise by telephone holds"
	case DutyEscalated:
		return "word that somebody takes the person"
	case DutyHandover:
		return "word whether the person arrived"
	case DutyFeedback:
		return "word how it went"
	case DutyErasure:
		return "an answer about what was opened and is no longer to be used"
	case DutyEmergency:
		return "a second person's confirmation of the emergency disclosure"
	}
	return string(d)
}

// Deadline names one clock of a case: what it waits for, the entry that set it,
// and who owes it. The event's correlationid is the referral, if there is one.
type Deadline struct {
	Duty Duty     `json:"duty" reads:"clock deadline"`
	Set  uint64   `json:"set" reads:"clock deadline"`
	Owes AgencyID `json:"owes" reads:"route addressee"`
	Due  Time     `json:"due" reads:"clock deadline"`
}

// DeadlineDueSoon is the hub's reminder that little time is left.
type DeadlineDueSoon struct {
	Said
	Deadline
}

// Type implements Payload.
func (*DeadlineDueSoon) Type() Type { return TypeDeadlineDueSoon }

func (*DeadlineDueSoon) check() error { return nil }

// DeadlineMissed is the hub's statement that the time ran out.
type DeadlineMissed struct {
	Said
	Deadline
}

// Type implements Payload.
func (*DeadlineMissed) Type() Type { return TypeDeadlineMissed }

func (*DeadlineMissed) check() error { return nil }

// DeadlineOf is the clock that a reminder or a miss is about; false for any
// other payload.
func DeadlineOf(p Payload) (Deadline, bool) {
	switch p := p.(type) {
	case *DeadlineDueSoon:
		return p.Deadline, true
	case *DeadlineMissed:
		return p.Deadline, true
	}
	return Deadline{}, false
}

// EscalationStep is whom a chase turns to.
type EscalationStep string

// The steps, in the order in which they are taken.
const (
	NextCandidate EscalationStep = "next-candidate"
	StaffedDuty   EscalationStep = "staffed-duty"
	ToCoordinator EscalationStep = "coordinator"
)

// Codes lists every step.
func (EscalationStep) Codes() []string {
	return []string{"next-candidate", "staffed-duty", "coordinator"}
}

// UnmarshalText accepts a step of the list.
func (s *EscalationStep) UnmarshalText(text []byte) error { return code(s, text) }

// ReferralEscalated is the hub's next step when a provider said no or a duty was
// not done in time: the next candidate is asked, a duty that is staffed at that
// hour is told, at last the coordinator. Duty and coordinator learn nothing of
// the case but this.
type ReferralEscalated struct {
	Said
	Step    EscalationStep `json:"step" reads:"route escalation"`
	To      AgencyID       `json:"to" reads:"route addressee"`
	Because Duty           `json:"because" reads:"route escalation"` // what is still waited for
	Call    AgencyID       `json:"call" reads:"route escalation"`    // whom to call about it
	Urgency Urgency        `json:"urgency,omitzero" reads:"clock referral-escalated"`
}

// Type implements Payload.
func (*ReferralEscalated) Type() Type { return TypeReferralEscalated }

func (*ReferralEscalated) check() error { return nil }
