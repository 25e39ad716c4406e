package mou_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"handrail/contracts/mou"
	"handrail/events"
)

// TestAnyNight is TestAnyHistory where most of the mechanics of a referral is:
// one person needs a bed, shelters and social services are asked, mostly in turn
// and mostly tonight, and the hub looks whenever a clock asks it to.
func TestAnyNight(t *testing.T) {
	m := memorandum(t, "model@1")
	rapid.Check(t, func(t *rapid.T) {
		h := newHub(t, m)
		r := h.evening()
		for range rapid.IntRange(10, 50).Draw(t, "statements") {
			h.tell(h.atNight(r))
		}
		h.checkWhole()
	})
}

// must submits what nothing stands against.
func (h *hub) must(a mou.Act) events.EventID {
	if !h.tell(a) {
		h.t.Fatalf("%s may not say %s", a.Event.Agency(), a.Event.Type.Name())
	}
	return a.Event.ID
}

func (h *hub) evening() events.ReferralID {
	now := events.Said{Happened: events.At(h.now), Recorded: events.At(h.now), Channel: events.InPerson}
	say := func(p events.Payload) events.EventID { return h.must(newAct(h.id, h.number+1, h.now, police, "", p)) }
	say(&events.CaseOpened{Said: now, Age: events.Adult})
	say(&events.RightsInformed{Said: now, Language: "ron", Interpreter: events.Independent})
	for _, class := range []events.AgencyKind{events.Shelter, events.Social} {
		yes := h.m.Profile.Bundles["bed"].Consent(h.now)
		yes.Recorded, yes.Channel, yes.Recipient.Class = now.Recorded, now.Channel, class
		yes.By, yes.Capacity, yes.Language, yes.Interpreter = events.ByPerson, events.Clear, "ron", events.Independent
		yes.Present = events.Set[events.Present]{"person-alone"}
		say(&yes)
	}
	return say(&events.ReferralRequested{
		Said: now, To: several(h.history, lightship, harbour, social), Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{"identity", "contact", "needs", "risk"}, Needs: events.Set[events.Need]{"emergency-shelter"},
		Urgency: pick(h.history, events.Tonight, events.Tonight, events.Standard), Order: pick(h.history, events.InTurn, events.InTurn, events.AtOnce), Age: events.Adult,
	})
}

// atNight is the next thing that is said or, more often, that is due.
func (h *hub) atNight(r events.ReferralID) mou.Act {
	h.passes()
	if due := h.c.Due(h.now, h.staffed); len(due) > 0 && !h.once(10) {
		return newAct(h.id, h.number+1, h.now, events.HubAgency, due[0].Referral, due[0].Payload)
	}
	if stopped := h.c.Recallable(h.now); len(stopped) > 0 && h.once(2) {
		return h.act(events.HubAgency, referralOf(h.c, stopped[0]), stopped[0])
	}
	by := pick(h.history, append(h.parties(), police, lightship, harbour, social)...)
	var moves []mou.Move
	for _, move := range h.c.Next(by, h.now) {
		if n := nightly(move.Type); move.Allowed && move.Referral == r && n > 0 {
			moves = append(moves, slices.Repeat([]mou.Move{move}, n)...)
		}
	}
	switch {
	case h.once(25):
		return h.act(police, "", h.facts(events.TypeConsentWithdrawn, ""))
	case h.once(40):
		return h.act(by, "", h.facts(pick(h.history, events.TypePersonMissing, events.TypePersonFound), ""))
	case len(moves) == 0 || h.once(12):
		t := pick(h.history, h.types()...)
		return h.act(by, r, h.facts(t, r))
	}
	move := pick(h.history, moves...)
	return h.act(by, r, h.facts(move.Type, r))
}

// nightly weighs what a night is made of.
func nightly(t events.Type) int {
	return map[events.Type]int{
		events.TypeReferralAcknowledged: 4, events.TypeReferralAccepted: 3, events.TypeReferralDeclined: 4, events.TypeReferralConfirmed: 3,
		events.TypeReferralAsked: 2, events.TypeReferralAnswered: 8, events.TypeRecordSealed: 8, events.TypeHandoverArranged: 2,
		events.TypeHandoverCompleted: 1, events.TypeHandoverFailed: 3, events.TypeErasureConfirmed: 2,
	}[t]
}

// passes lets some time pass: a little, or until a clock asks the hub to look.
func (h *hub) passes() {
	var looks []time.Time
	for _, c := range h.c.Clocks(h.now) {
		if c.Look.After(h.now) && c.Look.Before(h.now.Add(100*time.Hour)) {
			looks = append(looks, c.Look)
		}
	}
	if len(looks) > 0 && h.once(2) {
		h.now = slices.MinFunc(looks, time.Time.Compare)
		return
	}
	h.now = h.now.Add(pick(h.history, 0, time.Second, time.Minute, 4*time.Minute))
}
