package ledger

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"handrail/events"
)

// couriers are those of one lead, one for each agency that deliveries are numbered
// for. One who joins gets one at once; none ever goes.
type couriers struct {
	mu  sync.RWMutex
	all map[events.AgencyID]*courier
}

// of gives an agency's; nil if it has none.
func (c *couriers) of(agency events.AgencyID) *courier {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.all[agency]
}

// list gives all there are now.
func (c *couriers) list() []*courier {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Collect(maps.Values(c.all))
}

func (c *couriers) add(one *courier) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[events.AgencyID]*courier{}
	}
	c.all[one.agency] = one
}

// employ makes a courier for each recipient that has none. It belongs to the
// sequencer, or to who makes the lead.
func (l *lead) employ(p *parties) {
	more := false
	for _, agency := range p.recipients {
		if l.couriers.of(agency) != nil {
			continue
		}
		if l.memos[agency] == nil {
			l.memos[agency] = &memo{said: map[events.Type]events.Time{}}
		}
		l.couriers.add(newCourier(l, agency, l.memos[agency]))
		more = true
	}
	if more {
		select {
		case l.joined <- struct{}{}:
		default:
		}
	}
}

// ask has an agency's courier do something; of one that has none, as an auditor, nothing.
func (l *lead) ask(agency events.AgencyID, change func(*errands)) {
	if c := l.couriers.of(agency); c != nil {
		c.ask(change)
	}
}

// provide has the broker keep a place for every recipient's deliveries. It waits
// for a broker that is away. What the broker loses it gets again by itself, so that
// one lead does not do what the last one did.
func (l *lead) provide(ctx context.Context) error {
	recipients := l.roster.now().recipients
	if slices.Equal(*l.provided, recipients) {
		return nil
	}
	if err := l.exchange.Provide(ctx, recipients); err != nil {
		return err
	}
	*l.provided = recipients
	return nil
}

// send has every courier work that does not yet, until ctx ends. Whoever joins
// gets a place at the broker first; those who were there before wait for nobody.
func (l *lead) send(ctx context.Context, all *sync.WaitGroup, working map[events.AgencyID]bool) {
	for _, c := range l.couriers.list() {
		if !working[c.agency] {
			working[c.agency] = true
			all.Go(func() { c.run(ctx) })
		}
	}
}

// welcome waits for who joins, until ctx ends.
func (l *lead) welcome(ctx context.Context, all *sync.WaitGroup, working map[events.AgencyID]bool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.joined:
		}
		if err := l.provide(ctx); err != nil {
			if ctx.Err() == nil {
				l.alarm(ctx, "the broker has no place for the deliveries of an agency that joined", err)
			}
			continue
		}
		l.log.LogAttrs(ctx, slog.LevelInfo, "an agency joined, and gets its deliveries")
		l.send(ctx, all, working)
	}
}

// changed follows a commit that changed who takes part.
func (l *lead) changed(m *memory, b *batch) {
	m.parties, m.unswept = b.parties, m.unswept || b.ends
	l.roster.advance(b.parties)
	l.employ(b.parties)
	for _, c := range b.rows.changes {
		if c.of == events.TypeDirectoryJoined { // its witness, if it had one, is another now
			l.ask(c.subject, func(e *errands) { e.reset = &resetTo{agency: c.subject, number: c.number} })
		}
	}
	for _, c := range l.couriers.list() {
		c.ask(func(*errands) {}) // one of them may have to stop, or to go on
	}
}
