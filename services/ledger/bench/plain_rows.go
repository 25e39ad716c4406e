package bench

import (
	"bytes"
	"time"

	"github.com/jackc/pgx/v5"
)

// plainRows are the columns of a batch, as the ledger inserts them.
type plainRows struct {
	numbers                                     []uint64
	leaves, macs, salts, openings, payloads     [][]byte
	agencies, ids, cases, chains                []string
	digests, states, leafHashes                 [][]byte
	opened                                      []uint64
	recipients, kinds                           []string
	deliveryNumbers, deliveryEntries            []uint64
	clockCases, rules, owes, referrals, clocked []string
	clockEntries                                []uint64
	dues                                        []time.Time
	looks                                       []*time.Time
	stateAt                                     map[string]int
	stateCases                                  []string
}

func (r *plainRows) add(number uint64, w *written, placed map[*written]uint64) {
	r.numbers, r.leaves, r.macs = append(r.numbers, number), append(r.leaves, w.leaf), append(r.macs, w.mac)
	r.salts, r.openings, r.payloads = append(r.salts, w.salt), append(r.openings, w.entry), append(r.payloads, w.payload)
	r.agencies, r.ids, r.digests = append(r.agencies, w.agency), append(r.ids, w.id), append(r.digests, w.digest)
	r.cases, r.chains, r.leafHashes = append(r.cases, w.caseID), append(r.chains, "case"), append(r.leafHashes, w.leaf)
	if r.stateAt == nil {
		r.stateAt = map[string]int{}
	}
	if at, again := r.stateAt[w.caseID]; again { // a case is written once in a batch
		r.states[at] = w.state
	} else {
		r.stateAt[w.caseID] = len(r.states)
		r.stateCases, r.states, r.opened = append(r.stateCases, w.caseID), append(r.states, w.state), append(r.opened, placed[w.opened])
	}
	for _, clock := range w.deadlines {
		r.clockCases, r.clockEntries, r.rules = append(r.clockCases, w.caseID), append(r.clockEntries, number), append(r.rules, clock.rule)
		r.owes, r.referrals, r.clocked = append(r.owes, clock.agency), append(r.referrals, clock.referral), append(r.clocked, clock.state)
		r.dues, r.looks = append(r.dues, clock.due), append(r.looks, clock.look)
	}
}

func (r *plainRows) delivery(d plannedDelivery, number, entry uint64) {
	r.recipients, r.kinds = append(r.recipients, string(d.to)), append(r.kinds, d.kind)
	r.deliveryNumbers, r.deliveryEntries = append(r.deliveryNumbers, number), append(r.deliveryEntries, entry)
}

// inserts is the transaction: the ledger's tables with their indexes and
// references, a checkpoint without a signature.
func (r *plainRows) inserts(size uint64, now time.Time) *pgx.Batch {
	q := &pgx.Batch{}
	q.Queue("INSERT INTO entry (number, leaf_hash, mac) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])", r.numbers, r.leaves, r.macs)
	q.Queue("INSERT INTO opening (number, salt, entry) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])", r.numbers, r.salts, r.openings)
	q.Queue("INSERT INTO payload (number, data) SELECT * FROM unnest($1::bigint[], $2::bytea[])", r.numbers, r.payloads)
	q.Queue("INSERT INTO checkpoint (size, note, admitted) VALUES ($1, $2, $3)", size, bytes.Repeat([]byte("x"), 200), now)
	q.Queue("INSERT INTO submission (agency, id, number, digest) SELECT a, i::uuid, n, d FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS x(a, i, n, d)", r.agencies, r.ids, r.numbers, r.digests)
	q.Queue("INSERT INTO answer (agency, digest, number, leaf) SELECT a, d, n, 0 FROM unnest($1::text[], $2::bytea[], $3::bigint[]) AS x(a, d, n)", r.agencies, r.digests, r.numbers)
	q.Queue("INSERT INTO delivery (recipient, number, kind, entry, leaf) SELECT a, n, k, e, 0 FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) AS x(a, n, k, e)",
		r.recipients, r.deliveryNumbers, r.kinds, r.deliveryEntries)
	q.Queue("INSERT INTO case_entry (case_id, number) SELECT i::uuid, n FROM unnest($1::text[], $2::bigint[]) AS x(i, n)", r.cases, r.numbers)
	q.Queue(`INSERT INTO chain_head (case_id, chain, number, leaf) SELECT DISTINCT ON (i, c) i::uuid, c, n, l FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS x(i, c, n, l) ORDER BY i, c, n DESC
		ON CONFLICT (case_id, chain) DO UPDATE SET number = excluded.number, leaf = excluded.leaf`, r.cases, r.chains, r.numbers, r.leafHashes)
	q.Queue(`INSERT INTO case_state (case_id, opened, state, said) SELECT i::uuid, o, s, $4 FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS x(i, o, s)
		ON CONFLICT (case_id) DO UPDATE SET state = excluded.state, said = excluded.said`, r.stateCases, r.opened, r.states, now)
	if len(r.rules) > 0 {
		q.Queue(`INSERT INTO deadline (case_id, entry, rule, agency, referral, due, look, state)
			SELECT i::uuid, e, r, a, f, d, l, s FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[]) AS x(i, e, r, a, f, d, l, s)`,
			r.clockCases, r.clockEntries, r.rules, r.owes, r.referrals, r.dues, r.looks, r.clocked)
	}
	return q
}
