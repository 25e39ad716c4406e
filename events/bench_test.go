package events_test

import (
	"testing"

	"handrail/events"
)

// BenchmarkDecode reads facts of every type of the catalogue, one behind the other.
func BenchmarkDecode(b *testing.B) {
	all := examples()
	b.ReportAllocs()
	for b.Loop() {
		for of, data := range all {
			if of.Sealed() {
				continue
			}
			if _, err := events.Decode(of, []byte(data)); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/event")
}

// BenchmarkParse takes an event's attributes as an entry keeps them.
func BenchmarkParse(b *testing.B) {
	all := signed(b, events.TypeCaseOpened).Attributes()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.Parse(all, nil); err != nil {
			b.Fatal(err)
		}
	}
}
