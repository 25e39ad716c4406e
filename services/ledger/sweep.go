package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/exchange"
)

const (
	sweepEvery = 10 * time.Second // how late a clock that runs out by itself may be noticed
	sweepCases = 64               // in one transaction
	sweepPages = 16               // transactions in one sweep, while others must make up for what failed
	putOffFor  = 10 * time.Minute // until a case whose look failed is looked at again
)

// sweep looks at the cases in which a clock has run out with nobody speaking:
// a consent that expires while a record is held or on its way erases the record.
// A case whose look fails is put off, so that it starves no other; when one was,
// there is another look at once. It gives the memory to go on with.
func (l *lead) sweep(ctx context.Context, m *memory) (*memory, error) {
	for range sweepPages {
		due, err := l.casesDue(ctx)
		if err != nil || len(due) == 0 {
			return m, err
		}
		failed := len(l.putOff)
		if m, err = l.sweepAll(ctx, m, due); err != nil {
			return nil, err
		}
		if len(l.putOff) == failed {
			return m, nil
		}
	}
	return m, nil
}

// sweepAll looks at cases in one transaction and, if that cannot be committed, at
// each alone, like submissions.
func (l *lead) sweepAll(ctx context.Context, m *memory, due []string) (*memory, error) {
	err := l.sweepGuarded(ctx, m, due)
	if err == nil {
		return m, nil
	}
	if !isolable(err) {
		return nil, err
	}
	l.alarm(ctx, "cases whose clocks ran out were refused", err)
	for _, id := range due {
		if m, err = l.load(ctx); err != nil {
			return nil, err
		}
		if err = l.sweepGuarded(ctx, m, []string{id}); err == nil {
			continue
		}
		if !isolable(err) {
			return nil, err
		}
		l.alarm(ctx, "a case whose clock ran out was refused alone", err)
		l.later(id)
	}
	return l.load(ctx)
}

// sweepGuarded is one transaction, in which a panic is an error.
func (l *lead) sweepGuarded(ctx context.Context, m *memory, due []string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s\n%s", errPanicked, panicText(p), debug.Stack())
		}
	}()
	b := l.newBatch(ctx, m)
	q := &pgx.Batch{}
	b.lookupCases(q, due)
	if err := l.conn.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("looking at cases whose clocks ran out: %w", err)
	}
	for _, id := range due {
		if err := b.look(events.CaseID(id)); err != nil {
			l.alarm(ctx, "a case whose clock ran out could not be judged", err)
			l.later(id)
		}
	}
	if b.lost != nil {
		return b.lost
	}
	if err := b.finish(m); err != nil {
		return err
	}
	l.deliverBatch(b)
	return nil
}

// later keeps a case out of the sweep for a while.
func (l *lead) later(id string) { l.putOff[id] = l.config.Clock().Add(putOffFor) }

func (l *lead) casesDue(ctx context.Context) ([]string, error) {
	now := l.config.Clock()
	maps.DeleteFunc(l.putOff, func(_ string, until time.Time) bool { return !until.After(now) })
	found, err := l.conn.Query(ctx, `SELECT case_id::text FROM deadline WHERE state = 'pending' AND due <= $1 AND NOT case_id = ANY($3::text[]::uuid[])
		GROUP BY case_id ORDER BY min(due), case_id LIMIT $2`, l.now(), sweepCases, slices.AppendSeq([]string{}, maps.Keys(l.putOff)))
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
