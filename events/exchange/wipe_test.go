package exchange

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestRestartOfTheBroker(t *testing.T) {
	for _, wiped := range []bool{false, true} {
		t.Run(fmt.Sprintf("wiped=%v", wiped), func(t *testing.T) { restart(t, wiped) })
	}
}

// restart plays agency and hub at work while the broker goes away. The agency
// submits until the hub has answered, the hub delivers until it is told that the
// site has it: what ledger and journal do, in memory.
func restart(t *testing.T, wiped bool) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	site := b.site(police)
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	box := b.receive(site)
	const all, middle = 300, 100
	atMiddle, done := make(chan struct{}), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { // the hub: answer each submission that is next, and any earlier one again
		for expected := 0; ; {
			var s Submission
			select {
			case s = <-from:
			case <-done:
				return
			}
			n := s.Message.number(t)
			if n > expected && !wiped {
				t.Errorf("submission %d came while %d was never told", n, expected)
			}
			if n <= expected { // a higher one has lost its predecessor in the wipe: the agency submits both again
				for errors.Is(h.Send(ctx, police, numbered(n)), ErrAway) {
					if pause(ctx, 20*time.Millisecond) != nil {
						return
					}
				}
			}
			_ = s.Ack()
			if n == expected {
				if expected++; expected == middle {
					close(atMiddle)
				}
			}
		}
	})
	work.Go(func() { // the agency: submit in order, and after a pause without an answer everything unanswered
		defer close(done)
		for ctx.Err() == nil {
			answered := map[int]bool{}
			for _, n := range box.numbers() {
				answered[n] = true
			}
			if len(answered) == all {
				return
			}
			for n := range all {
				if !answered[n] {
					submitted(ctx, t, site, numbered(n))
				}
			}
			_ = pause(ctx, 300*time.Millisecond)
		}
	})
	<-atMiddle
	b.stop()
	if wiped {
		b.wipe()
	}
	if err := site.Submit(ctx, numbered(0)); !errors.Is(err, ErrAway) {
		t.Errorf("submitting while the broker is away gives %v", err)
	}
	b.start()
	box.holds(ctx, t, all)
	work.Wait()
	select {
	case <-h.Reconnected():
	case <-ctx.Done():
		t.Error("the hub was not told")
	}
	select {
	case <-site.Reconnected():
	case <-ctx.Done():
		t.Error("the site was not told")
	}
}

// After a wipe the broker counts from 1 again, so a late acknowledgement names
// another message; it must not remove it.
func TestALateAcknowledgementAfterAWipe(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	site := b.site(police)
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	submitted(ctx, t, site, numbered(0))
	early := next(ctx, t, from)
	b.stop()
	b.wipe()
	b.start()
	submitted(ctx, t, site, numbered(1))
	if n := next(ctx, t, from).Message.number(t); n != 1 {
		t.Fatalf("came %d, want 1", n)
	}
	if err := early.Ack(); err != nil {
		t.Error(err)
	}
	if err := h.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // acknowledgements are not answered
	in, err := h.js.Stream(ctx, streamIn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(subjectIn(police))); err != nil {
		t.Errorf("the submission after the wipe: %v", err)
	}
}
