package ledger

import (
	"testing"

	"handrail/events"
)

func TestACaseIsOpenedAndReceipted(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	e := p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	g := p.admitted(e)
	if g.Entry != 1 || g.Number != 2 {
		t.Errorf("the first case is entry %d, delivery %d; want 1 and 2, behind genesis", g.Entry, g.Number)
	}
	if got := p.types(); len(got) != 2 || got[0] != "event directory.founded" {
		t.Errorf("the police got %v", got)
	}
}
