package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// ruleRetentionEnded refuses what is said in a case whose facts may not be kept any more.
const ruleRetentionEnded events.Rule = "retention-ended"

// tooLate refuses a statement in a retired case.
func tooLate() *events.Violation {
	return events.Refuse(ruleRetentionEnded, "attribute subject", "the time for which this case may be kept has ended, and nothing more is said in it; open a new case")
}

// retireCases is how many cases one sweep retires before it looks at clocks again.
const retireCases = 32

// retire says of each case whose last statement is older than the profile's
// retention that its time has ended: from then on nothing can be said in it, and
// the retention job may destroy what is stored of it. A case that cannot be retired
// is put off and holds up no other. It gives the memory to go on with.
func (l *lead) retire(ctx context.Context, m *memory) (*memory, error) {
	now := l.config.Clock()
	if now.Before(l.retireAt) {
		return m, nil
	}
	due, err := l.casesToRetire(ctx)
	if err != nil {
		return nil, err
	}
	if len(due) < retireCases {
		l.retireAt = now.Add(l.config.LookEvery)
	}
	for _, id := range due {
		err := l.retireGuarded(ctx, m, events.CaseID(id))
		if err == nil {
			continue
		}
		if !isolable(err) && !errors.Is(err, errUnretired) {
			return nil, err
		}
		l.alarm(ctx, "a case could not be retired", err)
		l.later(id)
		if m, err = l.load(ctx); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (l *lead) casesToRetire(ctx context.Context) ([]string, error) {
	found, err := l.conn.Query(ctx, `SELECT s.case_id::text FROM case_state s WHERE s.said < $1 AND NOT EXISTS (SELECT FROM retired r WHERE r.case_id = s.case_id)
		AND NOT s.case_id = ANY($3::text[]::uuid[]) ORDER BY s.said LIMIT $2`, l.now().Add(-l.profile.Retention()), retireCases, l.waitingCases())
	if err != nil {
		return nil, fmt.Errorf("looking for cases to retire: %w", err)
	}
	due, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("looking for cases to retire: %w", err)
	}
	return due, nil
}

// errUnretired is a fault of ours with one case.
var errUnretired = errors.New("retiring a case failed")

// retireGuarded is one transaction for one case, in which a panic is an error.
func (l *lead) retireGuarded(ctx context.Context, m *memory, id events.CaseID) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s\n%s", errPanicked, panicText(p), debug.Stack())
		}
	}()
	ended, to, err := l.entriesOf(ctx, id)
	if err != nil {
		return err
	}
	b := l.newBatch(ctx, m)
	if err := b.retired(ended, to); err != nil {
		return fmt.Errorf("%w: %w", errUnretired, err)
	}
	if err := b.finish(m); err != nil {
		return err
	}
	m.cases.Remove(id)
	l.deliverBatch(b)
	return nil
}

// entriesOf counts and digests the entries of a case, and finds who was delivered any of them.
func (l *lead) entriesOf(ctx context.Context, id events.CaseID) (ended *events.RetentionEnded, to []events.AgencyID, err error) {
	ended = &events.RetentionEnded{Case: id}
	leaves := sha256.New()
	q := &pgx.Batch{}
	q.Queue("SELECT e.number, e.leaf_hash FROM case_entry c JOIN entry e USING (number) WHERE c.case_id = $1::text::uuid ORDER BY e.number", string(id)).Query(func(found pgx.Rows) error {
		var number uint64
		var leaf []byte
		_, err := pgx.ForEachRow(found, []any{&number, &leaf}, func() error {
			ended.Entries++
			_, err := fmt.Fprintf(leaves, "%d %x\n", number, leaf)
			return err
		})
		return err
	})
	q.Queue("SELECT DISTINCT d.recipient FROM case_entry c JOIN delivery d ON d.entry = c.number WHERE c.case_id = $1::text::uuid", string(id)).Query(func(found pgx.Rows) error {
		var agency string
		_, err := pgx.ForEachRow(found, []any{&agency}, func() error {
			if l.roster.now().receives(events.AgencyID(agency)) {
				to = append(to, events.AgencyID(agency))
			}
			return nil
		})
		return err
	})
	if err := l.conn.SendBatch(ctx, q).Close(); err != nil {
		return nil, nil, fmt.Errorf("reading the entries of a case: %w", err)
	}
	slices.Sort(to)
	ended.Leaves = hex.EncodeToString(leaves.Sum(nil))
	return ended, to, nil
}

// retired appends a case's retention.ended.
func (b *batch) retired(ended *events.RetentionEnded, to []events.AgencyID) error {
	data, err := events.Encode(ended)
	if err != nil {
		return err
	}
	st := b.newStep()
	e, err := b.lead.hubEvent(b.now, hubEvent{
		kind: events.TypeRetentionEnded, subject: string(events.HubAgency), trace: exchange.TraceParent(b.ctx), sequence: st.hubNext, data: data,
	})
	if err != nil {
		return err
	}
	number := b.number(st)
	st.hubNext++
	if err := b.uncased(st, e, b.lead.key.ID(), seal.Digest(e), to); err != nil {
		return err
	}
	b.take(st)
	b.rows.access.retired = append(b.rows.access.retired, retirement{ended.Case, number})
	return nil
}

// lookupRetired marks the files of cases whose retention ended.
func (b *batch) lookupRetired(q *pgx.Batch, cases []string) {
	var id string
	var number uint64
	q.Queue("SELECT case_id::text, number FROM retired WHERE case_id = ANY($1::text[]::uuid[])", cases).Query(func(found pgx.Rows) error {
		_, err := pgx.ForEachRow(found, []any{&id, &number}, func() error {
			f := newCaseFile(b.parties.memorandum.NewCase("")) // what is stored of it, readable or not, is of no use to anyone
			f.retired = number
			b.files[events.CaseID(id)] = f
			return nil
		})
		return err
	})
}
