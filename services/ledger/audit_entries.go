package ledger

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// trailRead reads the entries of one trail, and proves them.
type trailRead struct {
	log     *openLog
	state   []byte // of the case, as it is stored
	entries map[uint64]TrailEntry
	headers map[uint64]events.RecordHeader // see storedHeader
}

// storedData is what is stored of an entry's data. Of a large sealed record it is
// the beginning only, which has its protected header.
const storedData = `CASE WHEN octet_length(p.data) > 16384 AND (
	position('\x0a63652d74797065206f72672e68616e647261696c2e7265636f72642e7365616c65642e76310a'::bytea IN o.entry) > 0 OR
	position('\x0a63652d74797065206f72672e68616e647261696c2e726566657272616c2e61736b65642e76310a'::bytea IN o.entry) > 0 OR
	position('\x0a63652d74797065206f72672e68616e647261696c2e726566657272616c2e616e7377657265642e76310a'::bytea IN o.entry) > 0
	) THEN substring(p.data FROM 1 FOR 16384) ELSE p.data END`

const selectTrailEntries = `SELECT n.number, e.leaf_hash, o.salt, o.entry, ` + storedData + `, r.reason, coalesce(z.by, x.by, 0)
	FROM unnest($1::bigint[]) n(number) LEFT JOIN entry e USING (number) LEFT JOIN opening o USING (number) LEFT JOIN payload p USING (number)
	LEFT JOIN refusal r ON r.number = n.number AND r.leaf = 0 LEFT JOIN destroyed z ON z.number = n.number LEFT JOIN erasure x ON x.number = n.number`

// open reads entries as they are stored.
func (t *trailRead) open(ctx context.Context, db querier, numbers []uint64) error {
	if len(numbers) == 0 {
		return nil
	}
	if t.entries == nil {
		t.entries = make(map[uint64]TrailEntry, len(numbers))
	}
	found, err := db.Query(ctx, selectTrailEntries, numbers)
	if err != nil {
		return fmt.Errorf("reading the entries of a case: %w", err)
	}
	var e TrailEntry
	var leaf, data []byte
	var reason *string
	if _, err := pgx.ForEachRow(found, []any{&e.Number, &leaf, &e.Salt, &e.Opening, &data, &reason, &e.Erased}, func() error {
		t.entries[e.Number] = t.judge(e, leaf, data, reason)
		return nil
	}); err != nil {
		return fmt.Errorf("reading the entries of a case: %w", err)
	}
	return nil
}

// judge says of one entry what there is, and what is missing with nothing to explain it.
func (t *trailRead) judge(e TrailEntry, leaf, data []byte, reason *string) TrailEntry {
	h, err := hash(leaf)
	if err != nil {
		e.Damaged = DamagedEntry
		return e
	}
	e.Leaf = h
	if e.Opening == nil {
		if e.Erased == 0 {
			e.Damaged = DamagedOpening
		}
		return e
	}
	if isRefused(e.Opening) {
		if reason != nil {
			e.Reason = *reason
		}
		return e
	}
	if _, err := tlog.ParseEntry(e.Opening); err != nil {
		e.Damaged = DamagedOpening
	}
	switch sealed := isRecord(e.Opening); {
	case data == nil && e.Erased == 0:
		e.Damaged = DamagedData
		fallthrough
	case data == nil:
		e.Record = t.storedHeader(e.Number)
	case sealed:
		header, err := seal.RecordHeader(data)
		if err != nil {
			e.Damaged, e.Record = DamagedRecord, t.storedHeader(e.Number)
			return e
		}
		e.Record = &header
	default:
		e.Data = data
	}
	return e
}

// prove adds the proofs at a checkpoint.
func (t *trailRead) prove(ctx context.Context, db querier, size uint64) error {
	var numbers []uint64
	for number, e := range t.entries {
		if e.Damaged != DamagedEntry && number < size {
			numbers = append(numbers, number)
		}
	}
	stored, err := readTilesOf(ctx, db, size, numbers)
	if err != nil {
		return err
	}
	prover := tlog.NewProver(size, stored.read)
	for _, number := range numbers {
		e := t.entries[number]
		if e.Proof, err = prover.Prove(number); err != nil && e.Damaged == "" { // only hashes that are not stored
			e.Damaged = DamagedProof
		}
		t.entries[number] = e
	}
	return nil
}

// some gives entries by number, in the order given.
func (t *trailRead) some(numbers []uint64) []TrailEntry {
	out := make([]TrailEntry, 0, len(numbers))
	for _, number := range numbers {
		out = append(out, t.entries[number])
	}
	return out
}

// storedHeader is the header of a record as the case's state has it: all that is
// left of an erased one. A state that cannot be read has none.
func (t *trailRead) storedHeader(number uint64) *events.RecordHeader {
	if t.headers == nil {
		t.headers = map[uint64]events.RecordHeader{}
		if c, readable := t.log.restore(t.state); readable {
			for _, item := range c.Trail() {
				if record, sealed := item.Facts.(*events.Record); sealed {
					t.headers[item.Number] = record.Header
				}
			}
		}
	}
	if header, known := t.headers[number]; known {
		return &header
	}
	return nil
}

// isRefused says whether opened entry bytes are of a refusal, isDirectory whether they
// are of the directory, and isRecord whether of a sealed record, without reading all of them.
func isRefused(opening []byte) bool {
	return bytes.Contains(opening[:min(len(opening), 256)], []byte("\nverdict refused\n"))
}

func isDirectory(opening []byte) bool {
	return bytes.Contains(opening, []byte("\nce-type org.handrail.directory."))
}

func isRecord(opening []byte) bool {
	_, rest, found := bytes.Cut(opening, []byte("\nce-type "))
	line, _, _ := bytes.Cut(rest, []byte{'\n'})
	return found && events.Type(line).Sealed()
}
