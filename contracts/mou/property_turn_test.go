package mou_test

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// opened says, by a slow reading of the trail, whether a record may have been
// released: its recipient's acceptance counts; or it is risk or needs, tonight,
// and a named duty worker acknowledged; or it is a question or an answer.
func opened(c mou.Case, header events.RecordHeader) bool {
	var tonight, duty, told, plainly, confirmed, over bool
	for _, i := range c.Trail() {
		if i.Referral != header.Referral {
			continue
		}
		mine := i.By == header.To
		switch p := i.Facts.(type) {
		case *events.ReferralRequested:
			tonight = p.Urgency == events.Tonight
			if p.Purpose == events.PurposeEmergency || header.Type == events.TypeReferralAsked && header.To == i.By {
				return true
			}
		case *events.ReferralAcknowledged:
			duty = duty || mine && p.Duty != ""
		case *events.ReferralAccepted:
			told, plainly = told || mine, plainly || mine && p.Channel != events.Telephone
		case *events.ReferralConfirmed:
			confirmed = confirmed || p.Provider == header.To
		case *events.ReferralDeclined:
			over = over || mine
		case *events.ReferralNotNeeded:
			over = over || p.To == header.To
		case *events.ReferralWithdrawn:
			over = true
		}
	}
	accepted := plainly || told && confirmed
	early := tonight && duty && (header.Section == events.SectionRisk || header.Section == events.SectionNeeds)
	return !over && (accepted || early || header.Type == events.TypeReferralAnswered)
}

// checkTurns: at most one acceptance of a referral counts at a time, and who
// waits for its turn sees nothing of it.
func (h *hub) checkTurns() {
	for _, r := range h.c.Referrals() {
		taken := 0
		for _, l := range r.Legs {
			if slices.Contains([]mou.LegState{mou.LegAccepted, mou.LegHandedOver, mou.LegInService, mou.LegCompleted}, l.State) {
				taken++
			}
			if l.Turn != 0 || l.To == r.By || l.To == h.c.Owner() {
				continue
			}
			for _, i := range h.c.View(l.To).Trail() {
				if i.Referral == r.ID && i.By != l.To {
					h.t.Fatalf("%s waits for its turn and saw %s", l.To, i.Name())
				}
			}
		}
		if taken > 1 {
			h.t.Fatalf("%d acceptances of one referral count", taken)
		}
	}
}

// checkDeadlines: the hub reminds of a clock once and says once that it was
// missed, and never so of a clock that was met.
func (h *hub) checkDeadlines(before mou.Case, a mou.Act) {
	var d events.Deadline
	switch p := a.Payload.(type) {
	case *events.DeadlineDueSoon:
		d = p.Deadline
	case *events.DeadlineMissed:
		d = p.Deadline
	default:
		return
	}
	for _, i := range before.Trail() {
		same := i.Type == a.Event.Type && i.Referral == a.Event.Referral()
		switch p := i.Facts.(type) {
		case *events.DeadlineDueSoon:
			same = same && p.Set == d.Set && p.Duty == d.Duty && p.Owes == d.Owes
		case *events.DeadlineMissed:
			same = same && p.Set == d.Set && p.Duty == d.Duty && p.Owes == d.Owes
		}
		if same {
			h.t.Fatalf("the hub said twice of one clock: %s, %s", i.Name(), d.Duty)
		}
	}
	for _, c := range before.Clocks(h.now) {
		named := c.Rule == events.Rule(d.Duty) && c.Set == d.Set && c.Owes == d.Owes && c.Referral == a.Event.Referral()
		if named && (c.Met != 0 || c.State == mou.ClockEnded || c.State == mou.ClockSuspended) {
			h.t.Fatalf("the hub said %s of a clock that is %s", a.Event.Type.Name(), c.State)
		}
	}
}

// checkSettles: saying all that is due ends, at one instant, and then no clock
// asks the hub to look before it has something new to see.
func (h *hub) checkSettles() {
	c, number := h.c, h.number
	for range 400 {
		due := c.Due(h.now, h.staffed)
		if len(due) == 0 {
			for _, clock := range c.Clocks(h.now) {
				if !clock.Look.IsZero() && !clock.Look.After(h.now) {
					h.t.Fatalf("the clock %s of %s, %s, asks the hub to look when there is nothing to say", clock.Rule, clock.Owes, clock.State)
				}
			}
			return
		}
		next, err := c.Apply(newAct(h.id, number+1, h.now, events.HubAgency, due[0].Referral, due[0].Payload), h.now)
		if err != nil {
			h.t.Fatalf("the memorandum refuses what is due, %s: %v", due[0].Payload.Type().Name(), err)
		}
		c, number = next, number+1
	}
	h.t.Fatal("what the hub must say does not end")
}

// entitled says whether an agency may have the hub's word on a chase or a clock.
func (h *hub) entitled(agency events.AgencyID, i mou.Item) bool {
	asked := slices.ContainsFunc(h.c.Referrals(), func(r mou.Referral) bool { return r.ID == i.Referral && r.By == agency })
	switch p := i.Facts.(type) {
	case *events.ReferralEscalated:
		return asked || p.To == agency
	case *events.DeadlineDueSoon:
		return asked || p.Owes == agency
	case *events.DeadlineMissed:
		return asked || p.Owes == agency
	}
	return false
}

// checkLooks: time alone makes nothing due for which no clock tells the hub to look.
func (h *hub) checkLooks() {
	if len(h.c.Due(h.now, h.staffed)) > 0 {
		return
	}
	later := h.now.Add(pick(h.history, 12*time.Minute, 90*time.Minute, 73*time.Hour, 31*24*time.Hour))
	if due := h.c.Due(later, nobody); len(due) > 0 && !slices.ContainsFunc(h.c.Clocks(h.now), func(c mou.Clock) bool {
		return !c.Look.IsZero() && c.Look.After(h.now) && !c.Look.After(later)
	}) {
		h.t.Fatalf("%d statements come due, %s among them, and no clock tells the hub to look", len(due), due[0].Payload.Type().Name())
	}
}
