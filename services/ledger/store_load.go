package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// memory is the sequencer's copy of what it needs from the database. It belongs
// to one goroutine and is thrown away after any failed or unknown commit.
type memory struct {
	tree     tlog.Tree
	next     map[events.KeyID]events.Sequence
	assigned map[events.AgencyID]uint64
	cases    *lru.Cache[events.CaseID, *caseFile]
	capacity map[events.AgencyID]*events.CapacityPublished // the newest of each agency
	parties  *parties                                      // who takes part
	unswept  bool                                          // records may wait under keys that ended for good
	look     time.Time                                     // when a clock must next be looked at; zero: none waits
}

// casesInMemory bounds the cases that are kept ready; others are read when they are named.
const casesInMemory = 2048

// ErrNotFounded means that the database holds no log yet: run Found first.
var ErrNotFounded = errors.New("the log has not been founded")

// load reads the memory anew and checks that tree and checkpoint agree.
func (l *lead) load(ctx context.Context) (*memory, error) {
	m := &memory{next: map[events.KeyID]events.Sequence{}, assigned: map[events.AgencyID]uint64{}, unswept: true}
	m.cases, _ = lru.New[events.CaseID, *caseFile](casesInMemory) // fails only for a size below 1
	if err := m.loadTree(ctx, l); err != nil {
		return nil, fmt.Errorf("loading the log: %w", err)
	}
	q := &pgx.Batch{}
	m.loadSigners(q)
	m.loadCapacity(q)
	if err := l.conn.SendBatch(ctx, q).Close(); err != nil {
		return nil, fmt.Errorf("loading the ledger's memory: %w", err)
	}
	var err error
	if m.parties, err = l.current(ctx, l.conn); err != nil {
		return nil, err
	}
	l.employ(m.parties)
	if m.assigned, err = assigned(ctx, l.conn, m.parties.recipients); err != nil {
		return nil, err
	}
	m.look, err = l.nextLook(ctx)
	return m, err
}

func (m *memory) loadSigners(q *pgx.Batch) {
	q.Queue("SELECT key, next FROM signer").Query(func(found pgx.Rows) error {
		var key string
		var next events.Sequence
		_, err := pgx.ForEachRow(found, []any{&key, &next}, func() error {
			m.next[events.KeyID(key)] = next
			return nil
		})
		return err
	})
}

func (m *memory) loadTree(ctx context.Context, l *lead) error {
	var size uint64
	var signed []byte
	var admitted time.Time
	if err := l.conn.QueryRow(ctx, "SELECT (SELECT coalesce(max(number) + 1, 0) FROM entry), note, admitted FROM checkpoint ORDER BY size DESC LIMIT 1").
		Scan(&size, &signed, &admitted); err != nil {
		return err
	}
	checkpoint, err := tlog.ParseCheckpoint(signed, l.logVerifier)
	if err != nil {
		return damaged("the newest checkpoint is none that the log's key signed")
	}
	l.admitted.Store(max(l.admitted.Load(), admitted.UnixMicro()))
	if m.tree, err = tlog.RestoreTree(size, readHashes(ctx, l.conn)); err != nil {
		return err
	}
	if checkpoint.Size != m.tree.Size() || checkpoint.Root != m.tree.Root() {
		return damaged("the stored tree is not the one that the newest checkpoint signs")
	}
	return nil
}

// assigned gives the last delivery number of each recipient.
func assigned(ctx context.Context, db querier, recipients []events.AgencyID) (map[events.AgencyID]uint64, error) {
	found, err := db.Query(ctx, "SELECT r, coalesce((SELECT max(number) FROM delivery WHERE recipient = r), 0) FROM unnest($1::text[]) r", texts(recipients))
	if err != nil {
		return nil, fmt.Errorf("loading delivery numbers: %w", err)
	}
	out := make(map[events.AgencyID]uint64, len(recipients))
	var agency string
	var number uint64
	if _, err := pgx.ForEachRow(found, []any{&agency, &number}, func() error {
		out[events.AgencyID(agency)] = number
		return nil
	}); err != nil {
		return nil, fmt.Errorf("loading delivery numbers: %w", err)
	}
	return out, nil
}

func texts[T ~string](of []T) []string {
	out := make([]string, len(of))
	for i, one := range of {
		out[i] = string(one)
	}
	return out
}
