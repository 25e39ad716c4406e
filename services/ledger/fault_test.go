package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// read gives a submission to the real verification.
func read(t *testing.T, b *batch, e events.Event) *submission {
	t.Helper()
	s := &submission{from: desk}
	b.lead.verify(t.Context(), s, exchange.Encode(e))
	return s
}

func TestAPanicBehindTheSignatureConsumesTheNumber(t *testing.T) {
	b := loneBatch(t)
	first, second := open(t, b, 1), open(t, b, 2)
	s := read(t, b, first.event)
	if !s.authentic || s.unauthenticated != nil || s.fault != nil {
		t.Fatalf("the submission does not verify: %+v %+v", s.unauthenticated, s.fault)
	}
	b.lead.panicked(t.Context(), s, errors.New("a bug in decoding")) // what verify's recover does
	b.judge(s)
	b.judge(read(t, b, second.event))
	want := []verdict{{tlog.Refused, events.RuleHubFault}, {verdict: tlog.Admitted}}
	for i := range want {
		if b.verdicts[i] != want[i] {
			t.Errorf("submission %d: %v, want %v", i, b.verdicts[i], want[i])
		}
	}
	if len(b.rows.answerNumbers) != 2 || b.lead.status.faults != 1 {
		t.Errorf("%d answers are remembered and %d faults told, want 2 and 1", len(b.rows.answerNumbers), b.lead.status.faults)
	}
}

// A directory that is not there makes every look for a key panic.
func TestAPanicAheadOfTheSignatureIsAnsweredAndForgotten(t *testing.T) {
	b := loneBatch(t)
	said := open(t, b, 1)
	there := b.lead.roster
	b.lead.roster = nil
	s := read(t, b, said.event)
	b.lead.roster = there
	b.judge(s)
	if b.verdicts[0] != (verdict{tlog.Refused, events.RuleHubFault}) || b.next[said.key] != 1 {
		t.Errorf("%v, next number %d", b.verdicts[0], b.next[said.key])
	}
	if len(b.rows.answerNumbers) != 0 {
		t.Error("the fault is remembered as the answer: the submission could never be judged")
	}
	mended := b.lead.newBatch(t.Context(), &memory{tree: b.tree.Tree(), next: b.next, assigned: b.assigned, parties: b.parties})
	mended.files = b.files
	mended.judge(read(t, b, said.event))
	if mended.verdicts[0].verdict != tlog.Admitted {
		t.Errorf("the same submission to the mended hub: %v", mended.verdicts[0])
	}
}

func TestAFloodOfFaultsIsNotRememberedEither(t *testing.T) {
	b := loneBatch(t)
	var all []*submission
	for i := range floodAbove + 1 {
		all = append(all, &submission{
			from: desk, raw: [32]byte{byte(i)}, event: events.Event{ID: events.EventID(fmt.Sprintf("01890000-0000-7000-8000-%012d", i))},
			unauthenticated: events.Refuse(events.RuleHubFault, "", "the hub failed"),
		})
	}
	b.floods(all)
	if len(b.flooded) != len(all) || len(b.rows.answerNumbers) != 0 {
		t.Errorf("%d in the flood, %d remembered; want %d and none", len(b.flooded), len(b.rows.answerNumbers), len(all))
	}
}

func TestAClockThatTheCaseHasNoMoreIsWrittenAsEnded(t *testing.T) {
	due := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := mou.Clock{Rule: mou.ClockHandover, Set: 7, Owes: desk, Due: due, State: mou.ClockPending}
	met := mou.Clock{Rule: mou.ClockAnswer, Set: 5, Owes: desk, Due: due, State: mou.ClockMet}
	next := first
	next.Set = 9
	ended := first
	ended.State = mou.ClockEnded
	got := changed([]mou.Clock{first, met}, []mou.Clock{next})
	if len(got) != 2 || got[0] != next || got[1] != ended {
		t.Errorf("changed: %+v", got)
	}
	moved := first
	moved.Due = due.Add(time.Hour)
	if got := changed([]mou.Clock{first}, []mou.Clock{moved}); len(got) != 1 || got[0] != moved {
		t.Errorf("a clock whose time changed: %+v", got)
	}
}

func TestRepetitionsAreKeptOnceAndBounded(t *testing.T) {
	b := loneBatch(t)
	c := newCourier(b.lead, desk, &memo{})
	for i := range 3 * maxRepeats {
		c.repeat(answerAt{entry: uint64(i / 2)})
		if _, err := c.work(t.Context(), c.take()); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.repeats) != maxRepeats || c.repeats[1].entry != 1 {
		t.Errorf("%d answers wait, the second of entry %d; want %d and 1", len(c.repeats), c.repeats[1].entry, maxRepeats)
	}
}

func TestErrandsWaitUntilTheCourierKnowsHowFarDeliveriesAreAssigned(t *testing.T) {
	b := loneBatch(t)
	c := newCourier(b.lead, desk, &memo{})
	word := &submission{from: desk}
	c.ask(func(e *errands) { e.position = word })
	c.missing("key", 3)
	if _, err := c.work(t.Context(), c.take()); err != nil {
		t.Fatal(err)
	}
	if e := c.take(); e.position != word || e.missing == nil {
		t.Errorf("errands were dropped: %+v", e)
	}
}
