// Package ngo is the desk of a shelter or another helper: a duty worker sees
// who waits, most urgent first, and answers. A hotline has a desk of its own:
// its callers are no cases until they want to be.
package ngo

import (
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

// Options of a helper's desk. The zero value leaves every answer to people.
type Options struct {
	// Acknowledge says at once that a standard referral arrived, without
	// anybody having seen it. Off, because an acknowledgement tells the referrer
	// that a duty worker did. Tonight it is never said unseen: minutes count, and
	// the person's risk and needs open to the worker who says it.
	Acknowledge bool
}

// Desks gives the desk of each kind of helper.
func Desks() map[events.AgencyKind]agency.Desk {
	return map[events.AgencyKind]agency.Desk{
		events.Shelter: Desk(), events.Counselling: Desk(), events.LegalAid: Desk(), events.IOM: Desk(), events.Hotline: Hotline(),
	}
}

// Desk is the judgement of a helper that leaves every answer to people.
func Desk() agency.Desk { return desk{} }

// DeskWith is the judgement of a helper with options of its own.
func DeskWith(o Options) agency.Desk { return desk{o} }

type desk struct{ options Options }

// Intakes: people come to a helper, not forms.
func (desk) Intakes() []agency.Intake { return nil }

// Ask keeps the given order, with child protection before all others when the
// person is or may be a child.
func (desk) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	if facts == nil || facts.Age == events.Adult {
		return agency.IDs(could)
	}
	return agency.IDs(agency.ByKind(could, events.ChildProtection))
}

// First shows tonight before standard; then what can still be answered in time,
// since others are asked about the rest, though a late bed is better than none;
// then whoever may be a child, then those in danger, then who has waited
// longest. What was accepted by telephone waits for the other side, and last.
func (desk) First(waiting []agency.Waiting) []agency.Waiting {
	unanswered := func(w agency.Waiting) bool { return w.State != mou.LegByTelephone }
	tonight := func(w agency.Waiting) bool { return w.Facts.Urgency == events.Tonight }
	inTime := func(w agency.Waiting) bool { return w.State != mou.LegExpired }
	mayBeChild := func(w agency.Waiting) bool { return w.Facts.Age != events.Adult }
	inDanger := func(w agency.Waiting) bool { return w.Facts.Safety != nil }
	return agency.ByArrival(waiting, unanswered, tonight, inTime, mayBeChild, inDanger)
}

// Answers acknowledges a standard referral if the helper wants that.
func (d desk) Answers(w agency.Waiting, now time.Time) []events.Payload {
	if !d.options.Acknowledge || w.Acknowledged || w.Facts.Urgency == events.Tonight {
		return nil
	}
	at := events.At(now)
	return []events.Payload{&events.ReferralAcknowledged{Said: events.Said{Happened: at, Recorded: at, Channel: events.System}}}
}
