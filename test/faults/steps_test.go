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
// when it strikes, their referrals stand at different steps. The ways of a night
// are in the rows of the harder moment alone.
func TestEachServiceIsKilledAtEachStep(t *testing.T) {
	t.Parallel()
	h := start(t)
	calm := map[string]*referral{}
	for _, w := range ways() {
		calm[w.name] = w.newReferral(h)
		h.must(run(t.Context(), w.steps(calm[w.name])))
		h.must(h.keep(t.Context(), calm[w.name].id))
	}
	rows := map[string]row{}
	for _, kind := range append(kinds(), everything) {
		for _, m := range moments() {
			h.wave(kind, m, rows)
		}
	}
	c := h.check(0)
	for name, r := range rows {
		want := story(c.cases[calm[r.way.name].id])
		t.Run(name, func(t *testing.T) { expect(t, c.cases[r.id], want, r.way) })
	}
	t.Logf("%d rows, %d entries", len(rows), c.size)
}

// row is one referral of the table.
type row struct {
	*referral

	way way
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

// wave sends one referral for each step of each way on it and lets one fault
// strike when all of them stand at their steps. While the service is away they go on.
func (h *hub) wave(kind string, m moment, rows map[string]row) {
	h.t.Helper()
	ctx := h.t.Context()
	g := &gate{open: make(chan struct{})}
	var names []string
	var going []func() error
	for _, w := range ways() {
		if !w.meets(kind, m) {
			continue
		}
		for at := range w.steps(w.newReferral(h)) {
			r := w.newReferral(h)
			steps := w.steps(r)
			name := fmt.Sprintf("%s is killed %s: %s%s", kind, m.name, w.prefix(), steps[at].name)
			rows[name] = row{r, w}
			names = append(names, name)
			g.reached.Add(1)
			here := sync.OnceFunc(g.reached.Done)
			steps[at] = g.hold(steps[at], m, here)
			going = append(going, func() error {
				defer here() // one that failed earlier holds nobody up
				return run(ctx, steps)
			})
		}
	}
	if len(going) == 0 {
		return
	}
	var running sync.WaitGroup
	outcomes := make([]error, len(going))
	for i, run := range going {
		running.Go(func() { outcomes[i] = run() })
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
