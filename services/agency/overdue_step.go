package agency

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// NextStep is what happens next about a clock, as far as this agency sees.
type NextStep struct {
	Code string          // one of the steps below
	Who  events.AgencyID // who is asked, told or to be called
	Call events.AgencyID // whom Who calls
}

// The steps. Who and Call are set where the comment names them.
const (
	StepDone   = "done"   // it was done late; nothing is left
	StepAsked  = "asked"  // Who is asked instead
	StepTold   = "told"   // Who was told and calls Call
	StepNow    = "now"    // this agency does it now, late
	StepHurry  = "hurry"  // this agency does it now, in time
	StepCall   = "call"   // call Who, who is late
	StepRemind = "remind" // call Who before it is late
)

// Steps lists every code of a next step.
func Steps() []string {
	return []string{StepDone, StepAsked, StepTold, StepNow, StepHurry, StepCall, StepRemind}
}

func (s NextStep) says() string {
	switch s.Code {
	case StepDone:
		return "It was done late. Nothing is left to do."
	case StepAsked:
		return string(s.Who) + " is asked instead. An answer that comes now still counts."
	case StepTold:
		return string(s.Who) + " was told and calls " + string(s.Call) + "."
	case StepNow:
		return "Do it now: late is better than never."
	case StepHurry:
		return "Do it now: the time is running out."
	case StepCall:
		return "Call " + string(s.Who) + "."
	}
	return "Call " + string(s.Who) + " before it is late."
}

// nextStep is the newest chase that a clock set off, or whom to call.
func (a *Agency) nextStep(trail []mou.Item, clock mou.Clock) NextStep {
	if clock.Met != 0 {
		return NextStep{Code: StepDone}
	}
	for _, item := range slices.Backward(trail) {
		p, ok := item.Facts.(*events.ReferralEscalated)
		if !ok || item.Number < clock.Set || item.Referral != clock.Referral || events.Rule(p.Because) != clock.Rule || p.To == clock.Owes {
			continue
		}
		switch p.Step {
		case events.NextCandidate:
			return NextStep{Code: StepAsked, Who: p.To}
		case events.StaffedDuty, events.ToCoordinator:
			return NextStep{Code: StepTold, Who: p.To, Call: p.Call}
		}
	}
	mine, missed := clock.Owes == a.config.Agency, clock.State == mou.ClockMissed
	switch {
	case mine && missed:
		return NextStep{Code: StepNow}
	case mine:
		return NextStep{Code: StepHurry}
	case missed:
		return NextStep{Code: StepCall, Who: clock.Owes}
	}
	return NextStep{Code: StepRemind, Who: clock.Owes}
}
