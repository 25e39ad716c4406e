package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/contracts/tlog"
	"handrail/events"
)

// commit judges submissions and writes what follows, all of it, in one
// transaction. An error means that nothing or, when the connection broke, an
// unknown part of nothing-or-all happened: the memory must be loaded anew.
func (l *lead) commit(ctx context.Context, m *memory, all []*submission) (*batch, error) {
	b, err := l.judgeAll(ctx, m, all, false)
	if err != nil {
		return nil, err
	}
	err = b.finish(m)
	if !idTaken(err) {
		return b, err
	}
	if b, err = l.judgeAll(ctx, m, all, true); err != nil {
		return nil, err
	}
	return b, b.finish(m)
}

// judgeAll builds a batch on a copy of the memory.
func (l *lead) judgeAll(ctx context.Context, m *memory, all []*submission, lookAll bool) (*batch, error) {
	b := l.newBatch(ctx, m)
	b.lookAll = lookAll
	if err := b.lookup(m, all); err != nil {
		return nil, err
	}
	b.floods(all)
	for _, s := range all {
		//nolint:contextcheck // what the hub says in another case has a trace of its own
		if b.judge(s); b.lost != nil { // on a connection that is gone no later one can be judged either
			return nil, b.lost
		}
	}
	return b, nil
}

// idTaken says that Postgres refused a batch, all of it, because an id in it was
// used before.
func idTaken(err error) bool {
	refusal, asked := errors.AsType[*pgconn.PgError](err)
	return asked && refusal.ConstraintName == "submission_pkey"
}

// finish writes the batch, unless it says nothing new, and then takes it into memory.
func (b *batch) finish(m *memory) error {
	var signed []byte
	if b.tree.Size() > b.first {
		var err error
		if signed, err = b.checkpoint(); err != nil {
			return fmt.Errorf("appending a batch: %w", err)
		}
	} else if len(b.rows.states) == 0 {
		return nil
	}
	if err := b.write(b.ctx, signed, m.next); err != nil {
		return fmt.Errorf("appending a batch: %w", err)
	}
	for _, e := range b.fresh {
		e.checkpoint = signed
	}
	b.keep(m)
	return nil
}

// checkpoint signs the log as the batch leaves it.
func (b *batch) checkpoint() ([]byte, error) {
	return tlog.Checkpoint{Origin: b.lead.hub.Origin(), Size: b.tree.Size(), Root: b.tree.Root()}.Sign(b.lead.logSigner)
}

// write sends all inserts in one round trip. Without BEGIN they are one
// transaction of their own: the protocol ends it at the pipeline's one Sync, and
// any error rolls all of it back.
func (b *batch) write(ctx context.Context, signed []byte, before map[events.KeyID]events.Sequence) error {
	q := &pgx.Batch{}
	if signed != nil {
		b.writeLog(q, signed)
	}
	b.writeMemory(q)
	b.writeCases(q)
	b.writeAccess(q)
	b.writeDirectory(q)
	b.writeSigners(q, before)
	return b.lead.conn.SendBatch(ctx, q).Close()
}

func (b *batch) writeLog(q *pgx.Batch, signed []byte) {
	r := &b.rows
	q.Queue("INSERT INTO entry (number, leaf_hash, mac) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])", r.numbers, r.leaves, r.macs)
	q.Queue("INSERT INTO opening (number, salt, entry) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])", r.numbers, r.salts, r.openings)
	if len(r.payloads) > 0 {
		q.Queue("INSERT INTO payload (number, data) SELECT * FROM unnest($1::bigint[], $2::bytea[])", r.payloadNumbers, r.payloads)
	}
	if len(r.nodeHashes) > 0 {
		q.Queue("INSERT INTO node (level, index, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])", r.nodeLevels, r.nodeIndexes, r.nodeHashes)
	}
	q.Queue("INSERT INTO checkpoint (size, note, admitted) VALUES ($1, $2, $3)", b.tree.Size(), signed, b.now)
}

func (b *batch) writeMemory(q *pgx.Batch) {
	r := &b.rows
	if len(r.submissionIDs) > 0 {
		q.Queue("INSERT INTO submission (agency, id, number, digest) SELECT a, i::uuid, n, d FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS x(a, i, n, d)",
			r.submissionAgencies, r.submissionIDs, r.submissionNumbers, r.submissionDigests)
	}
	if len(r.answerNumbers) > 0 {
		q.Queue("INSERT INTO answer (agency, digest, number, leaf) SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::integer[])",
			r.answerAgencies, r.answerDigests, r.answerNumbers, r.answerLeaves)
	}
	if len(r.refusalNumbers) > 0 {
		q.Queue(`INSERT INTO refusal (number, leaf, id, sequence, reason, digest_salt, rule, pointer, digest, path)
			SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[], $9::bytea[], $10::bytea[])`,
			r.refusalNumbers, r.refusalLeaves, r.refusalIDs, r.refusalSequences, r.refusalReasons, r.refusalSalts, r.refusalRules, r.refusalPointers, r.refusalDigests, r.refusalPaths)
	}
	if len(r.recipients) > 0 {
		q.Queue("INSERT INTO delivery (recipient, number, kind, entry, leaf) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::integer[])",
			r.recipients, r.deliveryNumbers, r.deliveryKinds, r.deliveryEntries, r.deliveryLeaves)
	}
}

func (b *batch) writeCases(q *pgx.Batch) {
	r := &b.rows
	if len(r.caseIDs) > 0 {
		q.Queue("INSERT INTO case_entry (case_id, number) SELECT i::uuid, n FROM unnest($1::text[], $2::bigint[]) AS x(i, n)", r.caseIDs, r.caseNumbers)
	}
	r.holding.write(q)
	b.writeStates(q)
	for _, f := range r.fired { // no ON CONFLICT: a deadline that is spoken of twice stops the transaction
		q.Queue("INSERT INTO deadline_event (case_id, entry, rule, agency, referral, type, said) VALUES ($1::text::uuid, $2, $3, $4, $5, $6, $7)",
			string(f.caseID), f.Set, string(f.Duty), string(f.Owes), string(f.referral), f.what.Name(), f.number)
	}
	for _, e := range r.erases {
		q.Queue("INSERT INTO erasure (number, by, record, reason) VALUES ($1, $2, $3::text::uuid, $4)", e.sealed, e.by, string(e.record), string(e.reason))
		q.Queue("SELECT erase_payload($1, $2)", e.sealed, e.by)
	}
}

// writeDirectory writes who takes part, and what agencies published of themselves.
func (b *batch) writeDirectory(q *pgx.Batch) {
	b.writeChanges(q)
	for _, c := range b.rows.capacity {
		q.Queue("INSERT INTO capacity (agency, number) VALUES ($1, $2)", string(c.agency), c.number)
	}
	for _, r := range b.rows.resets {
		q.Queue("INSERT INTO witness_reset (agency, number, size) VALUES ($1, $2, $3)", string(r.agency), r.number, r.to)
	}
}

// orNull stores the zero instant as null.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// isolable says whether one submission of a batch may be the reason that it did
// not commit: Postgres itself refused its rows, or something panicked. It is not
// when Postgres could not be asked or somebody else was there first.
func isolable(err error) bool {
	if errors.Is(err, errPanicked) {
		return true
	}
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Code[:2] {
	case "08", "25", "40", "53", "55", "57", "58": // connection, read-only, serialization, resources, locks, shutdown, disk
		return false
	}
	return refusal.ConstraintName != "entry_pkey" // another sequencer was there first: ours is out of date
}
