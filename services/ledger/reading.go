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
	"handrail/events/seal"
)

// What waits to be recorded of readings. An auditor that asks for more at a time is told so.
const (
	askedAtOnce  = 64
	askPatience  = 10 * time.Second // for the sequencer to record a reading
	readingCount = 12 * time.Hour   // how long a reading allows what it was recorded for
)

// errNotActive means that this ledger records nothing: another one leads, or none can.
var errNotActive = errors.New("this ledger does not lead")

// asked is a reading that waits for the sequencer.
type asked struct {
	auditor events.AgencyID
	read    *events.TrailRead
	trace   string
	done    chan recorded // capacity 1
}

// recorded is what became of it.
type recorded struct {
	answer ReadingRecorded
	err    error
}

// read has the sequencer record a reading, and returns when it stands in the log.
// An error leaves open whether it does; nothing was shown then.
func (l *lead) read(ctx context.Context, auditor events.AgencyID, what *events.TrailRead) (ReadingRecorded, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	a := &asked{auditor, what, exchange.TraceParent(ctx), make(chan recorded, 1)}
	select {
	case l.readings <- a:
	case <-l.over:
		return ReadingRecorded{}, errNotActive
	case <-ctx.Done():
		return ReadingRecorded{}, errNotActive
	}
	select {
	case r := <-a.done:
		return r.answer, r.err
	case <-l.over:
		return ReadingRecorded{}, errNotActive
	case <-ctx.Done():
		return ReadingRecorded{}, errNotActive
	}
}

// moreAsked adds the readings that wait beside the first.
func (l *lead) moreAsked(first *asked) []*asked {
	all := []*asked{first}
	for len(all) < askedAtOnce {
		select {
		case a := <-l.readings:
			all = append(all, a)
		default:
			return all
		}
	}
	return all
}

// record appends readings in one transaction, and tells those who wait for them.
func (l *lead) record(ctx context.Context, m *memory, all []*asked) (*memory, error) {
	answers, err := l.recordGuarded(ctx, m, all)
	for i, a := range all {
		r := recorded{err: errNotActive}
		switch {
		case err == nil:
			r = recorded{answer: answers[i]}
		case isolable(err):
			r.err = errors.New("the reading could not be recorded")
		}
		a.done <- r
	}
	if err == nil {
		return m, nil
	}
	if !isolable(err) {
		return nil, err
	}
	l.alarm(ctx, "readings could not be recorded", err)
	return l.load(ctx)
}

// recordGuarded is the transaction, in which a panic is an error.
func (l *lead) recordGuarded(ctx context.Context, m *memory, all []*asked) (answers []ReadingRecorded, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s\n%s", errPanicked, panicText(p), debug.Stack())
		}
	}()
	b := l.newBatch(ctx, m)
	for _, a := range all {
		number, err := b.readBy(a)
		if err != nil {
			return nil, err
		}
		answers = append(answers, ReadingRecorded{Reading: number})
	}
	if err := b.finish(m); err != nil {
		return nil, err
	}
	for i := range answers {
		answers[i].Size = b.tree.Size()
	}
	return answers, nil
}

// readBy appends the trail.read of one reading. It goes to nobody.
func (b *batch) readBy(a *asked) (number uint64, err error) {
	data, err := events.Encode(a.read)
	if err != nil {
		return 0, fmt.Errorf("recording a reading: %w", err)
	}
	st := b.newStep()
	e, err := b.lead.hubEvent(b.now, hubEvent{kind: events.TypeTrailRead, subject: string(a.auditor), trace: a.trace, sequence: st.hubNext, data: data})
	if err != nil {
		return 0, fmt.Errorf("recording a reading: %w", err)
	}
	number = b.number(st)
	st.hubNext++
	if err := b.uncased(st, e, b.lead.key.ID(), seal.Digest(e), nil); err != nil {
		return 0, err
	}
	b.take(st)
	b.rows.access.readings = append(b.rows.access.readings, reading{number, a.auditor, *a.read, b.now})
	return number, nil
}

// access is what a batch stores of readings and of retention.
type access struct {
	readings []reading
	retired  []retirement
}

// reading is a recorded trail.read.
type reading struct {
	number  uint64
	auditor events.AgencyID
	events.TrailRead

	at time.Time
}

// retirement is a case whose retention ended, and the entry that says so.
type retirement struct {
	caseID events.CaseID
	number uint64
}

// writeAccess writes what the batch has of readings and retention.
func (b *batch) writeAccess(q *pgx.Batch) {
	for _, r := range b.rows.access.readings {
		q.Queue("INSERT INTO reading (number, auditor, what, case_id, agency, at) VALUES ($1, $2, $3, nullif($4::text, '')::uuid, nullif($5, ''), $6)",
			r.number, string(r.auditor), string(r.What), string(r.Case), string(r.Agency), r.at)
	}
	for _, r := range b.rows.access.retired {
		q.Queue("INSERT INTO retired (case_id, number) VALUES ($1::text::uuid, $2)", string(r.caseID), r.number)
		q.Queue("UPDATE deadline SET look = NULL WHERE case_id = $1::text::uuid AND look IS NOT NULL", string(r.caseID))
	}
}
