package ledger

import (
	"context"
	"sync"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// outbox submits events in order and again until each is answered, as an agency does.
func (s *site) outbox(all []events.Event) {
	s.w.t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; {
		open := s.unanswered(all)
		if len(open) == 0 {
			return
		}
		if time.Now().After(end) {
			s.w.t.Fatalf("%s has no answer to %d of %d events", s.id, len(open), len(all))
		}
		for _, e := range open {
			ctx, cancel := context.WithTimeout(s.w.t.Context(), time.Second)
			_ = s.link.Submit(ctx, exchange.Encode(e)) // again in the next round if it was lost
			cancel()
		}
		for wait := time.Now().Add(3 * time.Second); time.Now().Before(wait) && len(s.unanswered(all)) > 0; {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (s *site) unanswered(all []events.Event) []events.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	answered := map[string]bool{}
	for _, g := range s.got {
		if g.Kind == tlog.KindReceipt {
			answered[g.entry.Attribute("dssematerial")] = true
		}
	}
	var open []events.Event
	for _, e := range all {
		if !answered[e.DSSEMaterial] {
			open = append(open, e)
		}
	}
	return open
}

// load is every agency that opens cases saying n things at once.
func (w *world) load(n int) (all map[*site][]events.Event, run func()) {
	all = map[*site][]events.Event{}
	for _, id := range []events.AgencyID{police, shelter, shelter2} {
		s := w.agencies[id]
		for range n / 2 {
			about := w.newCase()
			all[s] = append(all[s], s.sign(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, about, "")),
				s.sign(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, about, "")))
		}
	}
	return all, func() {
		var running sync.WaitGroup
		for s, mine := range all {
			running.Go(func() { s.outbox(mine) })
		}
		running.Wait()
	}
}

// onceEach checks that every event has one entry and nothing else has one.
func (w *world) onceEach(all map[*site][]events.Event) {
	w.t.Helper()
	total := int64(1)
	for s, mine := range all {
		total += int64(len(mine))
		if n := w.count("SELECT count(*) FROM submission WHERE agency = $1", string(s.id)); n != int64(len(mine)) {
			w.t.Errorf("%d submissions of %s, want %d", n, s.id, len(mine))
		}
	}
	if n := w.count("SELECT count(*) FROM entry"); n != total {
		w.t.Errorf("%d entries, want %d", n, total)
	}
	w.check()
}

func TestTheDatabaseConnectionIsKilledAgainAndAgain(t *testing.T) {
	w := newWorld(t)
	admin := as(t, w.database, "")
	all, run := w.load(100)
	done := make(chan struct{})
	var killing sync.WaitGroup
	killed := 0
	killing.Go(func() {
		for pause := time.Millisecond; ; pause += pause/8 + time.Millisecond { // in the end longer than a recovery takes, however slow the machine
			select {
			case <-done:
				return
			case <-time.After(pause):
			}
			var n int
			if err := admin.QueryRow(context.Background(), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'handrail_ledger' AND datname = current_database()").Scan(&n); err == nil {
				killed += n
			}
		}
	})
	run()
	close(done)
	killing.Wait()
	if killed == 0 {
		t.Error("nothing was killed")
	}
	w.onceEach(all)
}

func TestTheBrokerIsWipedInMidRun(t *testing.T) {
	w := newWorld(t)
	all, run := w.load(200)
	var wiping sync.WaitGroup
	wiping.Go(func() {
		for range 2 {
			time.Sleep(150 * time.Millisecond)
			w.wipeBroker()
		}
	})
	run()
	wiping.Wait()
	w.onceEach(all)
}

func TestAStandbyTakesOver(t *testing.T) {
	w := newWorld(t)
	stopFirst := w.stop
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.start()
	w.eventually("the standby waits for the lock", func() bool {
		return w.count("SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()") == 1
	})
	all, run := w.load(60)
	var stopping sync.WaitGroup
	stopping.Go(func() {
		time.Sleep(30 * time.Millisecond)
		stopFirst()
	})
	run()
	stopping.Wait()
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if n := w.count("SELECT count(*) FROM entry"); n != 1+2+int64(3*len(all[p])) {
		t.Errorf("%d entries", n)
	}
	w.check()
}

func TestALedgerThatRestartsGoesOnWhereItWas(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	referral, records := c.ask(shelter)
	w.stop()
	w.start()
	one := w.agencies[shelter]
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	one.has(records[shelter])
	w.check()
}
