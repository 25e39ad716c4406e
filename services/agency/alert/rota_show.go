package alert

import (
	"context"
	"maps"
	"slices"
	"time"

	"handrail/events"
)

// Duty is who has duty, as a page shows it.
type Duty struct {
	Set   bool  // there is a rota
	Wrong error // why the file, as it is now, is not in force; nil: it is, or there is none

	Now       []events.Staff // in the order in which they are alerted
	Until     time.Time      // when others have duty; zero: within a week nobody else does
	Next      []events.Staff
	Otherwise bool // nobody has a shift now: Now is who steps in
	Quiet     bool // what is not for tonight waits until this hour is over
	Zone      *time.Location
	Wait      map[events.Urgency]time.Duration // until the next person is alerted
	People    []Reached                        // in the order of their codes
}

// Reached is how alerts reach one person, without any number or address.
type Reached struct {
	Staff    events.Staff
	Channels []ChannelState
}

// ChannelState is one way to reach a person, and how it did last.
type ChannelState struct {
	Channel Channel
	Sent    time.Time // when a message was last taken; zero: never
	Failing bool      // messages do not get through
}

// Duty says who has duty now and next, and how everybody on the rota is reached.
func (r *Ringer) Duty(ctx context.Context) (Duty, error) {
	r.mu.Lock()
	r.refresh(ctx)
	rota, wrong := r.rota, r.wrong
	r.mu.Unlock()
	if rota == nil {
		return Duty{Wrong: wrong}, nil
	}
	now := r.config.Now()
	d := Duty{Set: true, Wrong: wrong, Now: rota.OnDuty(now), Quiet: rota.Quiet(now), Zone: rota.zone, Wait: rota.wait}
	d.Until, d.Next = rota.change(now)
	d.Otherwise = !slices.ContainsFunc(rota.shifts, func(s shift) bool { return s.covers(now.In(rota.zone)) })
	rota, err := r.withBrowsers(ctx, rota)
	if err != nil {
		return d, err
	}
	records, err := r.config.Journal.channels(ctx)
	if err != nil {
		return d, err
	}
	for _, staff := range slices.Sorted(maps.Keys(rota.people)) {
		one := Reached{Staff: staff}
		for _, c := range channels() {
			if !rota.people[staff].has(c) {
				continue
			}
			state := ChannelState{Channel: c}
			for _, record := range records {
				if record.destination == (destination{staff, c}) {
					state.Sent, state.Failing = record.sent, record.failures >= failing
				}
			}
			one.Channels = append(one.Channels, state)
		}
		d.People = append(d.People, one)
	}
	return d, nil
}

// current is the rota in force, after a look at the file; nil: there is none.
func (r *Ringer) current(ctx context.Context) *Rota {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refresh(ctx)
}

// change gives when others have duty than now, and who; within eight days, by the
// clock on the wall.
func (r *Rota) change(now time.Time) (time.Time, []events.Staff) {
	local := now.In(r.zone)
	var edges []time.Time
	for day := range 9 {
		for _, s := range r.shifts {
			for _, minute := range []int{s.from, s.to} {
				edge := time.Date(local.Year(), local.Month(), local.Day()+day, 0, minute, 0, 0, r.zone)
				if edge.After(now) {
					edges = append(edges, edge)
				}
			}
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	on := r.OnDuty(now)
	for _, edge := range edges {
		if next := r.OnDuty(edge); !slices.Equal(on, next) {
			return edge, next
		}
	}
	return time.Time{}, nil
}
