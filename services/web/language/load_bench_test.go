package language_test

import (
	"testing"
	"time"

	"handrail/services/web/language"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := language.Load(time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}
