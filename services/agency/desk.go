package agency

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/match"
	"handrail/contracts/mou"
	"handrail/events"
)

// Desk is one organisation's judgement. It is pure: the runtime keeps, signs
// and sends; the desk says what this organisation would do.
type Desk interface {
	// Intakes are the forms that the organisation's own systems post.
	Intakes() []Intake

	// Ask orders the agencies that could be asked, the first choice first. It
	// may leave some out, and adds none.
	Ask(could []Provider, facts *events.ReferralRequested) []events.AgencyID

	// First orders the referrals that wait for an answer as a duty worker
	// should see them.
	First(waiting []Waiting) []Waiting

	// Answers gives what is said without anybody being asked when a referral
	// arrives; usually nothing.
	Answers(w Waiting, now time.Time) []events.Payload
}

// Provider is an agency that could be asked to take the person.
type Provider = match.Offer

// Waiting is a referral to this agency, as far as it may be seen before
// acceptance: matching facts only.
type Waiting struct {
	Case         events.CaseID             `json:"case"`
	Referral     events.ReferralID         `json:"referral"`
	From         events.AgencyID           `json:"from"`
	Arrived      time.Time                 `json:"arrived"` // when the ledger had this agency asked: in turn, when its turn came
	State        mou.LegState              `json:"state"`   // requested, acknowledged, accepted-by-telephone, expired
	Acknowledged bool                      `json:"acknowledged"`
	Duty         events.Staff              `json:"duty,omitzero"` // who acknowledged, if that was named
	Turn         int                       `json:"turn"`          // 1 for the first asked; all are 1 when asked at once
	Of           int                       `json:"of"`            // how many are named to be asked
	AckBy        time.Time                 `json:"acknowledge_by,omitzero"`
	AnswerBy     time.Time                 `json:"answer_by,omitzero"`
	Opens        []events.Section          `json:"opens,omitzero"` // sections that may be read already
	Facts        *events.ReferralRequested `json:"facts"`
}

// Intake reads one kind of form. It is served at /v1/intake/<Name>.
type Intake struct {
	Name     string
	MaxBytes int64

	// Read gives what the agency is to do about a form, or the *events.Violation
	// that stands against it. It must never repeat what the form says.
	Read func(body []byte) (Filing, error)
}

// Filing is what follows from one form. The runtime opens one case for it,
// whatever often the same form is posted.
type Filing struct {
	Name     string // the sender's own id of the form
	Content  []byte // the form in one canonical form, compared by keyed digest only
	Age      events.AgeClass
	Notify   bool // tell, anonymously, whom the profile names for a duty to notify
	Region   events.Region
	Sections map[events.Section]jsontext.Value // held back here until sealed
	Tasks    []Question                        // what the form did not establish
	Dropped  []Dropped                         // what was not kept at all, and why
	Unknown  int                               // members that the form does not have; dropped, not named
}

// Question is a task to create, with codes as suggestions for its answer.
type Question struct {
	Kind  TaskKind
	Hints Hints
}

// Hints are coded suggestions: each is shown, and changed or confirmed, when
// the task is answered. They are never facts by themselves.
type Hints struct {
	Language events.Language           `json:"language,omitzero"`
	Region   events.Region             `json:"region,omitzero"`
	Sex      events.Sex                `json:"sex,omitzero"`
	Age      events.AgeClass           `json:"age,omitzero"`
	Children events.Children           `json:"children,omitzero"`
	Access   events.Set[events.Access] `json:"access,omitzero"`
	Needs    events.Set[events.Need]   `json:"needs,omitzero"`
	Safety   events.Set[events.Safety] `json:"safety,omitzero"`
}

// Dropped names a field of a form that was not kept, never its value.
type Dropped struct {
	Field string `json:"field"`
	Why   string `json:"why"`
}
