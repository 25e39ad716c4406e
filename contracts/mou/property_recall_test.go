package mou_test

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

func (h *hub) fold(agency events.AgencyID, i mou.Item) {
	view, err := h.views[agency].Apply(h.acts[i.Number], i.Admitted)
	if err != nil {
		h.t.Fatalf("%s cannot take entry %d (%s): %v", agency, i.Number, i.Name(), err)
	}
	h.views[agency] = view
}

// arrive lets records that were late reach their recipient, unless they were recalled.
func (h *hub) arrive(agency events.AgencyID, admitted map[uint64]mou.Item) {
	h.late[agency] = slices.DeleteFunc(slices.Clone(h.late[agency]), func(n uint64) bool {
		if h.recalled(h.acts[n].Event.ID) || !h.once(4) {
			return false
		}
		h.fold(agency, admitted[n])
		return true
	})
}

func (h *hub) recalled(id events.EventID) bool {
	return slices.ContainsFunc(h.c.Records(), func(r mou.SealedRecord) bool { return r.ID == id && r.State == mou.RecordRecalled })
}

// checkRecall: a released record is stopped only when its recipient's part
// ended or no consent covers it, and its recipient then answers for it.
func (h *hub) checkRecall(before mou.Case, a mou.Act) {
	erased, ok := a.Payload.(*events.RecordErased)
	if !ok || !h.recalled(erased.Record) || erased.Reason == events.ErasedKeyEnded { // see checkKeys
		return
	}
	for _, r := range before.Records() {
		if r.ID != erased.Record {
			continue
		}
		for _, c := range []mou.Case{before, h.c} {
			leg := legOf(c, r.Referral, r.To)
			over := slices.Contains([]mou.LegState{mou.LegWithdrawn, mou.LegFailed, mou.LegDeclined, mou.LegNotChosen}, leg.State)
			consent := before.Consent(r.To, r.Purpose, r.Section, h.now)
			covered := slices.Contains([]mou.ConsentState{mou.ConsentGiven, mou.ConsentProvisional, mou.ConsentNotRequired}, consent)
			if r.State != mou.RecordReleased || !over && covered {
				h.t.Fatalf("a record was recalled from %s, whose part is %s", r.To, leg.State)
			}
		}
		if leg := legOf(h.c, r.Referral, r.To); leg.Holds > 0 && !leg.Owes && leg.State == mou.LegAccepted {
			h.t.Fatalf("%s does not owe an answer about a recalled record", r.To)
		}
	}
}

func legOf(c mou.Case, id events.ReferralID, to events.AgencyID) mou.Leg {
	for _, r := range c.Referrals() {
		for _, l := range r.Legs {
			if r.ID == id && l.To == to {
				return l
			}
		}
	}
	return mou.Leg{}
}
