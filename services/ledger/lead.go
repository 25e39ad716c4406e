package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"handrail/events"
	"handrail/events/exchange"
)

// queued is how many verified submissions may wait for the sequencer.
const queued = 1024

// lastWords is how long couriers go on when a witness has stopped the sequencer, so
// that the others too are shown the checkpoint that they must not cosign.
const lastWords = 2 * time.Second

// leadOnce waits until this is the active ledger and leads until the database
// connection, and with it the right to sequence, is lost or ctx ends. Submissions
// in hand are then not acknowledged: the next lead gets them again, in order.
func (l *Ledger) leadOnce(ctx context.Context, opened *openLog, pool *pgxpool.Pool, hub *exchange.Hub) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := connect(ctx, l.config.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // releases the lock; a broken connection has released it
	l.status.waitsForLock()
	if err := becomeSequencer(ctx, conn); err != nil {
		return err
	}
	if err := silentFor(ctx, conn, l.config.LookEvery); err != nil {
		return err
	}
	n := l.newLead(opened, pool, hub)
	n.conn, n.over = conn, ctx.Done()
	if _, err := n.current(ctx, conn); err != nil {
		return err
	}
	n.employ(n.roster.now())
	if err := n.check(ctx); err != nil {
		return err
	}
	if err := n.provide(ctx); err != nil {
		return err
	}
	l.config.Log.InfoContext(ctx, "this ledger is active")
	l.status.lead(n)
	arrived, err := hub.Receive(ctx)
	if err != nil {
		return err
	}
	err = n.run(ctx, arrived)
	cancel()
	for range arrived {
		continue // one Receive at a time: this one has ended when its channel has
	}
	return err
}

// run is the pipeline: verify in parallel, sequence alone, deliver to each.
func (l *lead) run(ctx context.Context, arrived <-chan exchange.Submission) error {
	group, ctx := errgroup.WithContext(ctx)
	verified := make(chan *submission, queued)
	l.status.queue(func() int { return len(verified) + int(l.backlog.Load()) })
	sequencing, stop := context.WithCancel(ctx)
	defer stop()
	group.Go(func() error { l.admit(ctx, arrived, verified); return nil })
	group.Go(func() error {
		err := l.sequence(sequencing, verified)
		if sequencing.Err() != nil && ctx.Err() == nil {
			return nil // halted, which has its own error
		}
		if err == nil {
			err = errors.New("submissions ended")
		}
		return err
	})
	group.Go(func() error { return l.deliver(ctx) })
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case err := <-l.halted:
			stop()
			l.alerting.Store(true)
			l.wakeWitnesses()
			rest(ctx, lastWords)
			return err
		}
	})
	return group.Wait()
}

// deliver runs one courier per agency until ctx ends.
func (l *lead) deliver(ctx context.Context) error {
	positions, err := positions(ctx, l.pool)
	if err != nil {
		return err
	}
	if err := l.eraseLate(ctx); err != nil {
		return err
	}
	if err := l.loadWitnesses(ctx); err != nil {
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { l.offerRounds(ctx) })
	for _, c := range l.couriers.list() {
		if word, known := positions[c.agency]; known && !c.started {
			c.reported, c.cursor = word, word.number
		}
	}
	select {
	case <-l.joined: // whoever is there already is served below
	default:
	}
	working := map[events.AgencyID]bool{}
	l.send(ctx, &all, working)
	all.Go(func() { l.welcome(ctx, &all, working) })
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-l.exchange.Reconnected():
			for _, c := range l.couriers.list() {
				c.restart()
			}
		}
	}
	all.Wait()
	return ctx.Err()
}

// announceAssigned tells the couriers how far deliveries are assigned.
func (l *lead) announceAssigned(m *memory) {
	for agency, number := range m.assigned {
		if c := l.couriers.of(agency); c != nil {
			c.assign(number)
		}
	}
}

// eraseCopies destroys what the broker may still hold of an erased record.
func (l *lead) eraseCopies(e erased, file *caseFile) {
	if file == nil {
		return
	}
	for agency := range file.delivered {
		if file.wasGiven(agency, e.sealed) {
			l.couriers.of(agency).eraseCopy(destroyed{e.sealed, e.record})
		}
	}
}

// report is an agency's last word on what it has stored.
type report struct {
	number uint64
	at     events.Time
}

func positions(ctx context.Context, db querier) (map[events.AgencyID]report, error) {
	found, err := db.Query(ctx, "SELECT agency, number, at FROM position")
	if err != nil {
		return nil, fmt.Errorf("loading positions: %w", err)
	}
	return scanPositions(found)
}
