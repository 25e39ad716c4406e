package seal_test

import (
	"testing"

	"handrail/events/seal"
)

// BenchmarkVerify checks the signature of one event.
func BenchmarkVerify(b *testing.B) {
	key := signingKey(b, "bench")
	e, err := key.Sign(acknowledged())
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := seal.Verify(e, key.Public()); err != nil {
			b.Fatal(err)
		}
	}
}
