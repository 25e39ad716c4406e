package agency

import (
	"cmp"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// overShown is how long a provider is told that it is no longer needed: until
// the next shift has read it too (own choice). Whoever still owes an answer is
// told until it is given.
const overShown = 24 * time.Hour

// Over is a referral that ended without this agency. It says nothing of why, nor
// who helps now.
type Over struct {
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral"`
	From     events.AgencyID   `json:"from"`
	Ended    time.Time         `json:"ended"`
	Says     string            `json:"says"`
	Holds    int               `json:"holds"`        // sections that were opened to this agency and are not answered as erased
	Due      time.Time         `json:"due,omitzero"` // until when the answer about them is owed
}

// Inbox is what waits for this agency, and what no longer does.
type Inbox struct {
	Waiting []Waiting `json:"waiting"`
	Over    []Over    `json:"over"`
}

// Inbox gives both lists, the newest end first.
func (a *Agency) Inbox() Inbox {
	inbox := Inbox{Waiting: a.Waiting(), Over: []Over{}}
	a.mu.RLock()
	defer a.mu.RUnlock()
	now := a.now()
	for _, f := range a.book.files {
		inbox.Over = append(inbox.Over, a.glance(f, now).over...)
	}
	slices.SortStableFunc(inbox.Over, func(x, y Over) int { return cmp.Or(y.Ended.Compare(x.Ended), cmp.Compare(x.Case, y.Case)) })
	return inbox
}

// overIn lists those of one case.
func (a *Agency) overIn(c mou.Case) []Over {
	var list []Over
	now := a.now()
	for _, r := range c.Referrals() {
		leg, asked := legOf(c, r.ID, a.config.Agency)
		if !asked || !over(leg.State) {
			continue
		}
		o := Over{Case: c.ID(), Referral: r.ID, From: r.By, Ended: a.endOf(c, r.ID), Holds: leg.Holds, Says: "No longer needed."}
		ownEnd := leg.State == mou.LegDeclined || leg.State == mou.LegFailed
		if ownEnd {
			o.Says = "Over, as this agency said."
		}
		if !leg.Owes && !ownEnd {
			o.Says += " Nothing is left to do."
		}
		if leg.Owes {
			o.Says += " Sections of it were opened to this agency: answer erasure."
			o.Due = erasureDue(c, r.ID, a.config.Agency, now)
		}
		if leg.Owes || !ownEnd && now.Sub(o.Ended) < overShown {
			list = append(list, o)
		}
	}
	return list
}

// endOf is when this agency heard that its part was over.
func (a *Agency) endOf(c mou.Case, referral events.ReferralID) (ended time.Time) {
	for _, item := range c.Trail() {
		mine := item.Referral == referral
		switch p := item.Facts.(type) {
		case *events.ReferralNotNeeded:
			mine = mine && p.To == a.config.Agency
		case *events.ReferralWithdrawn, *events.ReferralDeclined, *events.HandoverFailed:
		case *events.ConsentWithdrawn, *events.ConsentRefused, *events.CaseClosed:
			mine = true
		default:
			mine = false
		}
		if mine && ended.IsZero() || mine && item.Referral == referral {
			ended = item.Admitted
		}
	}
	return ended
}

// erasureDue is until when an agency owes the answer about what it holds.
func erasureDue(c mou.Case, referral events.ReferralID, owes events.AgencyID, now time.Time) (due time.Time) {
	for _, clock := range c.Clocks(now) {
		if clock.Rule == mou.ClockErasure && clock.Referral == referral && clock.Owes == owes && clock.Met == 0 {
			due = clock.Due
		}
	}
	return due
}
