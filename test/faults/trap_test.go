package faults

import (
	"context"
	"fmt"
	"sync"
)

// point is a moment in the life of a batch, as it shows in what the ledger sends
// to Postgres and to the broker. No code of the ledger knows of it.
type point string

// The points, in the order in which a batch passes them. Sending and
// acknowledging go side by side, so that either can be the first.
const (
	pointJudged       point = "judged, nothing written"
	pointHalf         point = "half of its rows sent"
	pointWritten      point = "all rows sent, not committed"
	pointCommitted    point = "committed, and the ledger not told"
	pointTold         point = "committed, nothing sent or acknowledged"
	pointSent         point = "sent, not acknowledged"
	pointAcknowledged point = "acknowledged, not sent"
	pointDone         point = "sent and acknowledged"
)

func points() []point {
	return []point{pointJudged, pointHalf, pointWritten, pointCommitted, pointTold, pointSent, pointAcknowledged, pointDone}
}

// trap holds whichever ledger comes to a point first: the one that leads, since
// the other writes nothing.
type trap struct {
	hits chan *hit

	mu   sync.Mutex
	at   point // what is waited for; empty: nothing
	skip int   // how many batches pass before
	live bool  // a batch is under way that did not pass
}

// hit is a ledger that is held at a point: what it would send next is in our hands.
type hit struct {
	link *link
	goOn chan struct{} // close it to let the ledger go on
}

func newTrap() *trap { return &trap{hits: make(chan *hit, 1)} }

func (t *trap) set(at point, skip int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at, t.skip, t.live = at, skip, false
}

// begins notes that a batch is about to be written.
func (t *trap) begins() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == "" || t.live {
		return
	}
	if t.skip--; t.skip < 0 {
		t.live = true
	}
}

// waits says whether a point is waited for, of a batch that is under way.
func (t *trap) waits(at point) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live && t.at == at
}

// reached holds the ledger if this is the point that is waited for.
func (t *trap) reached(l *link, at point) {
	t.mu.Lock()
	if !t.live || t.at != at {
		t.mu.Unlock()
		return
	}
	t.at, t.live = "", false
	t.mu.Unlock()
	h := &hit{link: l, goOn: make(chan struct{})}
	t.hits <- h
	select {
	case <-h.goOn:
	case <-l.closed:
	}
}

// sprung waits until a ledger is held.
func (t *trap) sprung(ctx context.Context) (*hit, error) {
	ctx, cancel := context.WithTimeout(ctx, chosen.wait)
	defer cancel()
	select {
	case h := <-t.hits:
		return h, nil
	case <-ctx.Done():
		t.mu.Lock()
		defer t.mu.Unlock()
		return nil, fmt.Errorf("no ledger came to the point %q", t.at)
	}
}
