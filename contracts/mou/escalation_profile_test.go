package mou

import (
	"testing"
	"time"
)

func TestHoursAreReadInTheProfilesTimeZone(t *testing.T) {
	uk, err := LoadProfile("uk@1")
	if err != nil {
		t.Fatal(err)
	}
	for utc, want := range map[string]string{"2026-01-15T22:30:00Z": "22:30", "2026-07-15T22:30:00Z": "23:30"} {
		at, err := time.Parse(time.RFC3339, utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := uk.Local(at).Format("15:04"); got != want {
			t.Errorf("%s is %s in the United Kingdom, want %s", utc, got, want)
		}
	}
}

func TestAReminderComesWhenAThirdOfTheTimeIsLeft(t *testing.T) {
	model, err := LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 2, 21, 0, 0, 0, time.UTC)
	for all, want := range map[time.Duration]time.Duration{15 * time.Minute: 10 * time.Minute, 72 * time.Hour: 48 * time.Hour, time.Minute: 40 * time.Second} {
		if got := model.soon(from, from.Add(all)); got.Sub(from) != want {
			t.Errorf("of %s the hub reminds after %s, want %s", all, got.Sub(from), want)
		}
	}
	if got := model.soon(from, from.Add(59*time.Second)); !got.IsZero() {
		t.Errorf("of less than a minute the hub reminds at %s", got)
	}
}
