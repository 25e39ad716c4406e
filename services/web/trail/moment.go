package trail

import (
	"net/url"
	"strconv"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Moment is where in a history its reader stands: behind an entry, or at a time. The zero Moment is now.
type Moment struct {
	Number uint64
	Step   int // counted from 1 in the history; the slider's, which knows no numbers of the log
	Time   time.Time
}

// Now says whether the moment goes on with the time.
func (m Moment) Now() bool { return m == Moment{} }

// ParseMoment reads the moment from a page's query: at is the number of an entry, step a place in the history, time a
// local date and time as forms send it. What cannot be read is now: an address is often shortened by hand.
func ParseMoment(q url.Values, place *time.Location) Moment {
	if n, err := strconv.ParseUint(q.Get("at"), 10, 53); err == nil {
		return Moment{Number: n}
	}
	if n, err := strconv.Atoi(q.Get("step")); err == nil && n > 0 {
		return Moment{Step: n}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, q.Get("time"), place); err == nil {
			return Moment{Time: at}
		}
	}
	return Moment{}
}

// view is a history as it stood at a moment.
type view struct {
	Source

	count int       // entries up to the moment
	clock time.Time // at which the clocks then stood
	then  mou.Case
	now   bool
}

// at takes the moment: its entries, and the instant of its clocks.
func (s Source) at(m Moment, now time.Time) view {
	v := view{Source: s, clock: now, then: s.Case, count: len(s.Entries), now: m.Now()}
	switch {
	case m.Now():
		return v
	case !m.Time.IsZero():
		v.clock = m.Time
		if now.Before(v.clock) {
			v.clock = now
		}
		v.count = s.covered(func(e Entry) bool { return !e.Waiting && !e.Admitted.After(v.clock) })
	case m.Step > 0:
		v.count = min(m.Step, s.numbered())
	default:
		v.count = s.covered(func(e Entry) bool { return !e.Waiting && e.Number <= m.Number })
	}
	if m.Time.IsZero() && v.count > 0 {
		v.clock = s.Entries[v.count-1].Admitted
	}
	v.then = s.behind(v.count)
	return v
}

// covered counts the entries from the first that are there.
func (s Source) covered(there func(Entry) bool) int {
	for i, e := range s.Entries {
		if !there(e) {
			return i
		}
	}
	return len(s.Entries)
}

// numbered counts the entries that the ledger has answered.
func (s Source) numbered() int { return s.covered(func(e Entry) bool { return !e.Waiting }) }

// behind is the case as its first entries leave it.
func (s Source) behind(count int) mou.Case {
	if count >= s.numbered() {
		return s.Case
	}
	if s.Then != nil && count > 0 {
		return s.Then(s.Entries[count-1].Number)
	}
	var last uint64
	if count > 0 {
		last = s.Entries[count-1].Number
	}
	var later []uint64
	for _, item := range s.Case.Trail() {
		if item.Number > last {
			later = append(later, item.Number)
		}
	}
	return s.Case.Without(later...)
}

// item finds an admitted statement by the id of its event.
func (v view) item(id events.EventID) (mou.Item, bool) {
	for _, e := range v.Entries {
		if e.Item != nil && e.Item.ID == id {
			return *e.Item, true
		}
	}
	return mou.Item{}, false
}
