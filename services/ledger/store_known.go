package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// lookup reads, in one round trip, what the batch's submissions may meet: answers
// that were given, ids that were used, and the files of the cases they name; in
// another the files of cases in which the hub will speak because of them. Of
// what is expected next and about cases in memory it reads nothing, see [batch.expects].
func (b *batch) lookup(m *memory, all []*submission) error {
	var agencies, idAgencies, ids, cases []string
	var digests [][]byte
	next := map[events.KeyID]events.Sequence{}
	for _, s := range all {
		if !b.expects(next, s) {
			for _, identity := range b.identities(s) {
				agencies, digests = append(agencies, string(s.from)), append(digests, identity[:])
			}
			if s.unauthenticated == nil {
				idAgencies, ids = append(idAgencies, string(s.from)), append(ids, string(s.event.ID))
			}
		}
		if s.unauthenticated != nil {
			continue
		}
		cases = b.need(m, cases, s.event.Case())
		if p, ok := s.payload.(*events.CaseLinked); ok {
			cases = b.need(m, cases, p.Case)
		}
	}
	q := &pgx.Batch{}
	b.lookupCases(q, cases)
	if len(agencies) > 0 {
		q.Queue(`SELECT a.agency, a.digest, a.number, a.leaf FROM answer a JOIN unnest($1::text[], $2::bytea[]) AS x(agency, digest) USING (agency, digest)`, agencies, digests).
			Query(func(found pgx.Rows) error { return b.knownAnswers(found) })
	}
	if len(ids) > 0 {
		q.Queue(`SELECT s.agency, s.id::text, s.number FROM submission s JOIN unnest($1::text[], $2::text[]) AS x(agency, id) ON s.agency = x.agency AND s.id = x.id::uuid`, idAgencies, ids).
			Query(func(found pgx.Rows) error { return b.knownIDs(found) })
	}
	if q.Len() > 0 {
		if err := b.lead.conn.SendBatch(b.ctx, q).Close(); err != nil {
			return fmt.Errorf("looking up what a batch names: %w", err)
		}
	}
	return b.lookupOthers(m, all)
}

// expects says whether a submission has the number that is next for its key. It can
// have no answer yet: whatever got one with a good signature has used its
// number up. Its id may have been used for another event, which is rare: then the
// database refuses the batch, and it is judged once more with every id looked up.
func (b *batch) expects(next map[events.KeyID]events.Sequence, s *submission) bool {
	if b.lookAll || b.disbelieved(s) != nil {
		return false
	}
	expected, begun := next[s.key]
	if !begun {
		expected = b.next[s.key]
	}
	if s.sequence != expected {
		return false
	}
	next[s.key] = expected + 1
	return true
}

// need takes a case from memory, or adds it to those that must be read.
func (b *batch) need(m *memory, cases []string, id events.CaseID) []string {
	if _, have := b.files[id]; id == "" || have || slices.Contains(cases, string(id)) {
		return cases
	}
	if file, ok := m.cases.Get(id); ok {
		b.files[id] = file
		return cases
	}
	return append(cases, string(id))
}

// lookupOthers reads the cases in which the hub will speak because of what is
// said in another. A case that the batch itself links is read by its name.
func (b *batch) lookupOthers(m *memory, all []*submission) error {
	var cases []string
	for _, s := range all {
		for _, id := range b.others(s) {
			cases = b.need(m, cases, id)
		}
	}
	if len(cases) == 0 {
		return nil
	}
	q := &pgx.Batch{}
	b.lookupCases(q, cases)
	if err := b.lead.conn.SendBatch(b.ctx, q).Close(); err != nil {
		return fmt.Errorf("looking up cases that others link: %w", err)
	}
	return nil
}

func (b *batch) knownAnswers(found pgx.Rows) error {
	var agency string
	var digest []byte
	var first answerAt
	_, err := pgx.ForEachRow(found, []any{&agency, &digest, &first.entry, &first.leaf}, func() error {
		h, err := hash(digest)
		b.answers[answerKey{events.AgencyID(agency), h}] = first
		return err
	})
	return err
}

func (b *batch) knownIDs(found pgx.Rows) error {
	var agency, id string
	var number uint64
	_, err := pgx.ForEachRow(found, []any{&agency, &id, &number}, func() error {
		b.ids[idKey{events.AgencyID(agency), events.EventID(id)}] = number
		return nil
	})
	return err
}

// lookupCases reads the files of cases that are not in memory. A state that cannot
// be read leaves a nil file: the events of that case alone are refused.
func (b *batch) lookupCases(q *pgx.Batch, cases []string) {
	if len(cases) == 0 {
		return
	}
	for _, id := range cases {
		b.files[events.CaseID(id)] = newCaseFile(b.parties.memorandum.NewCase(""))
	}
	var id, chain, agency string
	var number uint64
	var bytes []byte
	q.Queue("SELECT case_id::text, opened, state FROM case_state WHERE case_id = ANY($1::text[]::uuid[])", cases).Query(func(found pgx.Rows) error {
		_, err := pgx.ForEachRow(found, []any{&id, &number, &bytes}, func() error {
			state, err := b.parties.memorandum.RestoreCase(bytes)
			if err != nil {
				b.lead.alarm(b.ctx, "the stored state of a case cannot be read", err)
				b.files[events.CaseID(id)] = nil
				return nil
			}
			opened := number
			b.files[events.CaseID(id)].state, b.files[events.CaseID(id)].opened = state, &opened
			return nil
		})
		return err
	})
	q.Queue("SELECT case_id::text, chain, number, leaf FROM chain_head WHERE case_id = ANY($1::text[]::uuid[])", cases).Query(func(found pgx.Rows) error {
		_, err := pgx.ForEachRow(found, []any{&id, &chain, &number, &bytes}, func() error {
			leaf, err := hash(bytes)
			if f := b.files[events.CaseID(id)]; f != nil {
				f.heads[chain] = tlog.Link{Number: number, Leaf: leaf}
			}
			return err
		})
		return err
	})
	b.lookupClocks(q, cases)
	q.Queue(`SELECT c.case_id::text, d.recipient, d.entry FROM case_entry c JOIN delivery d ON d.entry = c.number
		WHERE c.case_id = ANY($1::text[]::uuid[]) AND d.kind <> 'refusal' ORDER BY d.entry`, cases).Query(func(found pgx.Rows) error {
		_, err := pgx.ForEachRow(found, []any{&id, &agency, &number}, func() error {
			if f := b.files[events.CaseID(id)]; f != nil {
				f.delivered[events.AgencyID(agency)] = append(f.delivered[events.AgencyID(agency)], number)
			}
			return nil
		})
		return err
	})
	b.lookupRetired(q, cases)
}

// lookupClocks reads how the clocks of cases are stored.
func (b *batch) lookupClocks(q *pgx.Batch, cases []string) {
	var id, rule, agency, referral, state string
	var number uint64
	var due time.Time
	var look *time.Time
	q.Queue("SELECT case_id::text, entry, rule, agency, referral, due, look, state FROM deadline WHERE case_id = ANY($1::text[]::uuid[])", cases).Query(func(found pgx.Rows) error {
		_, err := pgx.ForEachRow(found, []any{&id, &number, &rule, &agency, &referral, &due, &look, &state}, func() error {
			if f := b.files[events.CaseID(id)]; f != nil {
				clock := mou.Clock{
					Rule: events.Rule(rule), Set: number, Owes: events.AgencyID(agency), Referral: events.ReferralID(referral), Due: due.UTC(), State: mou.ClockState(state),
				}
				if look != nil {
					clock.Look = look.UTC()
				}
				f.clocks = append(f.clocks, clock)
			}
			return nil
		})
		return err
	})
}

// keep takes the files of a committed batch into memory.
func (b *batch) keep(m *memory) {
	for id, file := range b.files {
		if file != nil && file.opened != nil {
			m.cases.Add(id, file)
		}
	}
	m.tree, m.next, m.assigned = b.tree.Tree(), b.next, b.assigned
	m.capacity, m.look = b.capacity, earlier(m.look, b.rows.looks())
	if len(b.rows.changes) > 0 {
		b.lead.changed(m, b)
	}
	b.lead.admitted.Store(b.now.UnixMicro())
	b.lead.grew(b)
}
