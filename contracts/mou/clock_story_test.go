package mou_test

import (
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// clocksOf are the clocks of a rule, in the order in which they were set.
func (s *story) clocksOf(rule events.Rule) []mou.Clock {
	var all []mou.Clock
	for _, c := range s.c.Clocks(s.now) {
		if c.Rule == rule {
			all = append(all, c)
		}
	}
	return all
}

func TestAHandOverThatIsArrangedAnewKeepsItsFirstClock(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	arrange := func() {
		s.says(police, r, &events.HandoverArranged{Said: s.said(), Planned: events.At(s.now.Add(2 * time.Hour))})
	}
	arrange()
	first := s.clocksOf(mou.ClockHandover)[0]
	arrange()
	got := s.clocksOf(mou.ClockHandover)
	if len(got) != 2 || got[0].Set != first.Set || !got[0].Due.Equal(first.Due) || got[0].State != mou.ClockEnded || got[1].State != mou.ClockPending {
		t.Fatalf("arranged twice, the clocks are %+v; want the first ended and the second pending", got)
	}
	s.now = s.now.Add(30 * time.Hour)
	arrange()
	s.says(lightship, r, &events.HandoverCompleted{Said: s.said()})
	got = s.clocksOf(mou.ClockHandover)
	for at, want := range []mou.ClockState{mou.ClockEnded, mou.ClockMissed, mou.ClockMet} {
		if got[at].State != want {
			t.Errorf("clock %d is %s, want %s: nobody said in time what came of the second arrangement", at, got[at].State, want)
		}
	}
}

func TestANarrowerConsentDoesNotRenewAWiderOne(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		later func(*events.ConsentGiven, time.Time)
		want  mou.ClockState
	}{
		"the same, for longer": {func(*events.ConsentGiven, time.Time) {}, mou.ClockMet},
		"fewer sections": {func(c *events.ConsentGiven, _ time.Time) {
			c.Sections = events.Set[events.Section]{events.SectionContact}
		}, mou.ClockPending},
		"a shorter time":   {func(c *events.ConsentGiven, now time.Time) { c.Expires = events.At(now.Add(day)) }, mou.ClockPending},
		"for a while only": {func(c *events.ConsentGiven, _ time.Time) { c.Capacity = events.Doubtful }, mou.ClockPending},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.requested(lightship)
			s.now = s.now.Add(day)
			later := s.bundle("bed")
			c.later(later, s.now)
			s.says(police, "", later)
			first := s.clocksOf(mou.ClockConsentExpiry)[0]
			if first.State != c.want {
				t.Errorf("the first consent's clock is %s, want %s", first.State, c.want)
			}
		})
	}
}
