package mou_test

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// relies says whether an agency asked somebody, or accepted.
func (h *hub) relies(a events.AgencyID) bool {
	return slices.ContainsFunc(h.c.Trail(), func(i mou.Item) bool {
		return i.By == a && (i.Type == events.TypeReferralRequested || i.Type == events.TypeReferralAccepted)
	})
}

// named says whether a refusal is about an agency or about whom it asked.
func (h *hub) named(a events.AgencyID, no *events.ConsentRefused) bool {
	return slices.ContainsFunc(h.c.Referrals(), func(r mou.Referral) bool {
		return r.Purpose == no.Purpose && slices.ContainsFunc(r.Legs, func(l mou.Leg) bool {
			return (l.To == a || r.By == a) && no.Recipient.Covers(l.To, h.m.Directory[l.To])
		})
	})
}

// checkClocksStay: a clock that was set is never forgotten or moved.
func (h *hub) checkClocksStay(before mou.Case) {
	after := h.c.Clocks(h.now)
	for _, old := range before.Clocks(h.now) {
		if !slices.ContainsFunc(after, func(c mou.Clock) bool {
			return c.Rule == old.Rule && c.Set == old.Set && c.Owes == old.Owes && c.Referral == old.Referral && c.Due.Equal(old.Due)
		}) {
			h.t.Fatalf("the clock %s, set by entry %d, is gone", old.Rule, old.Set)
		}
	}
}

// checkConsents: a provider that accepted reads the person's consent as the
// ledger does, for what was shared with it.
func (h *hub) checkConsents() {
	for _, r := range h.c.Referrals() {
		for _, l := range r.Legs {
			if !slices.Contains([]mou.LegState{mou.LegAccepted, mou.LegHandedOver, mou.LegInService, mou.LegCompleted}, l.State) {
				continue
			}
			for _, section := range r.Sections {
				own, theirs := h.views[l.To].Consent(l.To, r.Purpose, section, h.now), h.c.Consent(l.To, r.Purpose, section, h.now)
				if shares(own) != shares(theirs) || shares(own) && own != theirs {
					h.t.Fatalf("%s reads consent as %s, the ledger as %s", l.To, own, theirs)
				}
			}
		}
	}
}

func shares(c mou.ConsentState) bool {
	return slices.Contains([]mou.ConsentState{mou.ConsentGiven, mou.ConsentProvisional, mou.ConsentNotRequired}, c)
}

// checkCauses: whoever sees a statement sees what it names as its cause.
func (h *hub) checkCauses() {
	for n, a := range h.acts {
		for m, cause := range h.acts {
			if cause.Event.ID != a.Event.CausationID {
				continue
			}
			for _, agency := range agencies() {
				if slices.Contains(h.seen[agency], n) && !slices.Contains(h.seen[agency], m) {
					h.t.Fatalf("%s sees %s and not its cause, %s", agency, a.Event.Type.Name(), cause.Event.Type.Name())
				}
			}
		}
	}
}
