package agency

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// silence is for how long the hub may answer nothing before people are told that it
// is out of reach (own choice: an answer usually takes less than a second).
const silence = time.Minute

// heardOf is when the hub was last heard, or took something.
type heardOf struct{ at atomic.Int64 }

func (c *heardOf) now(t time.Time) { c.at.Store(t.UnixNano()) }

// Reach says how this agency reaches the hub.
type Reach struct {
	Reached bool      // it does; what is said is on its way
	Waiting int       // own statements without the ledger's answer
	Last    time.Time // when the hub was last heard, or took something; zero: never
}

// Reach tells whether the hub can be reached, cheaply. It cannot where there is no
// connection, and where the hub has answered nothing for a minute although something
// waits.
func (a *Agency) Reach(ctx context.Context) (Reach, error) {
	var c Reach
	var oldest int64
	row := a.journal.reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(stored), 0) FROM outbox WHERE answered IS NULL`)
	if err := row.Scan(&c.Waiting, &oldest); err != nil {
		return c, fmt.Errorf("counting what waits: %w", err)
	}
	if at := a.contact.at.Load(); at != 0 {
		c.Last = instant(at)
	}
	now := a.now()
	silent := c.Waiting > 0 && now.Sub(instant(oldest)) > silence && now.Sub(c.Last) > silence
	select {
	case <-a.ready:
		c.Reached = a.site.Connected() && !silent
	default:
	}
	return c, nil
}

// loadContact takes the newest delivery for the last contact, until there is a newer.
func (a *Agency) loadContact(ctx context.Context) error {
	var at int64
	if err := a.journal.reader.QueryRowContext(ctx, `SELECT COALESCE((SELECT received FROM inbox ORDER BY number DESC LIMIT 1), 0)`).Scan(&at); err != nil {
		return fmt.Errorf("reading when the hub was last heard: %w", err)
	}
	a.contact.at.Store(at)
	return nil
}

// reachLook is how often it is looked whether the hub can be reached, so that people
// who have a page open are told.
const reachLook = 2 * time.Second

// watchReach tells who shows this agency's view when the hub is out of reach, and when
// it is back.
func (a *Agency) watchReach(ctx context.Context) error {
	look := time.NewTicker(reachLook)
	defer look.Stop()
	before := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		reach, err := a.Reach(ctx)
		if err != nil || reach.Reached == before {
			continue // what cannot be read is alarmed where it is needed
		}
		before = reach.Reached
		a.changes.tell()
	}
}
