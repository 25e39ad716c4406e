package mou_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"handrail/contracts/mou"
	"handrail/events"
)

// twins are a person's own case and the one for a foreign mission, on one ledger.
type twins struct {
	own, linked *history
	linkedNow   bool
	pleas       map[events.AgencyID]bool
}

func newTwins(t *rapid.T, m *mou.Memorandum) *twins {
	make := func(id uint64, number uint64) *history {
		return &history{t: t, m: m, c: m.NewCase(ledger), now: morning, id: events.CaseID(uuid(id)), number: number, dice: rolled(t), paired: true}
	}
	w := &twins{own: make(0, 0), linked: make(1<<43, 1<<20), pleas: map[events.AgencyID]bool{}}
	owner := pick(w.own, police, social, consulate)
	said := w.own.said()
	w.admit(w.own, w.own.act(owner, "", &events.CaseOpened{Said: said, Age: events.Adult}))
	w.admit(w.linked, w.linked.act(owner, "", &events.CaseOpened{Said: said, Age: events.Adult, For: events.LinkConsular}))
	return w
}

func (w *twins) admit(h *history, a mou.Act) {
	c, err := h.c.Apply(a, h.now)
	if err != nil {
		h.t.Fatalf("the hub's own word is refused: %v", err)
	}
	h.c, h.number = c, h.number+1
}

// try submits an act in the own case with what the hub then says in the other.
func (w *twins) try(h *history, a mou.Act) bool {
	if h.c.Judge(a, h.now) != nil {
		return false
	}
	if h == w.linked {
		w.admit(h, a)
		return true
	}
	elsewhere := h.c.Elsewhere(a)
	for _, e := range elsewhere {
		if e.Case != w.linked.id {
			return false
		}
		if _, err := w.linked.c.Apply(w.linked.act(events.HubAgency, "", e.Payload), w.linked.now); err != nil {
			return false
		}
	}
	before := w.seen()
	w.admit(h, a)
	for _, e := range elsewhere {
		w.admit(w.linked, w.linked.act(events.HubAgency, "", e.Payload))
	}
	if !slices.EqualFunc(before, w.seen(), bytes.Equal) {
		h.t.Fatalf("%s in the one case changed what somebody sees of the other", a.Event.Type.Name())
	}
	w.note(a)
	return true
}

// seen is what each agency sees of the linked case.
func (w *twins) seen() [][]byte {
	var all [][]byte
	for _, a := range agencies() {
		all = append(all, marshal(w.linked.t, w.linked.c.View(a)))
	}
	return all
}

// note keeps, slowly, whether the cases are linked and who says that asylum is sought.
func (w *twins) note(a mou.Act) {
	by := a.Event.Agency()
	switch a.Payload.(type) {
	case *events.CaseLinked:
		w.linkedNow = true
	case *events.AsylumSought:
		w.pleas[by] = true
	case *events.AsylumEnded:
		delete(w.pleas, by)
		if by == social && w.own.c.Owner() == social {
			clear(w.pleas)
		}
	}
}

// TestNoMissionIsAddressedWhileAsylumIsSought tries anything in both cases.
func TestNoMissionIsAddressedWhileAsylumIsSought(t *testing.T) {
	m := memorandum(t, "model@1")
	rapid.Check(t, func(t *rapid.T) {
		w := newTwins(t, m)
		for range rapid.IntRange(20, 80).Draw(t, "statements") {
			h := pick(w.own, w.own, w.linked)
			a := h.draw()
			if len(h.c.Trail()) == 1 {
				a = h.act(h.c.Owner(), "", h.facts(events.TypeRightsInformed, ""))
			}
			if h == w.own && h.once(4) {
				a = w.turn()
			}
			open := w.linkedNow && len(w.pleas) == 0
			if carried(a) || !w.try(h, a) {
				continue
			}
			if h == w.linked && reaches(a.Payload, embassy) && !open {
				t.Fatalf("%s reached an embassy: linked %v, asylum %v", a.Event.Type.Name(), w.linkedNow, w.pleas)
			}
			if seen := w.own.c.SeenBy(embassy); seen != nil {
				t.Fatalf("the embassy sees %v of the person's own case", seen)
			}
			w.checkShut()
		}
	})
}

// carried says whether a statement is one that the hub makes only because of the
// other case.
func carried(a mou.Act) bool {
	return a.Event.Type == events.TypeConsularAllowed || a.Event.Type == events.TypeConsularBarred
}

// turn is a statement of the own case that bears on the linked one.
func (w *twins) turn() mou.Act {
	h := w.own
	if !w.linkedNow && h.once(2) {
		return h.act(h.c.Owner(), "", &events.CaseLinked{Said: h.said(), Case: w.linked.id, For: events.LinkConsular})
	}
	by := pick(h, h.parties()...)
	if w.pleas[by] {
		return h.act(by, "", &events.AsylumEnded{Said: h.said()})
	}
	return h.act(by, "", pick[events.Payload](h, &events.AsylumSought{Said: h.said()}, &events.AsylumEnded{Said: h.said()}))
}

// reaches says whether a statement addresses an agency with something.
func reaches(p events.Payload, a events.AgencyID) bool {
	switch p := p.(type) {
	case *events.RecordReleased:
		return p.To == a
	case *events.Record:
		return p.Header.To == a
	case *events.ReferralRequested:
		return slices.Contains(p.To, a)
	}
	return false
}

// checkShut: once the hub has said what is due, a barred embassy takes no part.
func (w *twins) checkShut() {
	if w.linkedNow && len(w.pleas) == 0 {
		return
	}
	h := *w.linked
	for due := h.c.Due(h.now, nobody); len(due) > 0; due = h.c.Due(h.now, nobody) {
		c, err := h.c.Apply(h.act(events.HubAgency, due[0].Referral, due[0].Payload), h.now)
		if err != nil {
			h.t.Fatalf("the memorandum refuses what is due: %v", err)
		}
		h.c, h.number = c, h.number+1
	}
	for _, r := range h.c.Referrals() {
		for _, l := range r.Legs {
			over := slices.Contains([]mou.LegState{mou.LegWaiting, mou.LegDeclined, mou.LegNotChosen, mou.LegWithdrawn, mou.LegFailed}, l.State)
			if l.To == embassy && !over {
				h.t.Fatalf("a barred embassy's part is %s", l.State)
			}
		}
	}
	for _, r := range h.c.Records() {
		if r.To == embassy && r.State == mou.RecordHeld {
			h.t.Fatal("a record waits for a barred embassy")
		}
	}
}
