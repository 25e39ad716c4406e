package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"handrail/services/ledger/bench"
)

// What suits Tessera best: the shortest interval between checkpoints that its POSIX
// storage takes, batches that do not wait long, and an awaiter that looks often.
const (
	checkpointInterval = 100 * time.Millisecond
	batchSize          = 256
	batchAge           = 5 * time.Millisecond
	pollPeriod         = 5 * time.Millisecond
)

// posixLog is Tessera on this machine's files. An event counts as kept when a
// published checkpoint covers it: before, nobody outside can hold the log to it.
// Nothing is verified or judged, and nobody is told.
func posixLog(dir func() (string, error)) bench.Contender {
	return bench.Contender{Name: "Tessera POSIX, until in a checkpoint", Run: func(ctx context.Context, events [][]byte, submitters int) (took time.Duration, each []time.Duration, err error) {
		path, err := dir()
		if err != nil {
			return 0, nil, err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		appender, shutdown, reader, err := open(ctx, path)
		if err != nil {
			return 0, nil, fmt.Errorf("opening a Tessera log: %w", err)
		}
		defer func() { err = errors.Join(err, shutdown(context.WithoutCancel(ctx))) }()
		awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, pollPeriod)
		return add(ctx, events, submitters, func(event []byte) error {
			_, _, err := awaiter.Await(ctx, appender.Add(ctx, tessera.NewEntry(event)))
			return err
		})
	}}
}

func open(ctx context.Context, path string) (*tessera.Appender, func(context.Context) error, tessera.LogReader, error) {
	secret, _, err := note.GenerateKey(rand.Reader, "bench.example/tessera")
	if err != nil {
		return nil, nil, nil, err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, nil, nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: path})
	if err != nil {
		return nil, nil, nil, err
	}
	return tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).WithCheckpointInterval(checkpointInterval).WithBatching(batchSize, batchAge))
}

// add has the submitters keep all events, each the next when its last is kept.
func add(ctx context.Context, events [][]byte, submitters int, keep func([]byte) error) (took time.Duration, each []time.Duration, err error) {
	var next atomic.Int64
	var mu sync.Mutex
	var running sync.WaitGroup
	begin := time.Now()
	for range submitters {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(events) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				began := time.Now()
				failed := keep(events[i])
				mu.Lock()
				each, err = append(each, time.Since(began)), errors.Join(err, failed)
				mu.Unlock()
				if failed != nil {
					return
				}
			}
		})
	}
	running.Wait()
	return time.Since(begin), each, err
}
