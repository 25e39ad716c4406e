package exchange

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"handrail/events"
)

func numbered(n int) Message { return Message{Data: []byte(strconv.Itoa(n))} }

func (m Message) number(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(string(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// deadline is for what must happen at all; when does not matter.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// submitted keeps trying, as an agency's outbox does.
func submitted(ctx context.Context, t *testing.T, s *Site, m Message) {
	t.Helper()
	for {
		err := s.Submit(ctx, m)
		if err == nil {
			return
		}
		if !errors.Is(err, ErrAway) && !errors.Is(err, ErrQuota) {
			t.Errorf("submitting: %v", err)
			return
		}
		if pause(ctx, 20*time.Millisecond) != nil {
			t.Error("the broker never took it")
			return
		}
	}
}

func next(ctx context.Context, t *testing.T, from <-chan Submission) Submission {
	t.Helper()
	select {
	case s, open := <-from:
		if !open {
			t.Fatal("the submissions ended")
		}
		return s
	case <-ctx.Done():
		t.Fatal("no submission came")
	}
	return Submission{}
}

// inbox collects what a site receives.
type inbox struct {
	mu   sync.Mutex
	got  []int
	some chan struct{}
}

func (b *testBroker) receive(s *Site) *inbox {
	box := &inbox{some: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Receive(ctx, func(_ context.Context, m Message) error {
			box.mu.Lock()
			defer box.mu.Unlock()
			box.got = append(box.got, m.number(b.t))
			signal(box.some)
			return nil
		})
	}()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			b.t.Errorf("Receive ended with %v", err)
		}
	})
	return box
}

func (i *inbox) numbers() []int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.got)
}

// holds waits until every number up to n has come.
func (i *inbox) holds(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	for {
		got := slices.Compact(slices.Sorted(slices.Values(i.numbers())))
		if len(got) >= n {
			return
		}
		select {
		case <-i.some:
		case <-ctx.Done():
			t.Fatalf("only %d of %d deliveries came", len(got), n)
		}
	}
}

func TestSubmissionsReachTheHubInOrder(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	agencies := []events.AgencyID{police, shelter, council}
	const each = 200
	var senders sync.WaitGroup
	for _, agency := range agencies {
		site := b.site(agency)
		senders.Go(func() {
			for n := range each {
				submitted(ctx, t, site, numbered(n))
			}
		})
	}
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[events.AgencyID]int{}
	for range each * len(agencies) {
		s := next(ctx, t, from)
		if n := s.Message.number(t); n != got[s.From] {
			t.Fatalf("from %s came %d, want %d", s.From, n, got[s.From])
		}
		got[s.From]++
		if err := s.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	senders.Wait()
}

func TestReceivingAgainStartsAtTheOldestUnacknowledged(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	site := b.site(police)
	for n := range 10 {
		submitted(ctx, t, site, numbered(n))
	}
	first, stop := context.WithCancel(ctx)
	from, err := h.Receive(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Receive(ctx); err == nil {
		t.Error("two readers at a time")
	}
	for n := range 6 {
		s := next(ctx, t, from)
		if n == 1 || n == 4 {
			continue // taken, never dealt with
		}
		if err := s.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	for range from { // until it is closed
	}
	if from, err = h.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	var got []int
	for n := 0; n < 9; {
		n = next(ctx, t, from).Message.number(t)
		got = append(got, n)
	}
	if !slices.IsSorted(got) {
		t.Errorf("came %v, want them in order", got)
	}
	for _, want := range []int{1, 4, 6, 7, 8, 9} { // an acknowledged one may come too: its word was still on the way
		if !slices.Contains(got, want) {
			t.Errorf("came %v, want %d among them", got, want)
		}
	}
}

func TestAnUnacknowledgedSubmissionComesAgainInOrder(t *testing.T) {
	b := startBroker(t)
	h := b.hub(func(c *HubConfig) { c.AckWait = 300 * time.Millisecond })
	ctx := deadline(t)
	site := b.site(police)
	for n := range 5 {
		submitted(ctx, t, site, numbered(n))
	}
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		s := next(ctx, t, from)
		if n == 0 || n == 3 {
			if err := s.Ack(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []int{1, 2, 4} { // the words on 0 and 3 had 300 ms to arrive
		s := next(ctx, t, from)
		if n := s.Message.number(t); n != want {
			t.Fatalf("came %d, want %d", n, want)
		}
		if err := s.Ack(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADeliveryIsAcknowledgedOnlyWhenTaken(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx, cancel := context.WithCancel(deadline(t))
	site := b.site(shelter)
	for n := range 3 {
		if err := h.Send(ctx, shelter, numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	var handed []int
	err := site.Receive(ctx, func(_ context.Context, m Message) error {
		n := m.number(t)
		handed = append(handed, n)
		if n == 1 && len(handed) <= 3 {
			return errors.New("the journal is busy")
		}
		if len(handed) == 4 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Receive ended with %v", err)
	}
	if want := []int{0, 1, 2, 1}; !slices.Equal(handed, want) {
		t.Errorf("handed %v, want %v", handed, want)
	}
}

func TestAStoppedSiteLeavesTheRestForTheNext(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx, cancel := context.WithCancel(deadline(t))
	site := b.site(shelter)
	var all []Outgoing
	for n := range 500 {
		all = append(all, Outgoing{To: shelter, Message: numbered(n)})
	}
	if err := h.SendAll(ctx, all); err != nil {
		t.Fatal(err)
	}
	taken := 0
	_ = site.Receive(ctx, func(context.Context, Message) error {
		if taken++; taken == 100 {
			cancel()
		}
		return nil
	})
	box := b.receive(site)
	box.holds(deadline(t), t, 400)
}

func TestASiteStartsBeforeTheBroker(t *testing.T) {
	b := startBroker(t)
	b.stop()
	started := time.Now()
	site := b.site(police)
	if took := time.Since(started); took > 5*time.Second || site.Connected() {
		t.Errorf("connecting took %s", took)
	}
	if err := site.Submit(t.Context(), numbered(0)); !errors.Is(err, ErrAway) {
		t.Errorf("submitting gives %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := ConnectHub(ctx, HubConfig{URL: b.url(), CredsFile: b.file("hub", b.accounts.HubCreds)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a hub without a broker gives %v", err)
	}
	box := b.receive(site)
	b.start()
	h := b.hub(nil)
	if err := h.Send(deadline(t), police, numbered(0)); err != nil {
		t.Fatal(err)
	}
	box.holds(deadline(t), t, 1)
	submitted(deadline(t), t, site, numbered(0))
}

func TestSubmitEndsWhenTheHubHasNoStreams(t *testing.T) {
	b := startBroker(t)
	site := b.site(police)
	if err := site.Submit(deadline(t), numbered(0)); !errors.Is(err, ErrAway) {
		t.Errorf("submitting gives %v", err)
	}
}
