package ledger

import (
	"testing"
	"time"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/ledger"
)

// deaf makes a site store nothing of what is sent to it, or listen again.
func (s *site) setDeaf(deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = deaf
}

func TestNothingIsSentBeyondTheWindowOfAnAgencyThatStoresNothing(t *testing.T) {
	w := newWorld(t, func(c *ledger.Config) { c.Window = 3 })
	p := w.agencies[police]
	w.settled()
	p.setDeaf(true)
	var all []events.Event
	for range 10 {
		all = append(all, p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	}
	w.eventually("all are judged", func() bool { return w.count("SELECT count(*) FROM submission WHERE agency = $1", string(police)) == 10 })
	time.Sleep(200 * time.Millisecond)
	if n := w.pending(police); n > 3 {
		t.Errorf("%d deliveries wait at the broker, the window is 3", n)
	}
	p.setDeaf(false)
	for _, e := range all {
		p.admitted(e)
	}
}

func TestAnAgencyThatLostItsInboxGetsEverythingAgainByteForByte(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	c.ask(shelter)
	p := w.agencies[police]
	w.settled()
	p.mu.Lock()
	before := p.got
	p.got = nil
	p.mu.Unlock()
	w.eventually("the agency says that it holds nothing", func() bool { return p.sayPosition(t.Context(), 0, true) == nil })
	w.eventually("everything comes again", func() bool { return p.position() == uint64(len(before)) })
	for i, g := range before {
		if p.got[i].header != g.header {
			t.Errorf("delivery %d differs when it is delivered again", g.Number)
		}
	}
}

func TestAControlMessageThatIsNotTheAgencysOrNotNewerHasNoEffect(t *testing.T) {
	w := newWorld(t)
	p, other := w.agencies[police], w.agencies[shelter]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.settled()
	w.eventually("the position is stored", func() bool { return w.count("SELECT number FROM position WHERE agency = $1", string(police)) == 2 })
	position := func(by *site, at time.Time, about events.AgencyID) events.Event {
		e := by.draft(&events.InboxPosition{Position: 0, Resume: true}, "", "")
		e.Sequence, e.Time, e.Subject = "", events.At(at), string(about)
		signed, err := by.signing.Sign(e)
		w.must(err)
		return signed
	}
	entries := w.count("SELECT count(*) FROM entry")
	for what, e := range map[string]events.Event{
		"an old one":      position(p, time.Now().Add(-time.Hour), police),
		"a future one":    position(p, time.Now().Add(time.Hour), police),
		"about another":   position(p, time.Now().Add(2*time.Second), shelter),
		"a replayed zero": position(p, time.Now().Add(-2*time.Second), police),
	} {
		w.must(p.link.Submit(t.Context(), exchange.Encode(e)))
		_ = what
	}
	unsigned := exchange.Encode(position(p, time.Now().Add(time.Second), police))
	unsigned.Data = []byte(`{"position":1}`)
	w.must(p.link.Submit(t.Context(), unsigned))
	forged := position(other, time.Now().Add(time.Second), police)
	w.must(other.link.Submit(t.Context(), exchange.Encode(forged)))
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	time.Sleep(200 * time.Millisecond)
	if n := w.count("SELECT number FROM position WHERE agency = $1", string(police)); n < 2 {
		t.Errorf("the position went back to %d", n)
	}
	if len(p.repeated) != 0 {
		t.Errorf("%d deliveries were repeated", len(p.repeated))
	}
	if n := w.count("SELECT count(*) FROM entry"); n != entries+1 {
		t.Errorf("%d entries more; control messages are not logged", n-entries)
	}
}

// What an agency stored and cannot believe it asks for by number: these come again,
// byte for byte, and nothing else.
func TestAnAgencyGetsAgainOnlyWhatItSaysIsDamaged(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	c.ask(shelter)
	p := w.agencies[police]
	w.settled()
	at := p.position()
	if at < 4 {
		t.Fatalf("only %d deliveries", at)
	}
	say := func(again ...uint64) {
		w.eventually("the agency says what is damaged", func() bool {
			e := p.draft(&events.InboxPosition{Position: at, Again: again}, "", "")
			p.mu.Lock()
			soon := !e.Time.Time().After(p.lastWord)
			if !soon {
				p.lastWord = e.Time.Time()
			}
			p.mu.Unlock()
			if soon {
				return false
			}
			signed, err := p.signing.Sign(e)
			w.must(err)
			return p.link.Submit(t.Context(), exchange.Encode(signed)) == nil
		})
	}
	say(2, 4)
	w.eventually("they come again", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.repeated) == 2 })
	say()
	time.Sleep(300 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.repeated) != 2 || p.repeated[0].Number != 2 || p.repeated[1].Number != 4 {
		t.Fatalf("%d came again", len(p.repeated))
	}
	for _, g := range p.repeated {
		if g.header != p.got[g.Number-1].header {
			t.Errorf("delivery %d differs when it is delivered again", g.Number)
		}
	}
}
