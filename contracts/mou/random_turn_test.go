package mou_test

import (
	"handrail/contracts/mou"
	"handrail/events"
)

// staffed says which agencies have somebody there: in every other hour the
// hotline, in every third social services.
func (h *history) staffed(a events.AgencyID) bool {
	return a == hotline && h.now.Hour()%2 == 0 || a == social && h.now.Hour()%3 == 0
}

// turnFacts are the facts of a statement about turns, questions, acceptances by
// telephone and time; nil for any other.
func (h *history) turnFacts(t events.Type, id events.ReferralID) events.Payload {
	said := h.said()
	to := pick(h, agencies()...)
	purpose := events.PurposeAccommodation
	asker := h.c.Owner()
	for _, r := range h.c.Referrals() {
		if r.ID == id {
			to, purpose, asker = pick(h, r.Legs...).To, r.Purpose, r.By
		}
	}
	switch t {
	case events.TypeReferralAcknowledged:
		return &events.ReferralAcknowledged{Said: said, Duty: pick[events.Staff](h, "", "duty-1", "duty-1")}
	case events.TypeReferralAsked:
		return &events.Record{Header: events.RecordHeader{Type: t, To: asker, Purpose: purpose, Section: h.question()}}
	case events.TypeReferralAnswered:
		return &events.Record{Header: events.RecordHeader{Type: t, To: to, Purpose: purpose, Section: h.question()}}
	case events.TypeReferralConfirmed:
		return &events.ReferralConfirmed{Said: said, Provider: to}
	case events.TypeReferralNotNeeded:
		return &events.ReferralNotNeeded{Said: said, To: to}
	case events.TypeReferralEscalated:
		return &events.ReferralEscalated{Said: said, Step: some[events.EscalationStep](h), To: to, Because: some[events.Duty](h), Call: asker}
	case events.TypeDeadlineDueSoon:
		return &events.DeadlineDueSoon{Said: said, Deadline: h.deadline()}
	case events.TypeDeadlineMissed:
		return &events.DeadlineMissed{Said: said, Deadline: h.deadline()}
	default:
		return nil
	}
}

func (h *history) question() events.Section {
	if h.once(8) {
		return some[events.Section](h)
	}
	return events.SectionQuestion
}

// deadline is one of the case's clocks, whether or not the hub should speak of it.
func (h *history) deadline() events.Deadline {
	all := h.c.Clocks(h.now)
	if len(all) == 0 {
		return events.Deadline{Duty: events.DutyAnswer, Set: 1, Owes: police, Due: events.At(h.now)}
	}
	c := pick(h, all...)
	return events.Deadline{Duty: events.Duty(c.Rule), Set: c.Set, Owes: c.Owes, Due: events.At(c.Due)}
}

// order is one in which candidates are asked.
func (h *history) order() events.AskOrder {
	return pick[events.AskOrder](h, "", events.AtOnce, events.InTurn, events.InTurn)
}

// waits says whether a provider still waits for its turn.
func waits(l mou.Leg) bool { return l.State == mou.LegWaiting }
