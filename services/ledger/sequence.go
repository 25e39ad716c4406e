package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// sequence takes whatever queued during the last commit, never waiting for more,
// and commits it as one batch; when more waits than a batch takes, the senders take
// turns. It ends with ctx, with in, or with the database.
func (l *lead) sequence(ctx context.Context, in <-chan *submission) error {
	m, err := l.load(ctx)
	if err != nil {
		return err
	}
	l.announceAssigned(m)
	clock := time.NewTimer(l.untilLook(m))
	defer clock.Stop()
	swept, asked := false, false // since the last batch
	for {
		if !swept && (m.unswept || !m.look.IsZero() && m.look.Before(l.now())) { // a queue that is never empty must not keep deadlines waiting
			if m, err = l.sweep(ctx, m); err != nil {
				return err
			}
			swept = true
		}
		clock.Reset(l.untilLook(m))
		all, errand, ok := l.take(ctx, in, clock.C, !asked)
		switch {
		case !ok:
			return ctx.Err()
		case errand != nil:
			m, err = errand(ctx, m)
			asked = true
		case len(all) == 0:
			m, err = l.sweep(ctx, m)
		default:
			l.telemetry.queues.Record(ctx, int64(len(in)+len(l.waiting)))
			m, err = l.process(ctx, m, all)
			swept, asked = false, false
		}
		if err != nil {
			return err
		}
	}
}

// errand is something beside submissions that the sequencer does in a transaction
// of its own. It gives the memory to go on with.
type errand func(context.Context, *memory) (*memory, error)

// maxWaiting bounds what is set aside for later batches. The broker lets fewer be
// out unacknowledged.
const maxWaiting = 4 * queued

// take gives the next batch, or an errand, blocking until there is one; neither when
// it is time to look at clocks. An errand does not wait behind a queue that is never
// empty, and the queue waits behind one errand at a time.
func (l *lead) take(ctx context.Context, in <-chan *submission, clock <-chan time.Time, asks bool) (all []*submission, do errand, ok bool) {
	for {
		open := l.gather(in)
		if asks || len(l.waiting) == 0 {
			if do = l.asked(); do != nil {
				return nil, do, true
			}
		}
		switch {
		case len(l.waiting) > 0:
			if all = l.nextBatch(ctx); len(all) > 0 {
				return all, nil, true
			}
			continue // it was control messages alone
		case !open:
			return nil, nil, false
		}
		select {
		case <-ctx.Done():
			return nil, nil, false
		case <-clock:
			return nil, nil, true
		case first := <-l.readings:
			return nil, l.recording(first), true
		case c := <-l.changes:
			return nil, l.enrolling(c), true
		case s, more := <-in:
			if !more {
				return nil, nil, false
			}
			l.waiting = append(l.waiting, s)
		}
	}
}

// gather sets aside what is there already. It says whether more can come.
func (l *lead) gather(in <-chan *submission) (open bool) {
	for len(l.waiting) < maxWaiting {
		select {
		case s, more := <-in:
			if !more {
				return false
			}
			l.waiting = append(l.waiting, s)
		default:
			return true
		}
	}
	return true
}

// asked gives an errand that waits; nil if none does.
func (l *lead) asked() errand {
	select {
	case c := <-l.changes:
		return l.enrolling(c)
	case first := <-l.readings:
		return l.recording(first)
	default:
		return nil
	}
}

func (l *lead) recording(first *asked) errand {
	return func(ctx context.Context, m *memory) (*memory, error) { return l.record(ctx, m, l.moreAsked(first)) }
}

func (l *lead) enrolling(c *changing) errand {
	return func(ctx context.Context, m *memory) (*memory, error) { return l.changeDirectory(ctx, m, c) }
}

// nextBatch takes from what waits what is next, without control messages: these go
// to the couriers at once and are not logged.
func (l *lead) nextBatch(ctx context.Context) []*submission {
	var turn []*submission
	turn, l.waiting = inTurn(l.waiting, l.config.MaxBatch)
	l.backlog.Store(int64(len(l.waiting)))
	all := turn[:0]
	for _, s := range turn {
		<-s.done
		if s.event.Type.IsControl() {
			l.control(ctx, s)
			continue
		}
		all = append(all, s)
	}
	return all
}

// process commits submissions and does what follows a commit. When the database
// refuses the rows, it tries each submission alone, and refuses as the hub's fault
// the one that fails alone.
func (l *lead) process(ctx context.Context, m *memory, all []*submission) (*memory, error) {
	b, err := l.attempt(ctx, m, all)
	if err == nil {
		l.committed(ctx, b, all)
		return m, nil
	}
	if !isolable(err) {
		return nil, err
	}
	l.alarm(ctx, "a batch was refused", err)
	for _, s := range all {
		if m, err = l.alone(ctx, s); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (l *lead) alone(ctx context.Context, s *submission) (*memory, error) {
	m, err := l.load(ctx)
	if err != nil {
		return nil, err
	}
	one := []*submission{s}
	b, err := l.attempt(ctx, m, one)
	if err != nil && isolable(err) {
		s.hubFault = true
		l.alarm(ctx, "one submission was refused alone", err)
		if m, err = l.load(ctx); err != nil {
			return nil, err
		}
		b, err = l.attempt(ctx, m, one)
	}
	if err != nil {
		return nil, err
	}
	l.committed(ctx, b, one)
	return m, nil
}

// attempt is one transaction under one span, linked to the traces of its events;
// each of these shows it as a span of its own, linked back.
func (l *lead) attempt(ctx context.Context, m *memory, all []*submission) (*batch, error) {
	links := make([]trace.Link, 0, len(all))
	for _, s := range all {
		links = append(links, trace.Link{SpanContext: s.span.SpanContext()})
	}
	ctx, span := l.telemetry.tracer.Start(ctx, "commit", trace.WithLinks(links...), trace.WithAttributes(attribute.Int("handrail.batch.size", len(all))))
	defer span.End()
	begin := time.Now()
	b, err := l.guarded(ctx, m, all)
	if err != nil {
		span.RecordError(errors.New("the batch did not commit"))
		return nil, err
	}
	l.telemetry.committed(ctx, len(all), len(b.rows.numbers), time.Since(begin))
	l.telemetry.appended(ctx, all, b.verdicts, begin)
	return b, nil
}

// guarded turns a panic outside of judging into an error, so that it too is
// traced to one submission instead of ending the ledger again and again.
func (l *lead) guarded(ctx context.Context, m *memory, all []*submission) (b *batch, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s\n%s", errPanicked, panicText(p), debug.Stack())
		}
	}()
	return l.commit(ctx, m, all)
}

var errPanicked = errors.New("committing a batch panicked")

// committed does what follows a commit, in this order: send, then acknowledge.
func (l *lead) committed(ctx context.Context, b *batch, all []*submission) {
	l.deliverBatch(b)
	for _, a := range b.again {
		if c := l.couriers.of(a.to); c != nil { // an auditor's account has nothing to say and gets no answer
			c.repeat(a.answerAt)
		}
	}
	for agency, key := range b.early {
		l.couriers.of(agency).missing(key, b.next[key])
	}
	for i, s := range all {
		l.telemetry.judged(ctx, s, b.verdicts[i])
		if err := s.ack(); err != nil {
			l.log.DebugContext(ctx, "a submission was not acknowledged and may come again")
		}
	}
}

// deliverBatch tells the couriers what a committed batch means to them.
func (l *lead) deliverBatch(b *batch) {
	l.remember(b)
	for _, e := range b.rows.erases {
		l.eraseCopies(e, b.files[e.caseID])
	}
	for agency, all := range b.pending {
		l.couriers.of(agency).deliver(b.assigned[agency], all)
	}
}
