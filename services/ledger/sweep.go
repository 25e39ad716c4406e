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
	sweepCases = 64               // in one transaction
	sweepPages = 16               // transactions in one sweep, while others must make up for what failed
	putOffFor  = 10 * time.Minute // until a case whose look failed is looked at again
	lookTick   = time.Millisecond // behind the instant of a clock, so that it is past
)

// untilLook is how long to wait before clocks are looked at: until the next one
// asks for it, at most what is configured, so that a hub whose clock is set ahead
// notices.
func (l *lead) untilLook(m *memory) time.Duration {
	if m.unswept {
		return lookTick
	}
	if m.look.IsZero() {
		return l.config.LookEvery
	}
	return min(max(m.look.Sub(l.now()), 0)+lookTick, l.config.LookEvery)
}

// nextLook is when the first of the clocks that wait asks to be looked at; zero if none does.
func (l *lead) nextLook(ctx context.Context) (time.Time, error) {
	var first *time.Time
	err := l.conn.QueryRow(ctx, "SELECT min(look) FROM deadline WHERE look IS NOT NULL AND NOT case_id = ANY($1::text[]::uuid[])", l.waitingCases()).Scan(&first)
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for the next clock: %w", err)
	}
	if first == nil {
		return time.Time{}, nil
	}
	return first.UTC(), nil
}

// waitingCases lists the cases that the sweep leaves alone for now.
func (l *lead) waitingCases() []string { return slices.AppendSeq([]string{}, maps.Keys(l.putOff)) }

// sweep looks at the cases in which a clock has come with nobody speaking: it says
// that a deadline is near or was missed and chases it, and a consent that expires
// while a record is held or on its way erases the record. Cases that may not be kept
// any longer it retires.
// A case whose look fails is put off, so that it starves no other; when one was,
// there is another look at once. It gives the memory to go on with.
func (l *lead) sweep(ctx context.Context, m *memory) (*memory, error) {
	m, err := l.sweepEnded(ctx, m)
	if err != nil {
		return nil, err
	}
	for range sweepPages {
		due, err := l.casesDue(ctx)
		if err != nil {
			return nil, err
		}
		failed := len(l.putOff)
		if len(due) > 0 {
			if m, err = l.sweepAll(ctx, m, due); err != nil {
				return nil, err
			}
		}
		if len(l.putOff) == failed {
			break
		}
	}
	m, err = l.retire(ctx, m)
	if err != nil {
		return nil, err
	}
	m.look, err = l.nextLook(ctx)
	return m, err
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
	found, err := l.conn.Query(ctx, `SELECT case_id::text FROM deadline WHERE look < $1 AND NOT case_id = ANY($3::text[]::uuid[])
		GROUP BY case_id ORDER BY min(look), case_id LIMIT $2`, l.now(), sweepCases, l.waitingCases())
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
	st := b.newStep()
	c, err := b.touch(st, id)
	if err != nil {
		return err
	}
	if err := b.consequences(st, c, events.Event{TraceParent: exchange.TraceParent(b.ctx)}); err != nil {
		return err
	}
	if err := b.conclude(st); err != nil {
		return err
	}
	b.take(st)
	return b.settled(c)
}

// settled says whether the case's clocks ask for no other look at the same
// instant: one that did would be looked at for ever.
func (b *batch) settled(c *touched) error {
	for _, clock := range c.clocks {
		if !clock.Look.IsZero() && clock.Look.Before(b.now) {
			return fmt.Errorf("the clock %s of entry %d asks to be looked at again", clock.Rule, clock.Set)
		}
	}
	return nil
}
