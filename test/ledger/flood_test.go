package ledger

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// garbage is something from the site's account that nobody can believe, and its rule.
type garbage struct {
	id      events.EventID
	rule    events.Rule
	message exchange.Message
}

func (s *site) garbage(n int) (all []garbage) {
	for i := range n {
		e := s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, s.w.newCase(), "")
		e.Sequence = s.next.String()
		e = s.sign(e)
		delete(s.said, e.ID) // what arrives is not what was signed
		g := garbage{e.ID, events.RuleSignatureInvalid, exchange.Encode(e)}
		g.message.Data = slices.Clone(g.message.Data)
		switch i % 3 {
		case 0:
			g.message.Data[len(g.message.Data)-2] ^= 1
		case 1:
			g.rule, g.message.Header["ce-tracestate"] = events.RuleAttributeUnknown, []string{"x"}
		case 2:
			g.rule, g.message.Header["ce-subject"] = events.RuleAttributeSyntax, []string{"%41"}
		}
		all = append(all, g)
	}
	return all
}

func TestAFloodOfRefusalsFillsNobodysLogAndEachIsAnswered(t *testing.T) {
	w := newWorld(t)
	p, one := w.agencies[police], w.agencies[shelter]
	all := p.garbage(500)
	w.stop()
	for i, g := range all {
		w.must(p.link.Submit(t.Context(), g.message))
		if i == 250 {
			one.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
		}
	}
	good := p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	w.startSlowly()
	p.admitted(good)
	answers := map[events.EventID]got{}
	p.mu.Lock()
	for _, g := range p.got {
		if _, twice := answers[g.ID]; g.Kind == tlog.KindRefusal && twice {
			t.Error("one submission was answered twice")
		}
		if g.Kind == tlog.KindRefusal {
			answers[g.ID] = g
		}
	}
	p.mu.Unlock()
	floods := 0
	for _, g := range all {
		a := answers[g.id]
		if rule, _ := a.Why(a.entry); rule != g.rule {
			t.Fatalf("answered by %q, want %s", rule, g.rule)
		}
		if a.entry.Rule == tlog.RuleFlood {
			floods++
		}
	}
	entries := w.count("SELECT count(*) FROM entry")
	if len(answers) != len(all) || floods < 450 || entries > 40 {
		t.Errorf("%d answers, %d of them from floods, %d entries; want 500 answers with few entries", len(answers), floods, entries)
	}
	w.settled()
	w.replays(p, all[250:280], answers)
	if n := w.count("SELECT count(*) FROM entry"); n != entries {
		t.Errorf("garbage that came again made %d entries more", n-entries)
	}
	w.check()
}

// startSlowly starts the ledger on a database that keeps its first batch waiting,
// so that what arrives meanwhile is in few batches.
func (w *world) startSlowly() {
	w.t.Helper()
	tx, err := as(w.t, w.database, "handrail_owner").Begin(w.t.Context())
	w.must(err)
	_, err = tx.Exec(w.t.Context(), "LOCK TABLE entry IN SHARE MODE")
	w.must(err)
	w.start()
	w.eventually("a batch waits", func() bool {
		return w.count("SELECT count(*) FROM pg_locks WHERE relation = 'entry'::regclass AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0
	})
	time.Sleep(time.Second) // for the rest to arrive
	w.must(tx.Rollback(w.t.Context()))
}

// replays sends garbage again, which gets its first answer byte for byte, and
// nothing else.
func (w *world) replays(s *site, all []garbage, answers map[events.EventID]got) {
	w.t.Helper()
	s.mu.Lock()
	s.repeated = nil
	s.mu.Unlock()
	for _, g := range all {
		w.must(s.link.Submit(w.t.Context(), g.message))
	}
	w.eventually("every first answer comes again", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.repeated) >= len(all)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.repeated) != len(all) {
		w.t.Errorf("%d answers to %d repetitions", len(s.repeated), len(all))
	}
	for _, g := range s.repeated {
		if g.header != answers[g.ID].header {
			w.t.Error("the first answer came in other bytes")
		}
	}
}

func TestASenderOfALittleGarbageHasAnEntryForEach(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	all := p.garbage(16)
	w.stop()
	for _, g := range all {
		w.must(p.link.Submit(t.Context(), g.message))
	}
	w.start()
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if n := w.count("SELECT count(*) FROM entry"); n != 1+16+1 {
		t.Errorf("%d entries, want genesis, one for each refusal, and a case", n)
	}
	w.check()
}
