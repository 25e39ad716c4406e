package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/exchange"
)

const (
	sweepEvery = 10 * time.Second // how late a clock that runs out by itself may be noticed
	sweepCases = 64               // in one transaction
)

// sweep looks at the cases in which a clock has run out with nobody speaking:
// a consent that expires while a record is held erases the record.
func (l *lead) sweep(ctx context.Context, m *memory) error {
	b := l.newBatch(ctx, m)
	due, err := l.casesDue(ctx, b.now)
	if err != nil || len(due) == 0 {
		return err
	}
	q := &pgx.Batch{}
	b.lookupCases(q, due)
	if err := l.conn.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("looking at cases whose clocks ran out: %w", err)
	}
	for _, id := range due {
		if err := b.look(events.CaseID(id)); err != nil {
			l.alarm(ctx, "a case whose clock ran out could not be judged", err)
		}
	}
	if err := b.finish(m); err != nil {
		return err
	}
	l.deliverBatch(b)
	return nil
}

func (l *lead) casesDue(ctx context.Context, now time.Time) ([]string, error) {
	found, err := l.conn.Query(ctx, "SELECT DISTINCT case_id::text FROM deadline WHERE state = 'pending' AND due <= $1 LIMIT $2", now, sweepCases)
	if err != nil {
		return nil, fmt.Errorf("looking for clocks that ran out: %w", err)
	}
	due, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("looking for clocks that ran out: %w", err)
	}
	return due, nil
}

// look does for one case what its clocks ask of the hub, with no event as the cause.
func (b *batch) look(id events.CaseID) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging panicked: %s\n%s", panicText(p), debug.Stack())
		}
	}()
	file, err := b.file(id)
	if err != nil {
		return err
	}
	if file.opened == nil {
		return errors.New("the case of a deadline is not stored")
	}
	st := &step{file: file.clone(), hubNext: b.next[b.lead.key.ID()]}
	if err := b.consequences(st, events.Event{Subject: string(id), TraceParent: exchange.TraceParent(b.ctx)}); err != nil {
		return err
	}
	if err := b.conclude(st); err != nil {
		return err
	}
	b.take(id, st)
	return nil
}
