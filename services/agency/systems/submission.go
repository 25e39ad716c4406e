package systems

import (
	"time"

	"handrail/events"
)

// Submission is an [agency.Submission] as systems get it.
type Submission struct {
	ID       events.EventID    `json:"id" format:"uuid"`
	Type     events.Type       `json:"type"`
	Case     events.CaseID     `json:"case,omitzero" format:"uuid"`
	Referral events.ReferralID `json:"referral,omitzero" format:"uuid"`
	State    string            `json:"state" enum:"waiting,receipt,refused,damaged" doc:"waiting: stored here, signed, and sent until the ledger answers. receipt: on the log. refused: on the log as refused, see rule; it reached nobody. damaged: the agency's journal is damaged there; its people are alarmed."`
	Stored   time.Time         `json:"stored"`
	Delivery uint64            `json:"delivery,omitzero" doc:"The number of the delivery that answers."`
	Entry    *uint64           `json:"entry,omitempty" doc:"The number on the log."`
	Rule     events.Rule       `json:"rule,omitzero" doc:"The rule that stands against it."`
	Pointer  string            `json:"pointer,omitzero" doc:"Where: a JSON pointer into data, or an attribute."`
	Reason   string            `json:"reason,omitzero" doc:"Plain English, for whoever mends it."`
}
