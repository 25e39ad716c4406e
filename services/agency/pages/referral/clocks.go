package referral

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Clock is one deadline of the referral, as words and as a bar.
type Clock struct {
	Duty   string // message
	Owes   events.AgencyID
	Mine   bool
	Due    time.Time
	State  mou.ClockState
	Runs   bool
	Tenths int    // of the time that is left
	Looks  string // state of the bar: soon, late, or neither
}

// clocksOf lists the deadlines of a referral that run or ran out; what was done in
// time, or is not needed any more, is left out.
func clocksOf(c mou.Case, referral events.ReferralID, me events.AgencyID, now time.Time) (all []Clock) {
	trail := c.Trail()
	for _, k := range c.Clocks(now) {
		runs := slices.Contains([]mou.ClockState{mou.ClockPending, mou.ClockDueSoon, mou.ClockMissed, mou.ClockSuspended}, k.State)
		if k.Referral != referral || !runs {
			continue
		}
		clock := Clock{Duty: "duty." + string(k.Rule), Owes: k.Owes, Mine: k.Owes == me, Due: k.Due, State: k.State, Runs: k.State != mou.ClockSuspended}
		clock.Tenths = tenths(since(trail, k.Set), k.Due, now)
		switch k.State {
		case mou.ClockDueSoon:
			clock.Looks = "soon"
		case mou.ClockMissed:
			clock.Looks, clock.Tenths = "late", 10
		case mou.ClockPending, mou.ClockSuspended, mou.ClockMet, mou.ClockLateMet, mou.ClockEnded:
		}
		all = append(all, clock)
	}
	return all
}

// since is when an entry was admitted.
func since(trail []mou.Item, number uint64) time.Time {
	if at := slices.IndexFunc(trail, func(i mou.Item) bool { return i.Number == number }); at >= 0 {
		return trail[at].Admitted
	}
	return time.Time{}
}

// tenths is how many tenths of a time are left, rounded up: while there is time, the
// bar is not empty.
func tenths(from, due, now time.Time) int {
	whole, left := due.Sub(from), due.Sub(now)
	if from.IsZero() || whole <= 0 || left <= 0 {
		return 0
	}
	return int(min(10, (10*left+whole-1)/whole))
}
