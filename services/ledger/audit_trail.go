package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/events"
)

// newestCheckpoint is as the log signed it, without cosignatures.
func newestCheckpoint(ctx context.Context, db querier) (size uint64, note []byte, err error) {
	if err := db.QueryRow(ctx, "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").Scan(&size, &note); err != nil {
		return 0, nil, fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	return size, note, nil
}

func newestSize(ctx context.Context, db querier) (size uint64, err error) {
	if err := db.QueryRow(ctx, "SELECT max(size) FROM checkpoint").Scan(&size); err != nil {
		return 0, fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	return size, nil
}

// trail answers with one case, read in one snapshot, so that state, entries and
// checkpoint belong together.
func (a *httpAPI) trail(w http.ResponseWriter, r *http.Request, log *openLog, by caller) error {
	t, err := a.snapshot(r.Context(), log, by.reading.Case)
	if errors.Is(err, pgx.ErrNoRows) {
		refuseHTTP(w, http.StatusNotFound, string(mou.RuleCaseUnknown), "The ledger has no such case.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a trail: %w", err)
	}
	answer(w, t)
	return nil
}

// still is one snapshot, read and nothing else.
func still() pgx.TxOptions {
	return pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
}

func (a *httpAPI) snapshot(ctx context.Context, log *openLog, id events.CaseID) (t Trail, err error) {
	err = pgx.BeginTxFunc(ctx, a.pool, still(), func(tx pgx.Tx) (err error) {
		t, err = readTrail(ctx, tx, log, id)
		return err
	})
	return t, err
}

// trailNumbers are the entries that a trail has, each list in the order of the log.
type trailNumbers struct {
	directory, entries, readings []uint64
	retired                      uint64
}

func readTrail(ctx context.Context, tx pgx.Tx, log *openLog, id events.CaseID) (Trail, error) {
	t := Trail{Case: id, Hub: log.hub, Profile: log.founded.Profile, Semantics: mou.Semantics, LogKey: log.genesis.VKey, Genesis: hex.EncodeToString(log.genesis.Digest[:])}
	numbers, state, err := findTrail(ctx, tx, id)
	if err != nil {
		return t, err
	}
	if len(numbers.entries) == 0 {
		return t, pgx.ErrNoRows
	}
	if t.State, err = rawState(state); err != nil {
		return t, err
	}
	size, err := log.coveringSize(ctx, tx, max(numbers.entries[len(numbers.entries)-1], numbers.retired))
	if err != nil {
		return t, err
	}
	if t.Checkpoint, err = log.checkpointAt(ctx, tx, size); err != nil {
		return t, err
	}
	read := &trailRead{log: log, state: state}
	if err := read.open(ctx, tx, numbers.all(size)); err != nil {
		return t, err
	}
	capacities, err := capacitiesBehind(ctx, tx, read.some(numbers.entries))
	if err != nil {
		return t, err
	}
	if err := read.open(ctx, tx, capacities); err != nil {
		return t, err
	}
	if err := read.prove(ctx, tx, size); err != nil {
		return t, err
	}
	t.Founding, t.Directory, t.Capacity = read.some([]uint64{0})[0], read.some(below(numbers.directory, size)), read.some(capacities)
	t.Readings, t.Entries = read.some(below(numbers.readings, size)), read.some(numbers.entries)
	if numbers.retired != 0 {
		t.Retired = &read.some([]uint64{numbers.retired})[0]
	}
	return t, nil
}

// findTrail finds, in one round trip, which entries a trail has, and the case as it is stored.
func findTrail(ctx context.Context, tx pgx.Tx, id events.CaseID) (n trailNumbers, state []byte, err error) {
	list := func(into *[]uint64) func(pgx.Rows) error {
		return func(found pgx.Rows) (err error) {
			*into, err = pgx.CollectRows(found, pgx.RowTo[uint64])
			return err
		}
	}
	var stored [][]byte
	var retired []uint64
	q := &pgx.Batch{}
	q.Queue("SELECT number FROM directory_entry WHERE everyone AND number > 0 ORDER BY number").Query(list(&n.directory))
	q.Queue("SELECT number FROM case_entry WHERE case_id = $1::text::uuid ORDER BY number", string(id)).Query(list(&n.entries))
	q.Queue("SELECT number FROM reading WHERE case_id = $1::text::uuid ORDER BY number", string(id)).Query(list(&n.readings))
	q.Queue("SELECT number FROM retired WHERE case_id = $1::text::uuid", string(id)).Query(list(&retired))
	q.Queue("SELECT state FROM case_state WHERE case_id = $1::text::uuid", string(id)).Query(func(found pgx.Rows) (err error) {
		stored, err = pgx.CollectRows(found, pgx.RowTo[[]byte])
		return err
	})
	if err := tx.SendBatch(ctx, q).Close(); err != nil {
		return n, nil, fmt.Errorf("finding the entries of a case: %w", err)
	}
	if len(stored) > 0 {
		state = stored[0]
	}
	if len(retired) > 0 {
		n.retired = retired[0]
	}
	return n, state, nil
}

// all are the numbers, of readings and of the directory those that a checkpoint of a
// size covers.
func (n trailNumbers) all(size uint64) []uint64 {
	all := append([]uint64{0}, below(n.directory, size)...)
	all = append(append(all, n.entries...), below(n.readings, size)...)
	if n.retired != 0 {
		all = append(all, n.retired)
	}
	return all
}

// below gives those of ascending numbers that are smaller.
func below(numbers []uint64, size uint64) []uint64 {
	for i, n := range numbers {
		if n >= size {
			return numbers[:i]
		}
	}
	return numbers
}

// coveringSize is that of the newest checkpoint that counts as witnessed and covers
// an entry, else of the newest.
func (o *openLog) coveringSize(ctx context.Context, db querier, entry uint64) (uint64, error) {
	newest, err := newestSize(ctx, db)
	if err != nil {
		return 0, err
	}
	witnessed, err := o.newestWitnessed(ctx, db, entry+1, newest)
	if err != nil || witnessed == 0 {
		return newest, err
	}
	return witnessed, nil
}

// restore reads a stored state; one that cannot be read, or has nothing in it, is none.
func (o *openLog) restore(state []byte) (mou.Case, bool) {
	c, err := o.roster.now().memorandum.RestoreCase(state)
	return c, err == nil && len(c.Trail()) > 0
}

// rawState is a stored state as the trail has it, whatever is stored; none is null.
func rawState(state []byte) (jsontext.Value, error) {
	if v := jsontext.Value(state); state == nil || v.IsValid() {
		return v, nil
	}
	return json.Marshal(state)
}
