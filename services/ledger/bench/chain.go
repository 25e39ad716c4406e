package bench

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// maxChainConnections keeps within what the server allows beside ours; more than
// this only wait for the same row.
const maxChainConnections = 128

const chainSchema = `
	CREATE TABLE chain_event (number bigint PRIMARY KEY, source text NOT NULL, id text NOT NULL, body bytea NOT NULL, previous bytea NOT NULL, hash bytea NOT NULL, UNIQUE (source, id));
	CREATE TABLE chain_head (singleton boolean PRIMARY KEY DEFAULT true, number bigint NOT NULL, hash bytea NOT NULL);
	INSERT INTO chain_head (number, hash) VALUES (0, '');`

// runChain is a hash chain in Postgres as most teams write it: each submitter opens a
// transaction, locks the head row FOR UPDATE, inserts the event with the hash over
// its predecessor's hash and its bytes, moves the head and commits. There is no
// broker, nothing is verified or judged, nobody is told.
func runChain(ctx context.Context, stage Stage, all []*statement, submitters int) (t timing, err error) {
	db, err := stage.Database(ctx)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, db.Drop(context.WithoutCancel(ctx))) }()
	config, err := pgxpool.ParseConfig(db.Owner)
	if err != nil {
		return t, err
	}
	config.MaxConns = int32(min(submitters, maxChainConnections)) //nolint:gosec // at most 128
	config.MinConns = config.MaxConns
	config.ConnConfig.RuntimeParams["search_path"] = "bench"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return t, err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE SCHEMA bench;"+chainSchema); err != nil {
		return t, err
	}
	var next atomic.Int64
	var mu sync.Mutex
	var running sync.WaitGroup
	watch := watchCPU(stage)
	for range submitters {
		running.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(all) || ctx.Err() != nil {
					return
				}
				began := time.Now()
				failed := link(ctx, pool, all[i])
				mu.Lock()
				err = errors.Join(err, failed)
				t.each = append(t.each, time.Since(began))
				mu.Unlock()
				if failed != nil {
					return
				}
			}
		})
	}
	running.Wait()
	t.add(watch.read())
	if err != nil {
		err = fmt.Errorf("hash chain: %w", err)
	}
	return t, err
}

// link appends one event to the chain.
func link(ctx context.Context, pool *pgxpool.Pool, s *statement) error {
	body := s.body()
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var number int64
		var previous []byte
		if err := tx.QueryRow(ctx, "SELECT number, hash FROM chain_head FOR UPDATE").Scan(&number, &previous); err != nil {
			return err
		}
		h := sha256.New()
		h.Write(previous)
		h.Write(body)
		hash := h.Sum(nil)
		if _, err := tx.Exec(ctx, "INSERT INTO chain_event (number, source, id, body, previous, hash) VALUES ($1, $2, $3, $4, $5, $6)",
			number+1, s.event.Source, string(s.event.ID), body, previous, hash); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE chain_head SET number = $1, hash = $2", number+1, hash)
		return err
	})
}
