package agency

import (
	"cmp"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// escalatedShown is how long a chase stays listed at whom it turned to, who does
// not hear how it ended (own choice: a weekend and a working day).
const escalatedShown = 72 * time.Hour

// Late is one clock that is due soon, was missed, or was met too late.
type Late struct {
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Duty     events.Rule       `json:"duty"`
	Says     string            `json:"says"`
	Owes     events.AgencyID   `json:"owes"`
	Mine     bool              `json:"mine,omitzero"` // this agency owes it
	Since    time.Time         `json:"since"`         // when the clock was set
	Due      time.Time         `json:"due"`
	State    mou.ClockState    `json:"state"` // due-soon, missed, late-met
	Next     string            `json:"next"`  // the next step, in plain words
	Step     NextStep          `json:"-"`     // the same for whoever says it in another language
}

// Escalated is a chase that turned to this agency. It knows nothing else of the
// case, and calls the agency that asked.
type Escalated struct {
	Case     events.CaseID         `json:"case"`
	Referral events.ReferralID     `json:"referral,omitzero"`
	Step     events.EscalationStep `json:"step"`
	Because  events.Duty           `json:"because"`
	Call     events.AgencyID       `json:"call"`
	Urgency  events.Urgency        `json:"urgency,omitzero"`
	Since    time.Time             `json:"since"`
	Due      time.Time             `json:"due,omitzero"` // until when somebody is to take the person, if this agency owes that
	Says     string                `json:"says"`
}

// Overdue is what this agency sees late or about to be.
type Overdue struct {
	Clocks    []Late      `json:"clocks"`    // what is due first stands first
	Escalated []Escalated `json:"escalated"` // the newest first
}

// Overdue gives every clock of this agency's view that is due soon, missed or met
// too late, of a closed case only what still protects the person, and every chase that turned to this agency.
func (a *Agency) Overdue() Overdue {
	a.mu.RLock()
	defer a.mu.RUnlock()
	now := a.now()
	all := Overdue{Clocks: []Late{}, Escalated: []Escalated{}}
	for _, f := range a.book.files {
		g := a.glance(f, now)
		all.Clocks = append(all.Clocks, g.late...)
		all.Escalated = append(all.Escalated, g.escalated...)
	}
	slices.SortStableFunc(all.Clocks, func(x, y Late) int { return cmp.Or(x.Due.Compare(y.Due), cmp.Compare(x.Case, y.Case)) })
	slices.SortStableFunc(all.Escalated, func(x, y Escalated) int { return cmp.Or(y.Since.Compare(x.Since), cmp.Compare(x.Case, y.Case)) })
	return all
}

func (a *Agency) lateIn(c mou.Case, clocks []mou.Clock) (list []Late) {
	trail := c.Trail()
	for _, clock := range clocks {
		if c.Status() == mou.StatusClosed && !outlives(clock) {
			continue
		}
		if !slices.Contains([]mou.ClockState{mou.ClockDueSoon, mou.ClockMissed, mou.ClockLateMet}, clock.State) || a.movedOn(c, clock) {
			continue
		}
		step := a.nextStep(trail, clock)
		list = append(list, Late{
			Case: c.ID(), Referral: clock.Referral, Duty: clock.Rule, Says: events.Duty(clock.Rule).Says(), Owes: clock.Owes, Mine: clock.Owes == a.config.Agency,
			Since: admittedAt(trail, clock.Set), Due: clock.Due, State: clock.State, Next: step.says(), Step: step,
		})
	}
	return list
}

// outlives says whether a duty that is not done is owed after the case is closed
// too: what became of what was opened, and who confirms a disclosure.
func outlives(clock mou.Clock) bool {
	return clock.Met == 0 && (clock.Rule == mou.ClockErasure || clock.Rule == mou.ClockEmergency)
}

// movedOn says whether a missed answer, or a promise that was not confirmed, is of
// no account any more: somebody else took the person, or the request ended.
func (a *Agency) movedOn(c mou.Case, clock mou.Clock) bool {
	if clock.State == mou.ClockLateMet {
		return false
	}
	provider := clock.Owes
	switch clock.Rule {
	case mou.ClockAcknowledge, mou.ClockAnswer:
	case mou.ClockConfirm:
		provider = saidBy(c.Trail(), clock.Set)
	default:
		return false
	}
	leg, found := legOf(c, clock.Referral, provider)
	return found && over(leg.State)
}

// saidBy is who said an entry of the trail; empty if it is not there.
func saidBy(trail []mou.Item, number uint64) events.AgencyID {
	if at := slices.IndexFunc(trail, func(i mou.Item) bool { return i.Number == number }); at >= 0 {
		return trail[at].By
	}
	return ""
}

func (a *Agency) escalatedIn(c mou.Case, clocks []mou.Clock, now time.Time) (list []Escalated) {
	for _, item := range c.Trail() {
		p, ok := item.Facts.(*events.ReferralEscalated)
		if !ok || p.To != a.config.Agency || p.Step == events.NextCandidate || now.Sub(item.Admitted) > escalatedShown {
			continue
		}
		e := Escalated{
			Case: c.ID(), Referral: item.Referral, Step: p.Step, Because: p.Because, Call: p.Call, Urgency: p.Urgency, Since: item.Admitted,
			Says: "Call " + string(p.Call) + ": " + p.Because.Says() + " is overdue.",
		}
		settled := false
		for _, clock := range clocks {
			if clock.Owes == a.config.Agency && clock.Set == item.Number {
				e.Due = clock.Due
				settled = clock.Met != 0 || clock.State == mou.ClockEnded
			}
		}
		if !settled {
			list = append(list, e)
		}
	}
	return list
}

func admittedAt(trail []mou.Item, number uint64) time.Time {
	if at := slices.IndexFunc(trail, func(i mou.Item) bool { return i.Number == number }); at >= 0 {
		return trail[at].Admitted
	}
	return time.Time{}
}
