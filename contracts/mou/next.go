package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// Move is one statement that an agency could make: whether it may now and, if
// not, why not.
type Move struct {
	Type     events.Type       `json:"type"`
	Referral events.ReferralID `json:"referral,omitempty"`
	Clause   string            `json:"clause"`
	Allowed  bool              `json:"allowed"`
	Rule     events.Rule       `json:"rule,omitempty"`
	Reason   string            `json:"reason,omitempty"`
}

// Next says, for every statement that the agency's powers include and for every
// referral where it could be the one to make it, whether the memorandum lets it
// now, with some facts. It is computed from what the agency may see, so a reason
// is no oracle; the ledger may still answer not-permitted.
func (c Case) Next(a events.AgencyID, now time.Time) []Move {
	v := c.View(a)
	var moves []Move
	for _, r := range terms() {
		if r.Event.HubOnly() || !c.mou.Profile.May(c.mou.kind(a), r.Event) {
			continue
		}
		if !slices.Contains(r.Requires, RuleReferralUnknown) {
			moves = append(moves, v.move(a, r.Term, "", now))
			continue
		}
		for _, ref := range v.state.referrals {
			move := v.move(a, r.Term, ref.id, now)
			if move.Rule != RuleNotCandidate && move.Rule != RuleNotReferrer {
				moves = append(moves, move)
			}
		}
	}
	return moves
}

func (c Case) move(a events.AgencyID, t Term, id events.ReferralID, now time.Time) Move {
	m := Move{Type: t.Event, Referral: id, Clause: t.Clause, Allowed: true}
	if v := c.question(a, t.Event, id, now).ask(); v != nil {
		m.Allowed, m.Rule, m.Reason = false, v.Rule, v.Reason
	}
	return m
}
