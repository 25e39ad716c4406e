package mou

import "time"

// While the person is missing nobody can hand them over, say how it went or ask
// them again: those clocks stand still. Nobody may ever say that the person was
// found, so one word that they are missing stops a clock for as long as the
// profile says and no longer.

// pause moves a clock by the time in which the person was missing since it was
// set, as far as who owes it knows; an absence that lasts counts up to end. If the
// clock stands still at end it says until when at most; zero if it does not.
func (k *clocks) pause(c *Clock, end time.Time) (still time.Time) {
	knows := func(number uint64) bool {
		return number != 0 && k.c.state.sees(k.c.mou, c.Owes, place{kind: chainCare}, number)
	}
	for _, gone := range k.c.state.missing {
		if !knows(gone.set) {
			continue
		}
		start, stop, most := gone.from, end, gone.from.Add(k.c.mou.Profile.duration(forMissing))
		back := knows(gone.found) && !gone.until.After(end)
		if back {
			stop = gone.until
		}
		if !stop.Before(most) {
			stop, back = most, true
		}
		if set := k.at(c.Set); start.Before(set) {
			start = set
		}
		if start.After(c.Due) || stop.Before(start) {
			continue
		}
		c.Due = c.Due.Add(stop.Sub(start))
		if !back && most.After(still) {
			still = most
		}
	}
	return still
}
