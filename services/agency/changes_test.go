package agency

import (
	"testing"
	"time"

	"handrail/events"
)

func TestEveryChangeOfTheViewMovesThePosition(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, requested := l.refer(of)
	moved := func(what string, do func()) {
		t.Helper()
		before, next := a.Changes()
		do()
		select {
		case <-next:
		default:
			t.Errorf("%s: nobody was told", what)
		}
		if after, _ := a.Changes(); after <= before {
			t.Errorf("%s: the position is %d, was %d", what, after, before)
		}
	}
	moved("a delivery", func() { l.gives(a, l.delivers(opened), l.delivers(requested)) })
	moved("a statement", func() {
		_, err := a.Say(t.Context(), Statement{Case: of, Referral: requested.ID, Payload: &events.ReferralAcknowledged{Said: justNow()}})
		l.must(err)
	})
	moved("an assignment", func() { l.must(a.Take(t.Context(), of, "worker-1")) })
	last, next := a.Changes()
	if waiting := a.Waiting(); len(waiting) != 1 {
		t.Fatalf("%+v", waiting)
	}
	select {
	case <-next:
		t.Error("looking is a change")
	default:
	}
	l.must(a.Close())
	if again, _ := l.opened().Changes(); again != last {
		t.Errorf("after a restart the position is %d, was %d", again, last)
	}
}

func TestARepairedRowIsShownAtTheSamePosition(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	opened, _ := l.refer(newCaseID(t))
	delivered := l.delivers(opened)
	l.gives(a, delivered)
	before, next := a.Changes()
	a.mu.Lock()
	a.markDamaged(t.Context(), 2, errDamaged)
	a.mu.Unlock()
	l.gives(a, delivered)
	select {
	case <-next:
	case <-time.After(time.Second):
		t.Error("nobody was told of the repair")
	}
	if after, _ := a.Changes(); after != before {
		t.Errorf("the position is %d, was %d", after, before)
	}
}
