package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"handrail/events"
	"handrail/events/exchange"
)

// crowd is every agency with its own connection. A number of submitters share
// them: each hands in one statement and waits for its receipt. An agency's
// statements go out one behind the other, in their sequence, as the wire contract
// wants it.
type crowd struct {
	clients map[events.AgencyID]*client
	slots   chan struct{}
	answers sync.WaitGroup
	end     context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	fail context.CancelCauseFunc
}

// connect joins the exchange as each agency of the cast. The agencies receive, and
// say what they stored, beginning behind what they have stored already; with nil they only submit.
func (c *cast) connect(ctx context.Context, url string, stored map[events.AgencyID]uint64) (*crowd, error) {
	ctx, end := context.WithCancel(ctx)
	w := &crowd{clients: map[events.AgencyID]*client{}, end: end, fail: func(error) {}}
	for _, a := range c.all() {
		site, err := exchange.ConnectSite(ctx, exchange.SiteConfig{URL: url, CredsFile: c.creds(a.id), Hub: hubID, Agency: a.id})
		if err != nil {
			w.leave()
			return nil, err
		}
		one := &client{crowd: w, agency: a, site: site, stored: stored[a.id], later: map[uint64]bool{}}
		w.clients[a.id] = one
		if stored != nil {
			w.running.Go(func() { _ = site.Receive(ctx, one.take) })
			w.running.Go(func() { one.report(ctx) })
		}
	}
	return w, nil
}

// leave ends all connections.
func (w *crowd) leave() {
	w.end()
	for _, c := range w.clients {
		c.site.Close()
	}
	w.running.Wait()
}

// timing is how long it took, all together and one by one.
type timing struct {
	took time.Duration
	each []time.Duration // from a submitter's turn to its receipt

	own, server time.Duration // of the processor, by this process and by Postgres
}

// drive has n submitters hand in statements in order until each has its receipt.
func (w *crowd) drive(ctx context.Context, stage Stage, all []*statement, n int) (timing, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	w.mu.Lock()
	w.fail = fail
	w.mu.Unlock()
	w.slots = make(chan struct{}, n)
	var sending sync.WaitGroup
	for _, c := range w.clients {
		c.queue, c.each = make(chan *statement, n), nil
		sending.Go(func() { c.send(ctx) })
	}
	for _, s := range all {
		s.published = make(chan struct{})
	}
	watch := watchCPU(stage)
	w.answers.Add(len(all))
	for _, s := range all {
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			w.stopQueues()
			sending.Wait()
			return timing{}, context.Cause(ctx)
		}
		s.begun = time.Now()
		w.clients[s.from.id].queue <- s
	}
	w.stopQueues()
	sending.Wait()
	if err := w.await(ctx); err != nil {
		return timing{}, err
	}
	t := watch.read()
	for _, c := range w.clients {
		t.each = append(t.each, c.each...)
	}
	return t, nil
}

func (w *crowd) stopQueues() {
	for _, c := range w.clients {
		close(c.queue)
	}
}

// patience is how long the last receipts may take before a run counts as broken.
const patience = 2 * time.Minute

func (w *crowd) await(ctx context.Context) error {
	done := make(chan struct{})
	go func() { w.answers.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(patience):
		return errors.New("receipts do not arrive")
	}
}

// hand submits statements in order and waits for no receipt.
func (w *crowd) hand(ctx context.Context, all []*statement) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	w.mu.Lock()
	w.fail = fail
	w.mu.Unlock()
	var sending sync.WaitGroup
	for _, c := range w.clients {
		c.queue = make(chan *statement, len(all))
		sending.Go(func() { c.send(ctx) })
	}
	for _, s := range all {
		s.published = make(chan struct{})
		w.clients[s.from.id].queue <- s
	}
	w.stopQueues()
	sending.Wait()
	return context.Cause(ctx)
}

// heard waits until every agency has said what it stored.
func (w *crowd) heard(ctx context.Context) error {
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		silent := 0
		for _, c := range w.clients {
			if !c.spoke.Load() {
				silent++
			}
		}
		if silent == 0 {
			return nil
		}
	}
	return errors.New("the agencies cannot say what they stored")
}

// quiet is how long nothing comes once everything has.
const quiet = time.Second

// drained waits until no delivery comes any more.
func (w *crowd) drained(ctx context.Context) error {
	last, since := -1, time.Now()
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		if _, count := w.received(); count != last {
			last, since = count, time.Now()
		}
		if time.Since(since) > quiet {
			return nil
		}
	}
	return errors.New("deliveries that nobody asked for do not end")
}

// settle waits until every agency has the directory.
func (w *crowd) settle(ctx context.Context) error {
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		missing := 0
		for _, c := range w.clients {
			if c.position() == 0 {
				missing++
			}
		}
		if missing == 0 {
			return nil
		}
	}
	return fmt.Errorf("the directory does not reach every agency: %w", context.Cause(ctx))
}

func (w *crowd) broke(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(err)
}

// headerBytes is the mean size of what proves a delivery.
func (w *crowd) headerBytes() int {
	bytes, count := w.received()
	return bytes / max(count, 1)
}

// received is how much has come: the bytes that prove deliveries, and how many these are.
func (w *crowd) received() (bytes, count int) {
	for _, c := range w.clients {
		c.mu.Lock()
		bytes, count = bytes+c.weight, count+c.count
		c.mu.Unlock()
	}
	return bytes, count
}
