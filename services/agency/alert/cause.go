package alert

import (
	"time"

	"handrail/events"
)

// About is what kind of thing waits. It is shown at the desk and never sent.
type About string

// What rings.
const (
	Referral   About = "referral"    // somebody is asked to take a person
	Question   About = "question"    // a provider asks before it can answer
	DueSoon    About = "due-soon"    // little time is left for something that this agency owes
	Missed     About = "missed"      // the time for it ran out
	Escalation About = "escalation"  // the hub turns to this agency because another did not answer
	AnswerOwed About = "answer-owed" // consent was withdrawn, or this agency is not needed: it owes an answer about records
	Alarm      About = "alarm"       // something is wrong with this agency's own service
)

// Cause is one thing that waits for a person. It is given to [Ringer.Look] for
// as long as it waits; its alert ends with it.
type Cause struct {
	Key      string // names it, the same whenever it is given
	About    About
	Urgency  events.Urgency
	Case     events.CaseID
	Referral events.ReferralID
	Alarm    string // name of the alarm

	// Calm is how long the cause must have been over before it makes a new alert.
	// Before that, its old alert goes on.
	Calm time.Duration
}

// State is how an alert stands.
type State string

// The states of an alert.
const (
	Ringing      State = "ringing"
	Unanswered   State = "unanswered" // everybody was alerted in every round
	Acknowledged State = "acknowledged"
	Over         State = "over" // its cause ended without anybody acknowledging the alert
)

// Alert is one alert as the desk shows it.
type Alert struct {
	ID             string            `json:"id"`
	About          About             `json:"about"`
	Urgency        events.Urgency    `json:"urgency"`
	State          State             `json:"state"`
	Case           events.CaseID     `json:"case,omitzero"`
	Referral       events.ReferralID `json:"referral,omitzero"`
	Alarm          string            `json:"alarm,omitzero"`
	Raised         time.Time         `json:"raised"`
	Next           time.Time         `json:"next,omitzero"` // when the next person is alerted, if it rings by then and the hour is not quiet
	Round          int               `json:"round,omitzero"`
	Ended          time.Time         `json:"ended,omitzero"`
	AcknowledgedBy events.Staff      `json:"acknowledged_by,omitzero"`
	Told           []Told            `json:"told"`

	cause   string
	stepped time.Time // when the last person was alerted
	gone    time.Time // when the cause was over; zero while it stands
}

// Told is one message to one person by one channel.
type Told struct {
	Staff   events.Staff `json:"staff"`
	Channel Channel      `json:"channel"`
	Round   int          `json:"round"`
	Due     time.Time    `json:"due"` // when it is, or was, to be tried
	Sent    time.Time    `json:"sent,omitzero"`
	Tries   int          `json:"tries"`           // that failed
	Failed  bool         `json:"failed,omitzero"` // it is not tried any more

	id   string
	made time.Time
}

// rings says whether anybody is still to be alerted.
func (a *Alert) rings() bool { return a.State == Ringing || a.State == Unanswered }
