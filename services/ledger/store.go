package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
)

// sequencerLock is the advisory lock that the one active ledger of a database holds.
const sequencerLock = 0x6c6564676572

// silentFor has the database end a session that asks nothing for a while: that of a
// ledger that hangs, or whose machine was paused, keeps its lock otherwise, because
// the kernel goes on answering for it. The sequencer looks at clocks often enough.
func silentFor(ctx context.Context, conn *pgx.Conn, lookEvery time.Duration) error {
	silence := max(3*lookEvery, leastSilence)
	if _, err := conn.Exec(ctx, "SELECT set_config('idle_session_timeout', $1, false)", strconv.FormatInt(silence.Milliseconds(), 10)); err != nil {
		return fmt.Errorf("bounding the session's silence: %w", err)
	}
	return nil
}

// querier is a connection, a transaction or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// connect opens the sequencer's own connection. Both sides give up a silent peer
// within seconds, so that a partitioned ledger loses its lock to a standby: also one
// to which an answer is on its way, when keepalives rest.
func connect(ctx context.Context, address string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	config.DialFunc = (&net.Dialer{Timeout: 10 * time.Second, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}).DialContext
	maps.Copy(config.RuntimeParams, map[string]string{
		"application_name": "handrail-ledger", "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "11000",
		"synchronous_commit": "on",                 // a receipt is a promise: no default of the role or database may weaken it
		"plan_cache_mode":    "force_generic_plan", // always the same few statements by key, and the lengths of arrays would have each planned anew
	})
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	return conn, nil
}

// becomeSequencer waits until this connection is the only sequencer.
func becomeSequencer(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(sequencerLock)); err != nil {
		return fmt.Errorf("waiting to be the active ledger: %w", err)
	}
	return nil
}

// errNotRead means that the database could not be asked: what it holds may be whole.
var errNotRead = errors.New("the database could not be read")

// readHashes reads leaf hashes and nodes for tlog.
func readHashes(ctx context.Context, db querier) tlog.Read {
	return func(level int, from, to int64) ([]tlog.Hash, error) {
		query, args := "SELECT hash FROM node WHERE index >= $1 AND index < $2 AND level = $3 ORDER BY index", []any{from, to, level}
		if level == 0 {
			query, args = "SELECT leaf_hash FROM entry WHERE number >= $1 AND number < $2 ORDER BY number", args[:2]
		}
		found, err := db.Query(ctx, query, args...)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNotRead, err)
		}
		hashes, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (tlog.Hash, error) {
			var raw []byte
			if err := row.Scan(&raw); err != nil {
				return tlog.Hash{}, err
			}
			return hash(raw)
		})
		if lost := found.Err(); lost != nil && !isolable(lost) {
			return nil, fmt.Errorf("%w: %w", errNotRead, lost)
		}
		return hashes, err
	}
}

func hash(raw []byte) (tlog.Hash, error) {
	if len(raw) != len(tlog.Hash{}) {
		return tlog.Hash{}, errors.New("a stored hash has not 32 bytes")
	}
	return tlog.Hash(raw), nil
}

// identity is which Postgres this is: a restored backup or a promoted standby
// has another timeline, a copied database another system identifier.
type identity struct {
	system   int64
	timeline int32
}

func currentIdentity(ctx context.Context, db querier) (identity, error) {
	var id identity
	err := db.QueryRow(ctx, `SELECT (SELECT system_identifier FROM pg_control_system()),
		('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int`).Scan(&id.system, &id.timeline)
	if err != nil {
		return identity{}, fmt.Errorf("asking which Postgres this is: %w", err)
	}
	return id, nil
}
