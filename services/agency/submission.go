package agency

import (
	"context"
	"time"

	"handrail/events"
)

// RuleSubmissionUnknown answers the id of an event that this agency never said.
const RuleSubmissionUnknown events.Rule = "submission-unknown"

// Submission is what became of one event of this agency.
type Submission struct {
	ID       events.EventID
	Type     events.Type
	Case     events.CaseID
	Referral events.ReferralID
	State    string // waiting, receipt, refused, damaged
	Stored   time.Time
	Delivery uint64      // number of the delivery that answers; 0: none did
	Entry    *uint64     // number on the log
	Rule     events.Rule // that stands against it
	Pointer  string
	Reason   string
}

// Submission says what became of an event of this agency. Errors:
// *events.Violation if it said none of this id.
func (a *Agency) Submission(ctx context.Context, id events.EventID) (Submission, error) {
	rows, err := readOutbox(ctx, a.journal.reader, a.keys, `WHERE id = ?`, string(id))
	if err != nil {
		return Submission{}, err
	}
	if len(rows) != 1 {
		return Submission{}, events.Refuse(RuleSubmissionUnknown, "", "this agency said nothing under this id")
	}
	said := rows[0]
	s := Submission{ID: id, State: "waiting", Stored: said.stored}
	if said.damage != nil {
		s.State = "damaged"
		return s, nil
	}
	s.Type, s.Case, s.Referral = said.event.Type, said.event.Case(), said.event.Referral()
	if said.answered == 0 {
		return s, nil
	}
	var line SaidView
	if err := a.answerOf(ctx, said, &line); err != nil {
		return Submission{}, err
	}
	s.State = "refused"
	if said.admitted {
		s.State = "receipt"
	}
	s.Delivery, s.Entry, s.Rule, s.Pointer, s.Reason = line.Delivery, line.Entry, line.Rule, line.Pointer, line.Reason
	return s, nil
}
