package ledger

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
)

// embassy is a mission of another state.
const embassy events.AgencyID = "farland-mission"

func TestWhatAnAgencyTellsOfItselfReachesEveryAgencyButForeignMissions(t *testing.T) {
	w := newWorldOf(t, []member{{embassy, events.ForeignMission}})
	one := w.agencies[shelter]
	first := one.say(capacity("daily 00:00-24:00"), "", "")
	g := one.admitted(first)
	if g.entry.Previous != nil || g.entry.Case != "" || g.event.ID != first.ID {
		t.Errorf("the entry is of case %q and links to %v; want neither", g.entry.Case, g.entry.Previous)
	}
	second := one.say(capacity("mo 08:00-16:00"), "", "")
	one.admitted(second)
	for _, id := range []events.AgencyID{police, shelter2, coordinator} {
		w.agencies[id].has(first)
		w.agencies[id].has(second)
	}
	w.settled()
	if got := w.agencies[embassy].types(); !slices.Equal(got, []string{"event directory.listed"}) {
		t.Errorf("the foreign mission got %v", got)
	}
	w.stop()
	w.start()
	w.agencies[police].admitted(w.agencies[police].say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.check()
}

func TestWhoMayNotTellACapacityAndHow(t *testing.T) {
	w := newWorldOf(t, []member{{embassy, events.ForeignMission}})
	p, one := w.agencies[police], w.agencies[shelter]
	for _, try := range []struct {
		what    string
		by      *site
		change  func(*events.Event)
		rule    events.Rule
		pointer string
	}{
		{"the police have no places", p, func(*events.Event) {}, mou.RulePower, "attribute source"},
		{"a foreign mission", w.agencies[embassy], func(*events.Event) {}, mou.RulePower, "attribute source"},
		{"correlated with something", one, func(e *events.Event) { e.CorrelationID = events.EventID(w.uuid()) }, mou.RuleCorrelation, "attribute correlationid"},
		{"caused by something", one, func(e *events.Event) { e.CausationID = events.EventID(w.uuid()) }, mou.RuleCauseUnknown, "attribute causationid"},
		{"with no hours", one, func(e *events.Event) { e.Data = bytes.Replace(e.Data, []byte(`"daily 00:00-24:00"`), nil, 1) }, events.RuleDataRange, "/hours"},
		{"ahead of the hub's clock", one, func(e *events.Event) { e.Time = events.At(time.Now().Add(time.Hour)) }, events.RuleTimeAhead, "attribute time"},
	} {
		e := try.by.draft(capacity("daily 00:00-24:00"), "", "")
		try.change(&e)
		g := try.by.refused(try.by.submit(try.by.sign(e)), try.rule)
		if _, pointer := g.Why(g.entry); pointer != try.pointer {
			t.Errorf("%s: the refusal points at %q, want %q", try.what, pointer, try.pointer)
		}
	}
	others := one.sign(one.draft(capacity("daily 00:00-24:00"), "", ""))
	message := exchange.Encode(others)
	message.Header["ce-subject"] = []string{string(shelter2)}
	delete(one.said, others.ID) // what arrives is not what was signed
	w.must(one.link.Submit(t.Context(), message))
	if g := one.refused(others, events.RuleAttributeSyntax); g.entry.Pointer != "attribute subject" {
		t.Errorf("the capacity of another shelter: the refusal points at %q", g.entry.Pointer)
	}
	w.settled()
	if n := w.count("SELECT count(*) FROM capacity"); n != 0 {
		t.Errorf("%d capacities are kept", n)
	}
	w.check()
}
