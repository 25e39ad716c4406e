package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// publicSize is how far the public sees the log. It changes when an hour of UTC is
// full, and never shrinks while this process runs.
type publicSize struct {
	mu    sync.Mutex
	hour  time.Time // of which the size is
	until time.Time // when to look again within the hour: cosignatures may still come
	size  uint64

	signed []byte // a checkpoint as everyone gets it
	of     uint64 // its size
	read   time.Time
}

// checkpoint gives the checkpoint of the public size, read and verified at most
// once in the time for which caches keep it.
func (p *publicSize) checkpoint(ctx context.Context, db querier, log *openLog, now time.Time, size uint64) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == size && now.Sub(p.read).Abs() < cachedFor {
		return p.signed, nil
	}
	signed, err := log.checkpointAt(ctx, db, size)
	if err == nil {
		p.signed, p.of, p.read = signed, size, now
	}
	return signed, err
}

// lookAgain is how soon a public size without a quorum is looked at again.
const lookAgain = time.Minute

// at gives the public size at an instant: of the checkpoints from before the last
// full hour the newest that has cosignatures enough by the profile, else the newest;
// genesis' own before the first.
func (p *publicSize) at(ctx context.Context, db querier, log *openLog, now time.Time) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hour := now.UTC().Truncate(time.Hour)
	if p.size > 0 && hour.Equal(p.hour) && now.Before(p.until) {
		return p.size, nil
	}
	newest, err := sizeBefore(ctx, db, hour)
	if err != nil {
		return 0, err
	}
	size, err := log.newestWitnessed(ctx, db, 1, newest)
	if err != nil {
		return 0, err
	}
	p.hour, p.until = hour, hour.Add(time.Hour)
	if size == 0 {
		size, p.until = newest, now.Add(lookAgain)
	}
	p.size = max(p.size, size)
	return p.size, nil
}

// sizeBefore is the size of the newest checkpoint admitted before an instant, or of
// the first of all. Admission never decreases, so it halves the sizes in between:
// an index of admission times would cost every commit.
func sizeBefore(ctx context.Context, db querier, hour time.Time) (uint64, error) {
	var first, last uint64
	if err := db.QueryRow(ctx, "SELECT min(size), max(size) FROM checkpoint").Scan(&first, &last); err != nil {
		return 0, fmt.Errorf("reading the sizes of checkpoints: %w", err)
	}
	low, high := first, last // the answer is at least low, and at most high
	for low < high {
		var size uint64
		var admitted time.Time
		middle := low + (high-low+1)/2
		if err := db.QueryRow(ctx, "SELECT size, admitted FROM checkpoint WHERE size >= $1 ORDER BY size LIMIT 1", middle).Scan(&size, &admitted); err != nil {
			return 0, fmt.Errorf("reading when a checkpoint was admitted: %w", err)
		}
		if admitted.Before(hour) {
			low = size
		} else {
			high = middle - 1
		}
	}
	var size uint64
	if err := db.QueryRow(ctx, "SELECT max(size) FROM checkpoint WHERE size <= $1", low).Scan(&size); err != nil {
		return 0, fmt.Errorf("reading the sizes of checkpoints: %w", err)
	}
	return size, nil
}
