package start

import (
	"context"
	"slices"
	"sync"
	"time"

	"handrail/deploy/local"
)

// lookEvery is how often it is looked what is running.
const lookEvery = 2 * time.Second

// service is one part of the hub, and whether it works.
type service struct {
	Name  string
	Known bool // it has a name of its own in the messages; else it is an agency
	Up    bool
}

// services looks again and again at what is running.
type services struct {
	at    local.Layout
	names []string
	hubs  int // so many of them, the first, are no agency's

	mu      sync.Mutex
	up      []bool
	changes uint64
	next    chan struct{} // closed by the next change
}

func newServices(at local.Layout, d local.Directions) *services {
	s := &services{at: at, names: []string{local.ServiceBroker, local.ServiceLedger, local.ServiceTrail}, next: make(chan struct{})}
	s.hubs = len(s.names)
	for _, a := range d.Agencies {
		if a.Intake != "" {
			s.names = append(s.names, string(a.Agency))
		}
	}
	s.up = make([]bool, len(s.names))
	return s
}

func (s *services) run(ctx context.Context) error {
	for {
		s.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// look asks every service at once, and tells if something changed.
func (s *services) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	up := make([]bool, len(s.names))
	var asking sync.WaitGroup
	for i, name := range s.names {
		asking.Go(func() { up[i] = s.at.Probe(ctx, name) == nil })
	}
	asking.Wait()
	if ctx.Err() != nil && !slices.Contains(up, true) {
		return // we are ending, not they
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(up, s.up) {
		return
	}
	s.up = up
	s.changes++
	close(s.next)
	s.next = make(chan struct{})
}

func (s *services) position() (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes, s.next
}

// now is what works, and how many of them do not.
func (s *services) now() (all []service, down int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, name := range s.names {
		all = append(all, service{Name: name, Known: i < s.hubs, Up: s.up[i]})
		if !s.up[i] {
			down++
		}
	}
	return all, down
}
