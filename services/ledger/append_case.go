package ledger

import (
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

// writeSigners writes which sequences are expected next, of the keys that spoke. One
// statement for all would be a join, which Postgres plans anew each time for few keys.
func (b *batch) writeSigners(q *pgx.Batch, before map[events.KeyID]events.Sequence) {
	for key, next := range b.next {
		if before[key] != next {
			q.Queue("UPDATE signer SET next = $2 WHERE key = $1", string(key), uint64(next))
		}
	}
}

// writeStates writes how the batch leaves the cases that it is about: the end of
// each chain, the state, and the clocks that changed; a statement for each table,
// however many cases there are.
func (b *batch) writeStates(q *pgx.Batch) {
	var cases, chains []string
	var numbers []uint64
	var leaves [][]byte
	spoken := map[events.CaseID]bool{} // others were only looked at
	for key, link := range b.rows.heads {
		spoken[key.caseID] = true
		cases, chains, numbers, leaves = append(cases, string(key.caseID)), append(chains, key.chain), append(numbers, link.Number), append(leaves, link.Leaf[:])
	}
	if len(cases) > 0 {
		q.Queue(`INSERT INTO chain_head (case_id, chain, number, leaf) SELECT i::uuid, c, n, l FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS x(i, c, n, l)
			ON CONFLICT (case_id, chain) DO UPDATE SET number = excluded.number, leaf = excluded.leaf`, cases, chains, numbers, leaves)
	}
	if len(b.rows.states) == 0 {
		return
	}
	var ids []string
	var opened []uint64
	var states [][]byte
	var said []time.Time
	var clocks clockRows
	for id, c := range b.rows.states {
		at := time.Unix(0, 0) // before any
		if spoken[id] {
			at = b.now
		}
		said = append(said, at)
		ids, opened, states = append(ids, string(id)), append(opened, c.opened), append(states, c.state)
		clocks.add(id, c)
	}
	q.Queue(`INSERT INTO case_state (case_id, opened, state, said) SELECT i::uuid, o, s, a FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::timestamptz[]) AS x(i, o, s, a)
		ON CONFLICT (case_id) DO UPDATE SET state = excluded.state, said = greatest(case_state.said, excluded.said)`, ids, opened, states, said)
	clocks.write(q)
}

// clockRows are the columns of changed clocks.
type clockRows struct {
	cases, rules, agencies, referrals, states []string
	entries                                   []uint64
	dues                                      []time.Time
	looks                                     []*time.Time
}

func (r *clockRows) add(id events.CaseID, c stored) {
	for _, clock := range c.clocks {
		r.cases, r.entries, r.rules = append(r.cases, string(id)), append(r.entries, clock.Set), append(r.rules, string(clock.Rule))
		r.agencies, r.referrals, r.states = append(r.agencies, string(clock.Owes)), append(r.referrals, string(clock.Referral)), append(r.states, string(clock.State))
		r.dues, r.looks = append(r.dues, clock.Due), append(r.looks, orNull(clock.Look))
	}
}

func (r *clockRows) write(q *pgx.Batch) {
	if len(r.cases) == 0 {
		return
	}
	q.Queue(`INSERT INTO deadline (case_id, entry, rule, agency, referral, due, look, state)
		SELECT i::uuid, e, r, a, f, d, l, s FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[]) AS x(i, e, r, a, f, d, l, s)
		ON CONFLICT (case_id, entry, rule, agency, referral) DO UPDATE SET due = excluded.due, look = excluded.look, state = excluded.state`,
		r.cases, r.entries, r.rules, r.agencies, r.referrals, r.dues, r.looks, r.states)
}
