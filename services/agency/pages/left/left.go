// Package left shows how much time a duty has left: in words, and as a bar beside them for those who see it. Its
// templates are left-time and left-bar, which take a [Time].
package left

import (
	"slices"
	"time"

	"handrail/contracts/mou"
)

// States of the bar; an empty one is neither.
const (
	Soon = "soon" // a third of the time or less is left
	Late = "late"
)

// Time is how much of a time is left at a moment.
type Time struct {
	Due    time.Time
	State  string
	Tenths int // of the time that are left, 0 to 10, cut off; what is late has a full bar
}

// Of says how much is left of the time from since to due. A time that did not begin
// before it ends has a bar only when it is late.
func Of(since, due, now time.Time) Time {
	t := Time{Due: due, Tenths: 10}
	whole, rest := due.Sub(since), due.Sub(now)
	switch {
	case rest <= 0:
		t.State = Late
	case whole > 0:
		t.Tenths = max(0, min(10, int(10*rest/whole)))
		if 3*rest <= whole {
			t.State = Soon
		}
	}
	return t
}

// OfClock is [Of] for a clock of a case, which runs since the entry that set it was admitted.
func OfClock(c mou.Case, k mou.Clock, now time.Time) Time {
	var since time.Time
	trail := c.Trail()
	if at := slices.IndexFunc(trail, func(i mou.Item) bool { return i.Number == k.Set }); at >= 0 {
		since = trail[at].Admitted
	}
	return Of(since, k.Due, now)
}
