package mou_test

import (
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// BenchmarkProfile reads a profile, as every process does at its start.
func BenchmarkProfile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mou.LoadProfile("sampleland@1"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJudging is what the ledger does for one event of a whole referral:
// restore, judge, apply, look for dues and store again.
func BenchmarkJudging(b *testing.B) {
	s := newStory(&testing.T{})
	r := s.arrived(lightship, harbour)
	for _, section := range []events.Section{events.SectionContact, events.SectionNeeds} {
		s.says(police, r, seal(lightship, section))
		s.hub()
	}
	a := s.act(lightship, r, &events.ServiceStarted{Said: s.said(), Need: "counselling"})
	b.Run("judge and apply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := s.c.Judge(a, s.now); err != nil {
				b.Fatal(err)
			}
			c, err := s.c.Apply(a, s.now)
			if err != nil {
				b.Fatal(err)
			}
			c.Due(s.now, nobody)
			marshal(b, c)
		}
	})
	b.Run("restore", func(b *testing.B) {
		b.ReportAllocs()
		stored := marshal(b, s.c)
		b.SetBytes(int64(len(stored)))
		for b.Loop() {
			if _, err := s.m.RestoreCase(stored); err != nil {
				b.Fatal(err)
			}
		}
	})
}
