package mou_test

import (
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// manyRecords is a case in which a provider accepted and got two thousand records.
func manyRecords(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	r := s.accepted(lightship)
	s.hub()
	for range 2000 {
		a := s.act(police, r, seal(lightship, events.SectionNeeds))
		for _, next := range []func() mou.Act{
			func() mou.Act { return a },
			func() mou.Act {
				return s.act(events.HubAgency, r, &events.RecordReleased{Said: s.said(), Record: a.Event.ID, To: lightship})
			},
		} {
			c, err := s.c.Apply(next(), s.now)
			if err != nil {
				t.Fatal(err)
			}
			s.c, s.number = c, s.number+1
		}
	}
	return s
}

// The hub asks who may see what for every entry that it delivers.
func TestManyRecordsHoldUpNobody(t *testing.T) {
	s := manyRecords(t)
	for agency, want := range map[events.AgencyID]int{police: len(s.c.Trail()), lightship: len(s.c.Trail()), harbour: 0} {
		var seen []uint64
		best := time.Hour
		for range 5 { // the machine may be busy with something else
			begin := time.Now()
			seen = s.c.SeenBy(agency)
			best = min(best, time.Since(begin))
		}
		if len(seen) != want {
			t.Errorf("%s sees %d entries, want %d", agency, len(seen), want)
		}
		if best > 5*time.Millisecond {
			t.Errorf("what %s sees took %s", agency, best)
		}
	}
	if n := len(s.c.View(lightship).Records()); n < 2000 {
		t.Errorf("the shelter has %d records", n)
	}
}
