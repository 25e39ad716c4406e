package referral

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/left"
)

// Clock is one deadline of the referral, as words and as a bar.
type Clock struct {
	Duty  string // message
	Owes  events.AgencyID
	Mine  bool
	State mou.ClockState
	Runs  bool
	Left  left.Time
}

// clocksOf lists the deadlines of a referral that run or ran out; what was done in
// time, or is not needed any more, is left out.
func clocksOf(c mou.Case, referral events.ReferralID, me events.AgencyID, now time.Time) (all []Clock) {
	for _, k := range c.Clocks(now) {
		runs := slices.Contains([]mou.ClockState{mou.ClockPending, mou.ClockDueSoon, mou.ClockMissed, mou.ClockSuspended}, k.State)
		if k.Referral == referral && runs {
			all = append(all, Clock{
				Duty: "duty." + string(k.Rule), Owes: k.Owes, Mine: k.Owes == me, State: k.State, Runs: k.State != mou.ClockSuspended, Left: left.OfClock(c, k, now),
			})
		}
	}
	return all
}
