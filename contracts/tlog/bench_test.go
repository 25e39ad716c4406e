package tlog_test

import (
	"testing"

	"handrail/contracts/tlog"
)

// BenchmarkParseEntry reads an admitted entry, as whoever verifies a log does.
func BenchmarkParseEntry(b *testing.B) {
	h := newHub(b, sampleland, "bench")
	h.admit(h.opened(1))
	entry := h.admit(h.opened(2)).Bytes()
	b.ReportAllocs()
	b.SetBytes(int64(len(entry)))
	for b.Loop() {
		if _, _, err := tlog.ParseEvent(entry); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDeliveryHeader(b *testing.B) {
	d := longDelivery(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Header(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDelivery(b *testing.B) {
	header, err := longDelivery(b).Header()
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tlog.ParseDelivery(header); err != nil {
			b.Fatal(err)
		}
	}
}

// longDelivery has the proof of an entry among a million.
func longDelivery(b *testing.B) tlog.Delivery {
	b.Helper()
	d := deliverAll(b).event
	for len(d.Proof) < 20 {
		d.Proof = append(d.Proof, tlog.Hash(d.Salt))
	}
	return d
}
