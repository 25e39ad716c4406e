package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// freshBytes bounds what is kept of the newest entries.
const freshBytes = 8 << 20

// freshFor is how long, by the wall clock, an entry may be taken from memory. A
// ledger that was stopped and goes on after another led knows nothing of what the
// other erased meanwhile; its session with the database has ended by then, and so
// has this.
const freshFor = 5 * time.Second

// fresh keeps the newest committed entries as the sequencer had them, so that
// couriers need not read and prove from the database what was in memory a moment
// ago. What is not here is read from there and gives the same bytes. What was
// erased is not here. It may be used from any goroutine.
type fresh struct {
	mu      sync.Mutex
	entries map[uint64]*freshEntry
	order   []uint64 // oldest first; may name entries that were dropped
	bytes   int
}

// freshEntry is what every delivery of one entry has in common.
type freshEntry struct {
	number     uint64
	opening    tlog.Opening
	event      events.Event
	tree       *tlog.Batch // with which it was committed; nothing is appended to it any more
	checkpoint []byte
	at         time.Time // when it was committed, by the wall clock

	once    sync.Once
	proof   []tlog.Hash
	failed  error
	message exchange.Message // the event, for those who get it as one
}

func newFresh() *fresh { return &fresh{entries: map[uint64]*freshEntry{}} }

// weight is roughly what the entry holds in memory.
func (e *freshEntry) weight() int { return len(e.opening.Entry) + len(e.event.Data) + 2048 }

// add takes the entries of a committed batch, and lets the oldest go.
func (f *fresh) add(all []*freshEntry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range all {
		f.entries[e.number] = e
		f.order = append(f.order, e.number)
		f.bytes += e.weight()
	}
	for f.bytes > freshBytes {
		f.forget(f.order[0])
		f.order = f.order[1:]
	}
}

// drop forgets an entry whose data were destroyed.
func (f *fresh) drop(number uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(number)
}

func (f *fresh) forget(number uint64) {
	if e, there := f.entries[number]; there {
		f.bytes -= e.weight()
		delete(f.entries, number)
	}
}

// clear forgets everything: openings are about to be destroyed.
func (f *fresh) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries, f.order, f.bytes = map[uint64]*freshEntry{}, nil, 0
}

// get gives an entry with its proof; nil if it is not here, or was for too long.
func (f *fresh) get(number uint64, now time.Time) (*freshEntry, error) {
	f.mu.Lock()
	e := f.entries[number]
	f.mu.Unlock()
	if e == nil || now.Sub(e.at).Abs() > freshFor {
		return nil, nil //nolint:nilnil // not here is no error: the database has it
	}
	e.once.Do(func() {
		e.proof, e.failed = e.tree.Prove(number)
		e.message = exchange.Encode(e.event)
	})
	return e, e.failed
}

// pending is a numbered delivery that an agency has not been sent yet.
type pending struct {
	number, entry uint64
	kind          tlog.Kind
}

// maxPending bounds what one courier remembers; older ones are read from the database.
const maxPending = 1024

// newest adds deliveries that were assigned, in order, and keeps the last of all.
func newest(all, more []pending) []pending {
	all = append(all, more...)
	if over := len(all) - maxPending; over > 0 {
		all = slices.Clone(all[over:])
	}
	return all
}

// recent builds the deliveries behind the cursor that are still in memory, at
// most up to a number. It gives none when the next one is not.
func (c *courier) recent(ctx context.Context, to uint64) ([]outgoing, error) {
	if c.cursor < c.lost {
		return nil, nil // what was lost is built with more than is kept here
	}
	at := 0
	for at < len(c.pending) && c.pending[at].number <= c.cursor {
		at++
	}
	c.pending = c.pending[at:]
	c.readAt = c.config.Clock().Round(0)
	var out []outgoing
	for i, p := range c.pending {
		if p.number != c.cursor+1+uint64(i) || p.number > to || p.kind != tlog.KindEvent && p.kind != tlog.KindReceipt {
			break
		}
		e, err := c.fresh.get(p.entry, c.config.Clock().Round(0))
		if err != nil || e == nil {
			return out, err
		}
		one, err := c.buildFresh(ctx, p, e)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// buildFresh makes a delivery of what is in memory.
func (c *courier) buildFresh(ctx context.Context, p pending, e *freshEntry) (outgoing, error) {
	d := tlog.Delivery{
		Kind: p.kind, Number: p.number, Recipient: c.agency, Entry: p.entry,
		Salt: e.opening.Salt, EntryBytes: e.opening.Entry, Proof: e.proof, Checkpoint: e.checkpoint,
	}
	m := exchange.Message{}
	if p.kind == tlog.KindEvent {
		m = e.message
	}
	return c.finish(ctx, d, m, e.event.TraceParent, e.event.Type)
}

// remember keeps a committed batch for the couriers, but for what it erased. When
// a case's retention ended nothing older is kept: openings may be destroyed from now on.
func (l *lead) remember(b *batch) {
	for _, e := range b.fresh {
		if e.event.Type == events.TypeRetentionEnded {
			l.fresh.clear()
			return
		}
	}
	now := l.config.Clock().Round(0) // not the monotonic clock, which stands still with a machine that sleeps
	for _, e := range b.fresh {
		e.at = now
	}
	l.fresh.add(b.fresh)
	for _, e := range b.rows.erases {
		l.fresh.drop(e.sealed)
	}
}
