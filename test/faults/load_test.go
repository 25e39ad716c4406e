package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestServicesAreKilledUnderLoad has several cases at once go all ways that they
// can go, while services are killed and started at random moments.
func TestServicesAreKilledUnderLoad(t *testing.T) {
	t.Parallel()
	t.Logf("seed %d: go test ./test/faults -run '^%s$' -seed %d", chosen.seed, t.Name(), chosen.seed)
	h := start(t)
	random := rand.New(rand.NewPCG(chosen.seed, 1))
	raging := newStorm(h, random)
	plan := raging.plan(chosen.rounds)
	stop := make(chan struct{})
	load := newLoad(h)
	begun := time.Now()
	for i := range chosen.cases {
		load.people.Go(func() { load.work(t.Context(), rand.New(rand.NewPCG(chosen.seed, uint64(i)+2)), i, stop) })
	}
	err := raging.rage(t.Context(), plan)
	close(stop)
	h.must(h.Ready(t.Context()))
	load.people.Wait()
	for _, failure := range load.failures {
		t.Error(failure)
	}
	h.must(err)
	t.Logf("%d faults in %d cases, everything said after %s", len(raging.struck), load.finished(), time.Since(begun).Round(time.Second))
	checked := h.check(raging.faults)
	raging.report(t)
	load.report(t)
	t.Logf("%d entries, %d cases, all checked after %s", checked.size, len(checked.cases), time.Since(begun).Round(time.Second))
}

// load is people at work on cases.
type load struct {
	hub    *hub
	people sync.WaitGroup

	mu       sync.Mutex
	went     map[string]int // journey → how often it was gone to its end
	failures []error
}

func newLoad(h *hub) *load { return &load{hub: h, went: map[string]int{}} }

// work goes through one case after another until it is told to stop, and
// finishes the last. Everybody begins with another journey.
func (l *load) work(ctx context.Context, random *rand.Rand, first int, stop <-chan struct{}) {
	all := journeys()
	for i := first; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		one := all[i%len(all)]
		c, err := one.do(ctx, l.hub, random)
		if err == nil && i%3 == 0 {
			err = l.hub.keep(ctx, c.id)
		}
		l.mu.Lock()
		if err != nil {
			l.failures = append(l.failures, fmt.Errorf("%s, case %s: %w", one.name, c.id, err))
		} else {
			l.went[one.name]++
		}
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (l *load) finished() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, times := range l.went {
		n += times
	}
	return n
}

// report says how the cases went; each journey has to be among them.
func (l *load) report(t *testing.T) {
	t.Helper()
	for _, one := range journeys() {
		if l.went[one.name] == 0 {
			t.Errorf("no case went the way %q", one.name)
		}
	}
	t.Logf("journeys: %v", l.went)
}

// report says which faults happened; each kind has to have happened as often as
// wanted, with events in flight.
func (s *storm) report(t *testing.T) {
	t.Helper()
	count, flying := map[string]int{}, map[string]int{}
	for _, one := range s.struck {
		if one.inFlight > 0 {
			count[one.kind]++
			flying[one.kind] += one.inFlight
		}
	}
	for _, kind := range append(kinds(), everything) {
		want := chosen.rounds
		if kind == everything {
			want = 1
		}
		if count[kind] < want {
			t.Errorf("%s: %d faults with events in flight, want %d", kind, count[kind], want)
		}
		t.Logf("%-18s %d faults, %d events in flight", kind, count[kind], flying[kind])
	}
}
