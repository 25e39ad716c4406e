package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"handrail/deploy/local"
)

// Kinds of fault beside the services that are killed by their names.
const (
	killPostgres = "postgres"
	wipeStorage  = "broker's storage" // the broker is killed and its storage removed
	wipeQueue    = "waiting queue"    // the ledger is killed, and then the broker's storage wiped with what waits there
	everything   = "everything"       // all services at once, and the broker's storage
)

// kinds lists every kind of fault. Agencies come first: at every start they
// verify their journals again, which grow.
func kinds() []string {
	return []string{string(sampletown), string(lighthouse), string(harbour), local.ServiceBroker, wipeStorage, wipeQueue, local.ServiceLedger, killPostgres}
}

// servicesOf is what has to run for a fault of a kind, and does not afterwards.
func servicesOf(kind string) []string {
	switch kind {
	case wipeStorage:
		return []string{local.ServiceBroker}
	case wipeQueue:
		return []string{local.ServiceLedger, local.ServiceBroker}
	case everything:
		return []string{local.ServiceLedger, string(harbour), killPostgres, string(sampletown), local.ServiceBroker, string(lighthouse)}
	}
	return []string{kind}
}

// queueTime is how long statements gather at the broker before they are wiped.
const queueTime = 150 * time.Millisecond

// strike makes a fault happen; the services are away when it returns.
func (h *hub) strike(kind string) error {
	for i, service := range servicesOf(kind) {
		if kind == wipeQueue && i > 0 {
			time.Sleep(queueTime)
		}
		kill := func() error { return h.Kill(service) }
		if service == killPostgres {
			kill = func() error { return h.Postgres.Kill() }
		}
		if err := kill(); err != nil {
			return err
		}
	}
	switch kind {
	case wipeStorage, wipeQueue, everything:
		return os.RemoveAll(filepath.Join(h.At.Broker(), "jetstream"))
	}
	return nil
}

// mend starts what a fault ended. It does not wait until the services work.
func (h *hub) mend(ctx context.Context, kind string) error {
	for _, service := range servicesOf(kind) {
		start := h.Start
		if service == killPostgres {
			start = func(ctx context.Context, _ string) error { return h.StartPostgres(ctx) }
		}
		if err := start(ctx, service); err != nil {
			return err
		}
	}
	return nil
}

// struck is one fault that happened.
type struck struct {
	kind     string
	inFlight int           // statements without an answer just before
	away     time.Duration // until the service was started again
}

// storm makes faults happen at random moments, each kind as often as the
// settings say, in a random order. Several services can be away at once.
type storm struct {
	hub    *hub
	random *rand.Rand
	away   sync.WaitGroup

	mu     sync.Mutex
	busy   map[string]*sync.Mutex // held while a service is away
	failed error
	struck []struck
	faults int // of the hub, as its ledgers counted them before they were killed
}

func newStorm(h *hub, random *rand.Rand) *storm {
	s := &storm{hub: h, random: random, busy: map[string]*sync.Mutex{}}
	for _, kind := range kinds() {
		for _, service := range servicesOf(kind) {
			s.busy[service] = &sync.Mutex{}
		}
	}
	return s
}

// plan is every kind of fault as often as wanted, shuffled, with a blackout in the
// middle. It ends by losing what waits at the broker while no agency starts anew
// afterwards: a start would make good what an agency forgot to send again.
func (s *storm) plan(rounds int) []string {
	var plan []string
	for range rounds {
		plan = append(plan, kinds()...)
	}
	s.random.Shuffle(len(plan), func(i, j int) { plan[i], plan[j] = plan[j], plan[i] })
	plan = slices.Insert(plan, len(plan)/2, everything)
	return append(plan, wipeQueue)
}

// rage carries a plan out and returns when every service was started again.
func (s *storm) rage(ctx context.Context, plan []string) error {
	for _, kind := range plan {
		before := time.Duration(100+s.random.IntN(1200)) * time.Millisecond
		away := time.Duration(s.random.IntN(900)) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(before):
		}
		if kind == everything {
			away = 0
		}
		if err := s.one(ctx, kind, away); err != nil {
			return err
		}
	}
	s.away.Wait()
	return s.failed
}

// one fault, as soon as the service is there and events are in flight.
func (s *storm) one(ctx context.Context, kind string, away time.Duration) error {
	for _, service := range servicesOf(kind) {
		s.busy[service].Lock() // only this goroutine takes them
	}
	waiting := 0
	err := until(ctx, "events are in flight", func(ctx context.Context) error {
		if waiting = s.hub.inFlight(ctx); waiting == 0 {
			return errors.New("nothing is")
		}
		return nil
	})
	if err == nil {
		s.count(ctx, kind)
		err = s.hub.strike(kind)
	}
	if err != nil {
		return fmt.Errorf("killing %s: %w", kind, err)
	}
	s.mu.Lock()
	s.struck = append(s.struck, struck{kind, waiting, away})
	s.mu.Unlock()
	s.away.Go(func() {
		defer s.free(kind)
		time.Sleep(away)
		if err := s.hub.mend(ctx, kind); err != nil {
			s.mu.Lock()
			s.failed = errors.Join(s.failed, fmt.Errorf("starting %s again: %w", kind, err))
			s.mu.Unlock()
		}
	})
	return nil
}

func (s *storm) free(kind string) {
	for _, service := range servicesOf(kind) {
		s.busy[service].Unlock()
	}
}

// count adds up what a ledger that is about to be killed says of its own faults.
func (s *storm) count(ctx context.Context, kind string) {
	if !slices.Contains(servicesOf(kind), local.ServiceLedger) {
		return
	}
	if state, err := s.hub.doctor(ctx); err == nil {
		s.mu.Lock()
		s.faults += state.Faults
		s.mu.Unlock()
	}
}
