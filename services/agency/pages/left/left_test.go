package left_test

import (
	"testing"
	"time"

	"handrail/services/agency/pages/left"
)

func TestTheBarShowsNoMoreThanIsLeft(t *testing.T) {
	begun := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	due := begun.Add(time.Hour)
	for after, want := range map[time.Duration]left.Time{
		-time.Minute:     {due, "", 10},
		0:                {due, "", 10},
		time.Minute:      {due, "", 9},
		30 * time.Minute: {due, "", 5},
		40 * time.Minute: {due, left.Soon, 3},
		59 * time.Minute: {due, left.Soon, 0},
		time.Hour:        {due, left.Late, 10},
		48 * time.Hour:   {due, left.Late, 10},
	} {
		if got := left.Of(begun, due, begun.Add(after)); got != want {
			t.Errorf("after %s: %+v, want %+v", after, got, want)
		}
	}
	if got := left.Of(due, due, begun); got.State != "" || got.Tenths != 10 {
		t.Errorf("a time without a beginning: %+v", got)
	}
}
