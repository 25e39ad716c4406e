package agency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
)

// SaidView is one statement of this agency and what became of it.
type SaidView struct {
	Sequence string         `json:"sequence"`
	ID       events.EventID `json:"id"`
	Type     string         `json:"type"`
	Case     events.CaseID  `json:"case,omitzero"`
	Stored   time.Time      `json:"stored"`
	State    string         `json:"state"` // waiting, admitted, refused, damaged
	Delivery uint64         `json:"delivery,omitzero"`
	Entry    *uint64        `json:"entry,omitzero"` // number in the ledger
	Rule     events.Rule    `json:"rule,omitzero"`
	Pointer  string         `json:"pointer,omitzero"`
	Reason   string         `json:"reason,omitzero"`
}

// RefusedView is a refusal of a submission from this agency's account that its
// journal does not hold: somebody else used the account.
type RefusedView struct {
	Delivery uint64         `json:"delivery"`
	Entry    uint64         `json:"entry"`
	ID       events.EventID `json:"id,omitzero"`
	Rule     events.Rule    `json:"rule"`
	Pointer  string         `json:"pointer,omitzero"`
	Reason   string         `json:"reason"`
}

// OutboxView is everything that this agency said, oldest first.
type OutboxView struct {
	Waiting int           `json:"waiting"`
	Said    []SaidView    `json:"said"`
	Foreign []RefusedView `json:"foreign"`
}

// Outbox shows what this agency said and how the ledger answered, with the
// rule of each refusal.
func (a *Agency) Outbox(ctx context.Context) (OutboxView, error) {
	rows, err := readOutbox(ctx, a.journal.reader, a.keys, `ORDER BY position`)
	if err != nil {
		return OutboxView{}, err
	}
	view := OutboxView{Said: []SaidView{}}
	answers := map[uint64]bool{}
	for _, s := range rows {
		line := SaidView{Sequence: s.event.Sequence, ID: s.event.ID, Type: s.event.Type.Name(), Case: s.event.Case(), Stored: s.stored, State: "waiting"}
		switch {
		case s.damage != nil:
			line.State = "damaged"
		case s.answered == 0:
			view.Waiting++
		default:
			answers[s.answered] = true
			if err := a.answerOf(ctx, s, &line); err != nil {
				return view, err
			}
		}
		view.Said = append(view.Said, line)
	}
	view.Foreign, err = a.foreign(ctx, answers)
	return view, err
}

func (a *Agency) answerOf(ctx context.Context, s said, line *SaidView) error {
	line.Delivery, line.State = s.answered, "refused"
	if s.admitted {
		line.State = "admitted"
	}
	p, err := a.rereadShared(ctx, s.answered)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, errJournal) {
			return err
		}
		return nil // a damaged answer is alarmed and fetched again: the state stands without it
	}
	line.Entry = &p.entry.Number
	if p.delivery.Kind == tlog.KindRefusal {
		line.Rule, line.Pointer = p.delivery.Why(p.entry)
		line.Reason = p.delivery.Reason
	}
	return nil
}

// rereadShared verifies a stored delivery again, for a reader.
func (a *Agency) rereadShared(ctx context.Context, number uint64) (proven, error) {
	a.mu.RLock()
	dir := a.directory
	a.mu.RUnlock()
	h, err := readDelivery(ctx, a.journal.reader, number)
	if err == nil {
		var p proven
		if p, err = a.prove(ctx, a.journal.reader, dir, h); err == nil {
			return p, nil
		}
	}
	if ctx.Err() == nil && !errors.Is(err, errJournal) {
		a.mu.Lock()
		a.markDamaged(ctx, number, err)
		a.mu.Unlock()
	}
	return proven{}, err
}

// foreign lists the refusals that answer nothing of this journal.
func (a *Agency) foreign(ctx context.Context, answers map[uint64]bool) ([]RefusedView, error) {
	list := []RefusedView{}
	numbers, err := refusals(ctx, a.journal.reader)
	if err != nil {
		return list, err
	}
	for _, number := range numbers {
		if answers[number] {
			continue
		}
		p, err := a.rereadShared(ctx, number)
		if err != nil || p.delivery.Kind != tlog.KindRefusal || p.own != nil {
			continue // alarmed if damaged; or the word stands elsewhere in the header
		}
		rule, pointer := p.delivery.Why(p.entry)
		list = append(list, RefusedView{number, p.entry.Number, p.delivery.ID, rule, pointer, p.delivery.Reason})
	}
	return list, nil
}

// refusals lists the numbers of stored deliveries that may be refusals.
func refusals(ctx context.Context, q querier) ([]uint64, error) {
	rows, err := q.QueryContext(ctx, `SELECT number FROM inbox WHERE header LIKE '%refusal%' ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("looking for refusals: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var numbers []uint64
	for rows.Next() {
		var number uint64
		if err := rows.Scan(&number); err != nil {
			return nil, fmt.Errorf("looking for refusals: %w", err)
		}
		numbers = append(numbers, number)
	}
	return numbers, rows.Err()
}

func ruleAndReason(err error) (events.Rule, string) {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return v.Rule, v.Reason
	}
	return RuleInternal, "the service could not tell"
}
