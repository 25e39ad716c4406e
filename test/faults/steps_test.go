package faults

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestEachServiceIsKilledAtEachStep is a table: every kind of fault × every step
// of a referral × every moment. Each row is a referral of its own that meets
// exactly one fault, at exactly this step; afterwards its trail is that of a
// referral that met none. The rows of one kind and moment share their fault:
// when it strikes, their referrals stand at different steps.
func TestEachServiceIsKilledAtEachStep(t *testing.T) {
	t.Parallel()
	h := start(t)
	calm := h.newReferral(lighthouse)
	h.must(run(t.Context(), calm.whole()))
	h.must(h.keep(t.Context(), calm.id))
	rows := map[string]*referral{}
	for _, kind := range kinds() {
		if kind == string(harbour) { // nobody asks it here
			continue
		}
		for _, m := range moments() {
			h.wave(kind, m, rows)
		}
	}
	c := h.check(0)
	want := story(c.cases[calm.id])
	for name, r := range rows {
		t.Run(name, func(t *testing.T) { expect(t, c.cases[r.id], want) })
	}
	t.Logf("%d rows, %d entries", len(rows), c.size)
}

// moment is when a fault strikes, seen from a step.
type moment struct {
	name  string
	after bool          // the step is done before the fault; otherwise it begins with it
	into  time.Duration // how long after its beginning the fault strikes
}

func moments() []moment {
	return []moment{
		{name: "after", after: true},
		{name: "during", into: 4 * time.Millisecond},
	}
}

// gate holds the referrals of a wave at their steps.
type gate struct {
	reached sync.WaitGroup // all of them stand at their steps
	open    chan struct{}
}

// wave sends one referral for each step on its way and lets one fault strike when
// all of them stand at their steps. While the service is away they go on.
func (h *hub) wave(kind string, m moment, rows map[string]*referral) {
	h.t.Helper()
	ctx := h.t.Context()
	g := &gate{open: make(chan struct{})}
	count := len(h.newReferral(lighthouse).whole())
	g.reached.Add(count)
	var running sync.WaitGroup
	outcomes, names := make([]error, count), make([]string, count)
	for at := range count {
		r := h.newReferral(lighthouse)
		steps := r.whole()
		names[at] = fmt.Sprintf("%s is killed %s: %s", kind, m.name, steps[at].name)
		rows[names[at]] = r
		here := sync.OnceFunc(g.reached.Done)
		steps[at] = g.hold(steps[at], m, here)
		running.Go(func() {
			defer here() // one that failed earlier holds nobody up
			outcomes[at] = run(ctx, steps)
		})
	}
	g.reached.Wait()
	if m.after {
		h.must(h.strike(kind))
		close(g.open)
	} else {
		close(g.open)
		time.Sleep(m.into)
		h.must(h.strike(kind))
	}
	time.Sleep(200 * time.Millisecond)
	h.must(h.mend(ctx, kind))
	h.must(h.Ready(ctx))
	running.Wait()
	for at, err := range outcomes {
		if err != nil {
			h.t.Errorf("%s: %v", names[at], err)
		}
	}
	h.must(h.keep(ctx, rows[names[0]].id))
}

// hold stops a referral at a step until the gate opens.
func (g *gate) hold(s step, m moment, here func()) step {
	return step{s.name, func(ctx context.Context) error {
		if m.after {
			err := s.do(ctx)
			here()
			<-g.open
			return err
		}
		here()
		<-g.open
		return s.do(ctx)
	}}
}
