package mou_test

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// pathFacts is a statement of the other paths; nil for any other type.
func (h *history) pathFacts(t events.Type) events.Payload {
	said := h.said()
	staff := pick[events.Staff](h, "worker-7", "lead-1")
	disclosure := events.EventID(uuid(1 << 41))
	if all := h.c.Emergencies(); len(all) > 0 {
		disclosure = pick(h, all...).ID
	}
	for _, p := range []events.Payload{
		&events.AgeDetermined{Said: said, Age: some[events.AgeClass](h)},
		&events.GuardianConflicted{Said: said},
		&events.HelpDeclined{Said: said, WayBack: some[events.WayBack](h)},
		&events.PersonMissing{Said: said},
		&events.PersonFound{Said: said},
		&events.IncidentLinked{Said: said, Incident: events.EventID(uuid(1 << 42))},
		&events.CaseLinked{Said: said, Case: events.CaseID(uuid(1<<43 + uint64(h.dice.IntN(2)))), For: events.LinkConsular},
		&events.AsylumSought{Said: said},
		&events.AsylumEnded{Said: said},
		&events.ConsularAllowed{Said: said, Owner: pick(h, h.c.Owner(), h.c.Owner(), police)},
		&events.ConsularBarred{Said: said},
		&events.NationalityVerified{Said: said},
		&events.TravelDocumentIssued{Said: said, Until: events.At(h.now.Add(pick(h, -time.Hour, 9*time.Hour, 9*time.Hour)))},
		&events.ReturnRiskAssessed{Said: said, Outcome: some[events.ReturnOutcome](h)},
		&events.ReturnAgreed{Said: said, By: some[events.Speaker](h)},
		&events.ReturnDeparted{Said: said},
		&events.ReturnArrived{Said: said},
		&events.EmergencyDisclosed{
			Said: said, Reason: some[events.Danger](h), To: pick(h, police, police, lightship, clinic, social, childcare, consulate, embassy, migration), Staff: staff,
			Sections: several[events.Section](h, "identity", "contact", "needs", "risk", "health"),
		},
		&events.EmergencyConfirmed{Said: said, Disclosure: disclosure, Staff: staff, Person: some[events.Told](h)},
	} {
		if p.Type() == t {
			return p
		}
	}
	return nil
}

// openings are the first statements of the histories of many desks.
func (h *history) opening() mou.Act {
	if h.begins != nil {
		opened := *h.begins
		opened.Said = h.said()
		return h.act(pick(h, h.desks...), "", &opened)
	}
	age := pick(h, events.Adult, events.Adult, events.Adult, events.Child, events.Unsure)
	by := pick(h, police, police, lightship, social, inspector, migration, consulate, hotline, homeward, childcare)
	opened := &events.CaseOpened{Said: h.said(), Age: age}
	if h.once(5) {
		opened.For = events.LinkConsular
	}
	return h.act(by, "", opened)
}

// forMission says whether the case was opened for a foreign mission.
func (h *history) forMission() bool {
	for _, i := range h.c.Trail() {
		if p, ok := i.Facts.(*events.CaseOpened); ok {
			return p.For == events.LinkConsular
		}
	}
	return false
}

// aside is what the hub says in a mission's case because of another case.
func (h *history) aside() (mou.Act, bool) {
	if h.paired || !h.forMission() {
		return mou.Act{}, false
	}
	switch {
	case h.number == 1, h.once(12):
		return h.act(events.HubAgency, "", &events.ConsularAllowed{Said: h.said(), Owner: h.c.Owner()}), true
	case h.once(12):
		return h.act(events.HubAgency, "", &events.ConsularBarred{Said: h.said()}), true
	}
	return mou.Act{}, false
}

// otherSharing is what is shared on the other paths; false to share something
// ordinary.
func (h *history) otherSharing() (sharing, bool) {
	consular := sharing{events.PurposeConsular, events.ForeignMission, []events.AgencyID{embassy}, []events.Section{"identity", "travel"}}
	if h.forMission() && !h.once(8) {
		return consular, true
	}
	residence := sharing{events.PurposeResidence, events.Migration, []events.AgencyID{migration}, []events.Section{"identity", "contact", "travel"}}
	if slices.Contains(h.desks, inspector) && h.once(2) {
		return residence, true
	}
	if !h.once(3) {
		return sharing{}, false
	}
	return pick(
		h, consular,
		sharing{events.PurposeReturn, events.IOM, []events.AgencyID{homeward}, []events.Section{"identity", "contact", "needs", "travel"}},
		residence,
		sharing{events.PurposeInvestigation, events.Police, []events.AgencyID{police}, []events.Section{"identity", "contact", "testimony"}},
		sharing{events.PurposeAccommodation, events.Social, []events.AgencyID{social}, []events.Section{"identity", "needs", "question"}},
		sharing{events.PurposeMedical, events.Health, []events.AgencyID{clinic}, []events.Section{"identity", "needs"}},
	), true
}

// urgent is a request in an emergency that was disclosed; nil if there is none.
func (h *history) urgent() events.Payload {
	all := h.c.Emergencies()
	if len(all) == 0 || !h.once(2) {
		return nil
	}
	e := pick(h, all...)
	return &events.ReferralRequested{
		Said: h.said(), To: events.Set[events.AgencyID]{e.To}, Purpose: events.PurposeEmergency, Sections: several(h, e.Sections...),
		Needs: events.Set[events.Need]{"extraction"}, Urgency: events.Tonight, Age: events.Adult,
	}
}
