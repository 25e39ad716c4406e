package mou

import "time"

// While the person is missing nobody can hand them over, say how it went or ask
// them again: those clocks stand still.

// pause moves a clock by the time in which the person was missing since it was
// set, as far as who owes it knows; an absence that lasts counts up to end. It
// says whether the clock stands still at end.
func (k *clocks) pause(c *Clock, end time.Time) (still bool) {
	knows := func(number uint64) bool {
		return number != 0 && k.c.state.sees(k.c.mou, c.Owes, place{kind: chainCare}, number)
	}
	for _, gone := range k.c.state.missing {
		if !knows(gone.set) {
			continue
		}
		start, stop := gone.from, end
		back := knows(gone.found) && !gone.until.After(end)
		if back {
			stop = gone.until
		}
		if set := k.at(c.Set); start.Before(set) {
			start = set
		}
		if start.After(c.Due) || stop.Before(start) {
			continue
		}
		c.Due = c.Due.Add(stop.Sub(start))
		still = still || !back
	}
	return still
}
