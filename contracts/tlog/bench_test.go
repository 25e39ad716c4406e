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
