package agency

import (
	"context"
	"fmt"
	"sync"
)

// changes wakes whoever shows this agency's view when it is another one.
type changes struct {
	mu   sync.Mutex
	next chan struct{}
	last uint64 // the last position that could be read
}

func newChanges() *changes { return &changes{next: make(chan struct{})} }

// tell closes the channel that [Agency.Changes] gave out.
func (c *changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.next)
	c.next = make(chan struct{})
}

func (c *changes) awaited() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// at keeps a position, or gives the last one if it could not be read.
func (c *changes) at(position uint64, err error) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.last = position
	}
	return c.last
}

// Changes gives the journal's position now, and a channel that is closed by the next
// change of what people see. The position counts what was delivered, what was said
// and who was assigned; it is the same after a restart, and grows unless the parties
// turn the log back. A repaired row and a lost connection close the channel too, and
// leave the position. Ask for both again after that: what is shown then is at
// least as new as the position.
func (a *Agency) Changes() (position uint64, next <-chan struct{}) {
	next = a.changes.awaited() // before the position: nothing is missed between the two
	position, err := journalPosition(context.Background(), a.journal.reader)
	return a.changes.at(position, err), next
}

func journalPosition(ctx context.Context, q querier) (position uint64, err error) {
	err = q.QueryRowContext(ctx, `SELECT (SELECT COALESCE(MAX(number), 0) FROM inbox) + (SELECT COALESCE(MAX(position), 0) FROM outbox)
		+ (SELECT COALESCE(MAX(position), 0) FROM assignment)`).Scan(&position)
	if err != nil {
		return 0, fmt.Errorf("reading the journal's position: %w", err)
	}
	return position, nil
}
