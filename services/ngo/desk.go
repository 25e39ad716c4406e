// Package ngo is the desk of a shelter or another helper: a duty worker sees
// who waits, most urgent first, and answers.
package ngo

import (
	"cmp"
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// Options of a helper's desk. The zero value leaves every answer to people.
type Options struct {
	// Acknowledge says at once that a referral arrived, without anybody having
	// seen it. Off, because an acknowledgement tells the referrer that a duty
	// worker did.
	Acknowledge bool
}

// Desk is the judgement of a helper that leaves every answer to people.
func Desk() agency.Desk { return desk{} }

// DeskWith is the judgement of a helper with options of its own.
func DeskWith(o Options) agency.Desk { return desk{o} }

type desk struct{ options Options }

// Intakes: people come to a helper, not forms.
func (desk) Intakes() []agency.Intake { return nil }

// Ask keeps the directory's order, with child protection before all others
// when the person is or may be a child.
func (desk) Ask(could []agency.Provider, facts *events.ReferralRequested) []events.AgencyID {
	sorted := slices.Clone(could)
	if facts != nil && facts.Age != events.Adult {
		slices.SortStableFunc(sorted, func(x, y agency.Provider) int {
			return boolean(y.Kind == events.ChildProtection) - boolean(x.Kind == events.ChildProtection)
		})
	}
	ids := make([]events.AgencyID, len(sorted))
	for i, p := range sorted {
		ids[i] = p.Agency
	}
	return ids
}

// First shows tonight before standard, then whoever may be a child, then those
// in danger, then who has waited longest.
func (desk) First(waiting []agency.Waiting) []agency.Waiting {
	sorted := slices.Clone(waiting)
	slices.SortStableFunc(sorted, func(x, y agency.Waiting) int {
		return cmp.Or(cmp.Compare(weight(y), weight(x)), x.Arrived.Compare(y.Arrived))
	})
	return sorted
}

func weight(w agency.Waiting) int {
	return 4*boolean(w.Facts.Urgency == events.Tonight) + 2*boolean(w.Facts.Age != events.Adult) + boolean(w.Facts.Safety != nil)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Answers acknowledges if the helper wants that.
func (d desk) Answers(w agency.Waiting, now time.Time) []events.Payload {
	if !d.options.Acknowledge || w.Acknowledged {
		return nil
	}
	at := events.At(now)
	return []events.Payload{&events.ReferralAcknowledged{Said: events.Said{Happened: at, Recorded: at, Channel: events.System}}}
}
