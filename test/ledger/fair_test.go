package ledger

import (
	"context"
	"slices"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/ledger"
)

// One agency floods the hub with what it may say. What another said last of all is
// judged in the next batch, ahead of nearly all of the flood, and each sender's own
// order stands.
func TestAFloodOfOneAgencyKeepsNobodyWaiting(t *testing.T) {
	const flood, batch = 400, 20
	w := newWorld(t, func(c *ledger.Config) { c.MaxBatch = batch })
	p, one, two := w.agencies[police], w.agencies[shelter], w.agencies[shelter2]
	w.stop()
	var loud []events.Event
	for range flood {
		loud = append(loud, p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")))
	}
	for _, e := range loud {
		p.submit(e)
	}
	var quiet []events.Event
	for _, s := range []*site{one, two} {
		for range 3 {
			quiet = append(quiet, s.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
		}
	}
	w.startSlowly()
	for i, e := range quiet {
		s := []*site{one, two}[i/3]
		s.admitted(e)
	}
	p.outbox(loud)
	var order []int64
	for _, e := range loud {
		order = append(order, w.entryOf(e))
	}
	if !slices.IsSorted(order) {
		t.Error("the flood was not judged in its sender's order")
	}
	for _, e := range quiet {
		ahead, _ := slices.BinarySearch(order, w.entryOf(e))
		if ahead > 3*batch {
			t.Errorf("%d of the flood's %d were judged ahead of what another agency said", ahead, flood)
		}
	}
	w.check()
}

// A flood that goes on keeps neither a reading nor a change of the directory waiting.
func TestAFloodKeepsTheOperatorNotWaiting(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen, func(c *ledger.Config) { c.MaxBatch = 4 })
	p := w.agencies[police]
	ctx, stop := context.WithCancel(t.Context())
	flooding := make(chan int)
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			e := p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
			for ctx.Err() == nil && p.link.Submit(ctx, exchange.Encode(e)) != nil { // its quota is full: again
				time.Sleep(time.Millisecond)
			}
		}
		flooding <- n
	}()
	w.eventually("the flood has begun", func() bool { return w.count("SELECT count(*) FROM entry") > 50 })
	w.changes(url, shelter, &events.DirectorySuspended{Because: "device-lost"})
	w.reading(url, w.agencies[auditor], events.ReadingCases, "")
	w.changes(url, shelter, &events.DirectoryResumed{})
	stop()
	if n := <-flooding; n < 50 {
		t.Errorf("the flood was of %d", n)
	}
}
