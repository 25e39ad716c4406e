package ledger

import (
	"sync/atomic"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger"
)

func TestWhatAsylumBarsNoOtherCaseOpensAgain(t *testing.T) {
	w := newWorldOf(t, missions)
	s := w.agencies[social]
	own, linked := w.bound(social)
	s.admitted(s.say(&events.AsylumSought{Said: now()}, own.id, ""))
	s.refused(w.own(social, "").link(social, linked), mou.RuleCaseUnknown)
	s.refused(linked.address(social), mou.RuleNotPermitted)
	s.admitted(s.say(&events.AsylumEnded{Said: now()}, own.id, ""))
	s.admitted(linked.address(social))
	w.check()
}

func TestAFullCaseStillHearsThatConsentIsWithdrawn(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p := w.agencies[police]
	referral, _ := c.ask(shelter)
	const more = 530
	var last events.Event
	for range more {
		last = p.seal(w.agencies[shelter], c.id, referral, events.SectionIdentity, events.PurposeAccommodation)
	}
	p.admitted(last)
	p.admitted(p.say(&events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Class: events.Shelter}}, c.id, ""))
	if got := c.hubSaid()["record.erased"]; got < more {
		t.Errorf("of %d records that were held %d are erased", more, got)
	}
	w.check()
}

func TestWhoeverFillsTheQueueKeepsNoDeadlineWaiting(t *testing.T) {
	var full atomic.Bool
	var asked atomic.Int64
	w := newWorldOf(t, nil, func(c *ledger.Config) {
		c.MaxBatch = 2
		c.Clock = func() time.Time {
			if full.Load() && asked.Add(1) > 150 { // some way into the queue the acknowledgement is missed
				return time.Now().Add(24*time.Hour + time.Minute)
			}
			return time.Now()
		}
	})
	p := w.agencies[police]
	c := w.open()
	c.ask(shelter)
	other := opened{w, w.newCase()}
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, other.id, ""))
	w.stop()
	var first, last events.Event
	for n := range 600 {
		last = p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, other.id, "")
		if n == 0 {
			first = last
		}
	}
	full.Store(true)
	w.start()
	p.admitted(last)
	c.missed(p, events.DutyAcknowledge, shelter)
	var missed int64
	for _, l := range w.readLog() {
		if l.parsed.Attribute("type") == string(events.TypeDeadlineMissed) && missed == 0 {
			missed = l.number
		}
	}
	if end := w.entryOf(last); missed > end {
		t.Errorf("a deadline that was missed while entries %d to %d were waiting is entry %d", w.entryOf(first), end, missed)
	}
	w.check()
}
