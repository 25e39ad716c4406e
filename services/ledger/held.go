package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

// waitingRecord is a sealed record that waits to be released or erased.
type waitingRecord struct {
	number uint64
	caseID events.CaseID
	to     events.AgencyID
	key    events.KeyID
}

// holding is what a batch changes of the records that wait.
type holding struct {
	held  []waitingRecord
	freed []uint64
}

func (h *holding) hold(r waitingRecord) { h.held = append(h.held, r) }

// free says that a record waits no more. One that came in this very batch was
// never written.
func (h *holding) free(number uint64) {
	before := len(h.held)
	h.held = slices.DeleteFunc(h.held, func(r waitingRecord) bool { return r.number == number })
	if len(h.held) == before {
		h.freed = append(h.freed, number)
	}
}

func (h *holding) write(q *pgx.Batch) {
	if len(h.held) > 0 {
		var numbers []uint64
		var cases, to, keys []string
		for _, r := range h.held {
			numbers, cases, to, keys = append(numbers, r.number), append(cases, string(r.caseID)), append(to, string(r.to)), append(keys, string(r.key))
		}
		q.Queue("INSERT INTO held (number, case_id, recipient, key) SELECT n, i::uuid, r, k FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS x(n, i, r, k)", numbers, cases, to, keys)
	}
	if len(h.freed) > 0 {
		q.Queue("DELETE FROM held WHERE number = ANY($1::bigint[])", h.freed)
	}
}

// endedPage is in how many cases one transaction erases what waits under ended keys.
const endedPage = sweepCases

// sweepEnded erases, in some cases, what waits under sealing keys that ended for
// good. What is left to erase is what the database holds under them, so whatever
// restarts goes on. It gives the memory to go on with, and clears its mark when
// nothing is left; what could not be erased is tried again when it was put off for
// long enough.
func (l *lead) sweepEnded(ctx context.Context, m *memory) (*memory, error) {
	if now := l.config.Clock(); !m.unswept && (l.endedAgain.IsZero() || now.Before(l.endedAgain)) {
		return m, nil
	}
	l.endedAgain = time.Time{}
	due, err := l.casesEnded(ctx, m)
	if err != nil {
		return nil, err
	}
	for _, id := range due {
		if slices.Contains(l.ended, id) { // looked at in the page before, and it holds the record still
			l.alarm(ctx, "a record under a key that ended is not erased", errStillHeld)
			l.later(id)
		}
	}
	due = slices.DeleteFunc(due, func(id string) bool { return slices.Contains(l.ended, id) })
	if l.ended = due; len(due) == 0 {
		if m.unswept = false; len(l.putOff) > 0 {
			l.endedAgain = l.config.Clock().Add(putOffFor + time.Second)
		}
		return m, nil
	}
	if m, err = l.sweepAll(ctx, m, due); err == nil {
		m.unswept = true
	}
	return m, err
}

var errStillHeld = errors.New("the memorandum gives no reason to erase it")

// casesEnded finds cases in which records wait under keys that ended for good.
func (l *lead) casesEnded(ctx context.Context, m *memory) ([]string, error) {
	found, err := l.conn.Query(ctx, "SELECT DISTINCT recipient, key FROM held")
	if err != nil {
		return nil, fmt.Errorf("looking for records under ended keys: %w", err)
	}
	var to, key string
	var ended, keys []string
	if _, err := pgx.ForEachRow(found, []any{&to, &key}, func() error {
		if m.parties.memorandum.Ended(events.AgencyID(to), events.KeyID(key)) {
			ended, keys = append(ended, to), append(keys, key)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("looking for records under ended keys: %w", err)
	}
	if len(ended) == 0 {
		return nil, nil
	}
	found, err = l.conn.Query(ctx, `SELECT DISTINCT h.case_id::text FROM held h JOIN unnest($1::text[], $2::text[]) AS x(recipient, key) USING (recipient, key)
		WHERE NOT h.case_id = ANY($3::text[]::uuid[]) AND NOT EXISTS (SELECT FROM retired r WHERE r.case_id = h.case_id) LIMIT $4`, ended, keys, l.waitingCases(), endedPage)
	if err != nil {
		return nil, fmt.Errorf("looking for records under ended keys: %w", err)
	}
	due, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("looking for records under ended keys: %w", err)
	}
	return due, nil
}

// mostOnTheWay bounds the cases that are looked at in the transaction that ends keys.
const mostOnTheWay = 4096

// recallAll erases, in the transaction that ends an agency's keys, the records that
// were released to it and that it has not said it stored: from then on its
// deliveries of them are tombstones. A case that cannot be judged holds up nothing.
func (b *batch) recallAll(agency events.AgencyID) error {
	found, err := b.lead.conn.Query(b.ctx, `SELECT DISTINCT c.case_id::text FROM delivery d JOIN case_entry c ON c.number = d.entry JOIN opening o ON o.number = d.entry
		WHERE d.recipient = $1 AND d.kind = 'event' AND d.number > coalesce((SELECT p.number FROM position p WHERE p.agency = $1), 0)
		AND convert_from(o.entry, 'UTF8') ~ E'\nce-type org\\.handrail\\.(record\\.sealed|referral\\.asked|referral\\.answered)\\.v1\n'
		AND NOT EXISTS (SELECT FROM erasure x WHERE x.number = d.entry) LIMIT $2`, string(agency), mostOnTheWay)
	if err != nil {
		return fmt.Errorf("looking for records on their way: %w", err)
	}
	cases, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil || len(cases) == 0 {
		return err
	}
	q := &pgx.Batch{}
	b.lookupCases(q, cases)
	if err := b.lead.conn.SendBatch(b.ctx, q).Close(); err != nil {
		return fmt.Errorf("looking up cases with records on their way: %w", err)
	}
	for _, id := range cases {
		if f := b.files[events.CaseID(id)]; f != nil && f.retired != 0 {
			continue
		}
		if err := b.look(events.CaseID(id)); err != nil && b.lost == nil {
			b.lead.alarm(b.ctx, "records on their way in a case could not be recalled", err)
		}
	}
	return b.lost
}
