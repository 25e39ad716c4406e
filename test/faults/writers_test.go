package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/events"
)

// TestTwoLedgersOneWriter has a second ledger stand by while the first is killed
// at each point of a batch, cut off, stopped, and robbed of its lock without its
// noticing; people work on all the time. Who was promised a bed, and when, must be
// what one register could have said, and the log what one writer could have written.
func TestTwoLedgersOneWriter(t *testing.T) {
	t.Logf("seed %d: go test ./test/faults -run '^%s$' -seed %d", chosen.seed, t.Name(), chosen.seed)
	h := start(t, local.Member{Agency: beacon, Kind: events.Shelter, Served: true}, local.Member{Agency: lantern, Kind: events.Shelter, Served: true})
	u := &usurped{pair: newPair(t, h), random: rand.New(rand.NewPCG(chosen.seed, 5)), hit: map[string]int{}, took: map[string]time.Duration{}}
	race := &race{hub: h, random: u.random, begun: time.Now()}
	load, stop := newLoad(h), make(chan struct{})
	load.people.Go(func() { load.work(t.Context(), rand.New(rand.NewPCG(chosen.seed, 7)), 0, stop) })
	for range max(1, chosen.rounds-usualRounds+1) {
		for _, f := range u.faults() {
			race.wave(t.Context(), f.strike)
			h.must(u.pair.ready(t.Context()))
		}
	}
	close(stop)
	load.people.Wait()
	for _, failure := range load.failures {
		t.Error(failure)
	}
	h.must(u.pair.firstLeads(t.Context()))
	race.judge(t)
	c := h.check(race.faults)
	u.report(t)
	t.Logf("%d cases beside the races; %d entries, all checked after %s", load.finished(), c.size, time.Since(race.begun).Round(time.Second))
}

// usurped is how the lead went from one ledger to the other.
type usurped struct {
	pair   *pair
	random *rand.Rand

	mu   sync.Mutex
	hit  map[string]int
	took map[string]time.Duration // the longest time until the other led
}

// usurpation is one way to lose the lead.
type usurpation struct {
	name   string
	strike func(context.Context)
}

func (u *usurped) faults() []usurpation {
	var all []usurpation
	add := func(name string, strike func(context.Context) error) {
		all = append(all, usurpation{name, func(ctx context.Context) {
			u.pair.hub.t.Helper()
			if err := strike(ctx); err != nil {
				u.pair.hub.t.Fatalf("%s: %v", name, err)
			}
			u.mu.Lock()
			defer u.mu.Unlock()
			u.hit[name]++
		}})
	}
	for _, at := range points() {
		add("killed: "+string(at), func(ctx context.Context) error { return u.killed(ctx, at, "") })
	}
	add("killed, and the broker's storage lost: "+string(pointTold), func(ctx context.Context) error { return u.killed(ctx, pointTold, wipeStorage) })
	add("killed, and the broker's storage lost: "+string(pointJudged), func(ctx context.Context) error { return u.killed(ctx, pointJudged, wipeStorage) })
	for _, at := range []point{pointWritten, pointCommitted} {
		add("cut off: "+string(at), func(ctx context.Context) error { return u.cutOff(ctx, at) })
	}
	add("robbed of its lock: "+string(pointJudged), u.robbed)
	add("stopped", u.stopped)
	return all
}

// caught is the leading ledger, held at a point of one of its next batches.
func (u *usurped) caught(ctx context.Context, at point) (*hit, error) {
	u.pair.trap.set(at, u.random.IntN(3))
	return u.pair.trap.sprung(ctx)
}

// succeeds waits until the other one leads, and notes how long that took.
func (u *usurped) succeeds(ctx context.Context, how string, other *writer) error {
	begun := time.Now()
	err := u.pair.leads(ctx, other)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.took[how] = max(u.took[how], time.Since(begun))
	return err
}

// killed kills the leading ledger at a point, and whatever else at that moment;
// when the other leads, it is started again and stands by.
func (u *usurped) killed(ctx context.Context, at point, beside string) error {
	h, err := u.caught(ctx, at)
	if err != nil {
		return err
	}
	one, other := u.pair.of(h.link.wire)
	if err := u.pair.kill(one); err != nil {
		return err
	}
	if beside != "" {
		u.pair.hub.must(u.pair.hub.strike(beside))
		time.Sleep(100 * time.Millisecond)
		u.pair.hub.must(u.pair.hub.mend(ctx, beside))
	}
	if err := u.succeeds(ctx, "killed", other); err != nil {
		return err
	}
	return u.pair.start(ctx, one)
}

// cutOff has the database give a ledger up that goes on to believe that it leads:
// it is in the middle of a batch, and hears nothing any more until the other
// leads.
func (u *usurped) cutOff(ctx context.Context, at point) error {
	h, err := u.caught(ctx, at)
	if err != nil {
		return err
	}
	_, other := u.pair.of(h.link.wire)
	h.link.partition()
	if err := u.succeeds(ctx, "cut off", other); err != nil {
		return err
	}
	close(h.goOn)
	time.Sleep(300 * time.Millisecond)
	h.link.close()
	return nil
}

// robbed takes the lock from a ledger that is about to write, lets the other lead
// and write, and then lets the first go on with what it had judged: the primary key
// of the log keeps it out.
func (u *usurped) robbed(ctx context.Context) error {
	h, err := u.caught(ctx, pointJudged)
	if err != nil {
		return err
	}
	one, other := u.pair.of(h.link.wire)
	before, err := other.size(ctx)
	if err != nil {
		return err
	}
	if err := h.link.unlock(); err != nil {
		return err
	}
	if err := u.succeeds(ctx, "robbed", other); err != nil {
		return err
	}
	if err := until(ctx, "the other one writes", func(ctx context.Context) error {
		size, err := other.size(ctx)
		if err == nil && size <= before {
			err = fmt.Errorf("the log still has %d entries", size)
		}
		return err
	}); err != nil {
		return err
	}
	kept := one.wire.conflicts()
	close(h.goOn)
	return until(ctx, "the log's key keeps the first one out", func(context.Context) error {
		if one.wire.conflicts() == kept {
			return fmt.Errorf("it kept nothing out")
		}
		return nil
	})
}

// stopped stops the leading ledger's process, as a machine that hangs does, until
// the other leads; then it goes on.
func (u *usurped) stopped(ctx context.Context) error {
	one, other, err := u.pair.leader(ctx)
	if err != nil {
		return err
	}
	if err := one.process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	err = u.succeeds(ctx, "stopped", other)
	if err := one.process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	return err
}

// report says what was hit, and how soon the other one led.
func (u *usurped) report(t *testing.T) {
	t.Helper()
	for _, f := range u.faults() {
		if u.hit[f.name] == 0 {
			t.Errorf("never happened: %s", f.name)
		}
		t.Logf("%-64s %d", f.name, u.hit[f.name])
	}
	var times []string
	for how, took := range u.took {
		times = append(times, fmt.Sprintf("%s %s", how, took.Round(time.Millisecond)))
	}
	slices.Sort(times)
	t.Logf("longest time until the other led: %s", strings.Join(times, ", "))
}
