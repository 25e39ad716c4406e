package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"handrail/events"
	"handrail/events/exchange"
)

// changing is what the hub's operator has the hub say of the directory, waiting for
// the sequencer.
type changing struct {
	agency events.AgencyID
	said   events.Payload
	trace  string
	done   chan outcome // capacity 1
}

// outcome is what became of it.
type outcome struct {
	answer DirectoryChanged
	err    error // a violation of the directory's rules, or a failure
}

// enrol has the sequencer judge a change of the directory, and returns when it
// stands in the log. An *events.Violation says that it does not; any other error
// leaves it open.
func (l *lead) enrol(ctx context.Context, agency events.AgencyID, said events.Payload) (DirectoryChanged, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	c := &changing{agency, said, exchange.TraceParent(ctx), make(chan outcome, 1)}
	select {
	case l.changes <- c:
	case <-l.over:
		return DirectoryChanged{}, errNotActive
	case <-ctx.Done():
		return DirectoryChanged{}, errNotActive
	}
	select {
	case r := <-c.done:
		return r.answer, r.err
	case <-l.over:
		return DirectoryChanged{}, errNotActive
	case <-ctx.Done():
		return DirectoryChanged{}, errNotActive
	}
}

// changeDirectory judges one change, in a transaction of its own, and tells who
// waits for it. When what is on its way to an agency whose keys end cannot be
// stored as erased, the keys end without: that must wait for nothing.
func (l *lead) changeDirectory(ctx context.Context, m *memory, c *changing) (*memory, error) {
	b, answer, err := l.changeGuarded(ctx, m, c, true)
	if err != nil && isolable(err) {
		l.alarm(ctx, "a change of the directory was refused with the records that it recalls", err)
		if m, err = l.load(ctx); err != nil {
			return nil, err
		}
		b, answer, err = l.changeGuarded(ctx, m, c, false)
	}
	var v *events.Violation
	switch {
	case err == nil:
		c.done <- outcome{answer: answer}
		l.deliverBatch(b)
		return m, nil
	case errors.As(err, &v):
		c.done <- outcome{err: err}
		return m, nil
	case isolable(err):
		c.done <- outcome{err: errors.New("the change could not be stored")}
		l.alarm(ctx, "a change of the directory could not be stored", err)
		return l.load(ctx)
	}
	c.done <- outcome{err: errNotActive}
	return nil, err
}

// changeGuarded is the transaction, in which a panic is an error.
func (l *lead) changeGuarded(ctx context.Context, m *memory, c *changing, recalling bool) (b *batch, answer DirectoryChanged, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s\n%s", errPanicked, panicText(p), debug.Stack())
		}
	}()
	b = l.newBatch(ctx, m)
	number, err := b.change(c)
	if err != nil {
		return nil, answer, err
	}
	if b.ends && recalling {
		if err := b.recallAll(c.agency); err != nil {
			return nil, answer, err
		}
	}
	if err := b.finish(m); err != nil {
		return nil, answer, err
	}
	return b, DirectoryChanged{Number: number, Size: b.tree.Size()}, nil
}
