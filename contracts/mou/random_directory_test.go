package mou_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"handrail/contracts/mou"
	"handrail/events"
)

// keys says which of an agency's sealing keys it has now, and which ended for good.
type keys struct{ now, lost int }

func keyOf(a events.AgencyID, n int) events.KeyID {
	return events.KeyID(fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %d", a, n))))
}

// TestAnyDirectory is TestAnyNight while agencies rest and come back, and lose
// their keys and join with new ones.
func TestAnyDirectory(t *testing.T) {
	m := memorandum(t, "model@1")
	rapid.Check(t, func(t *rapid.T) {
		h := newHub(t, m)
		h.keys = map[events.AgencyID]keys{}
		r := h.evening()
		away := map[events.AgencyID]bool{}
		for range rapid.IntRange(10, 50).Draw(t, "statements") {
			if h.once(5) {
				a := pick(h.history, lightship, lightship, harbour, social, hotline, office)
				switch k := h.keys[a]; {
				case away[a]:
					delete(away, a)
				case h.once(3):
					h.keys[a] = keys{k.now + 1, k.now + 1}
				case h.once(2):
					h.keys[a] = keys{k.now + 1, k.lost}
				default:
					away[a] = true
				}
				h.under(m, away)
			}
			a := h.atNight(r)
			if record, sealed := a.Payload.(*events.Record); sealed {
				record.Header.KeyID = keyOf(record.Header.To, h.keys[record.Header.To].now)
			}
			if away[a.Event.Agency()] {
				continue // the ledger takes nothing of it
			}
			h.tell(a)
		}
		h.checkWhole()
	})
}

// under has everybody judge by the directory as it is now, as far as they see it.
func (h *hub) under(m *mou.Memorandum, away map[events.AgencyID]bool) {
	now := map[events.AgencyID]bool{}
	for a := range away {
		now[a] = true
	}
	ended := map[events.KeyID]bool{}
	for a, k := range h.keys {
		for n := range k.lost {
			ended[keyOf(a, n)] = true
		}
	}
	with := func(m mou.Memorandum) *mou.Memorandum {
		m.Away, m.Ended = now, func(_ events.AgencyID, key events.KeyID) bool { return ended[key] }
		return &m
	}
	h.m = with(*m)
	h.c = h.c.Under(h.m)
	for a, own := range h.own {
		h.own[a] = with(*own)
		if a != ledger {
			h.views[a] = h.views[a].Under(h.own[a])
		}
	}
}

// checkKeys: nothing is released that only a lost key opens, nothing is erased for
// a key that is not lost, and what rests is asked nothing.
func (h *hub) checkKeys(before mou.Case, a mou.Act) {
	header := func(id events.EventID) (header events.RecordHeader) {
		for _, i := range before.Trail() {
			if p, ok := i.Facts.(*events.Record); ok && i.ID == id {
				header = p.Header
			}
		}
		return header
	}
	ended := func(id events.EventID) bool {
		of := header(id)
		for n := range h.keys[of.To].lost {
			if of.KeyID == keyOf(of.To, n) {
				return true
			}
		}
		return false
	}
	switch p := a.Payload.(type) {
	case *events.RecordReleased:
		if ended(p.Record) {
			h.t.Fatalf("a record was released to %s that only a lost key opens", p.To)
		}
	case *events.RecordErased:
		if p.Reason == events.ErasedKeyEnded && !ended(p.Record) {
			h.t.Fatal("a record was erased because a key ended that did not")
		}
	case *events.ReferralEscalated:
		if h.m.Away[p.To] {
			h.t.Fatalf("the hub turned to %s, which rests", p.To)
		}
	case *events.ReferralRequested:
		if slices.ContainsFunc(p.To, func(to events.AgencyID) bool { return h.m.Away[to] }) {
			h.t.Fatal("somebody who rests was asked")
		}
	case *events.Record:
		if h.m.Away[p.Header.To] {
			h.t.Fatal("a record was sealed to somebody who rests")
		}
	}
}
