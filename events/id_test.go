package events_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"handrail/events"
)

func TestASequenceIsTwentyDigitsFromOne(t *testing.T) {
	for text, want := range map[string]events.Sequence{"00000000000000000001": 1, "18446744073709551615": 1<<64 - 1} {
		got, err := events.ParseSequence(text)
		must(t, err)
		if got != want || got.String() != text {
			t.Errorf("%s is read as %d", text, got)
		}
	}
	for _, text := range []string{
		"", "1", "00000000000000000000", "000000000000000000001", "0000000000000000001", "18446744073709551616",
		"+0000000000000000001", "-0000000000000000001", "0000000000000000000a", " 0000000000000000001", "0x000000000000000001", "0000000000000000_001",
	} {
		_, err := events.ParseSequence(text)
		refused(t, err, events.RuleAttributeSyntax, "attribute sequence")
	}
}

func TestATimeHasOneForm(t *testing.T) {
	at, err := events.ParseTime("2026-11-22T09:30:00Z")
	must(t, err)
	if !at.Time().Equal(signedAt) || at.String() != "2026-11-22T09:30:00Z" || at.IsZero() || !(events.Time{}).IsZero() {
		t.Error("the time is another instant")
	}
	if late := events.At(time.Date(2026, 11, 22, 10, 30, 0, 999, time.FixedZone("", 3600))); late.String() != at.String() {
		t.Error("an instant is cut to whole seconds of UTC")
	}
	for _, text := range []string{
		"", "2026-11-22", "2026-11-22T09:30:00", "2026-11-22T09:30:00z", "2026-11-22t09:30:00Z", "2026-11-22 09:30:00Z", "2026-11-22T09:30:00.0Z", "2026-11-22T09:30:00,5Z",
		"2026-11-22T09:30:00+00:00", "2026-11-22T24:00:00Z", "2026-11-22T09:30:60Z", "2026-02-29T09:30:00Z", "2026-1-22T09:30:00Z", "2026-11-22T9:30:00Z",
		" 2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z\n", "12026-11-22T09:30:00Z", "0001-01-01T00:00:00Z", marker,
	} {
		_, err := events.ParseTime(text)
		refused(t, err, events.RuleDataCode, "")
	}
}

func TestNewIDsAreUUIDv7OfTheirInstant(t *testing.T) {
	seen := map[string]bool{}
	previous := ""
	for i := range 100 {
		text, err := events.NewUUID(signedAt.Add(time.Duration(i)*time.Millisecond), rand.Reader)
		must(t, err)
		var id events.EventID
		must(t, id.UnmarshalText([]byte(text)))
		var c events.CaseID
		must(t, c.UnmarshalText([]byte(text)))
		if seen[text] || text <= previous {
			t.Error("ids of later instants are not later")
		}
		seen[text], previous = true, text
	}
	if want := fmt.Sprintf("%012x", signedAt.UnixMilli()+99); strings.ReplaceAll(previous[:13], "-", "") != want {
		t.Errorf("got %s, want it to begin with %s", previous, want)
	}
	if _, err := events.NewUUID(signedAt, strings.NewReader("short")); err == nil {
		t.Error("an id without random bytes")
	}
}

func TestNamesAndIDsHaveOneForm(t *testing.T) {
	var (
		agency events.AgencyID
		hub    events.HubID
		id     events.EventID
		c      events.CaseID
		key    events.KeyID
	)
	must(t, agency.UnmarshalText([]byte("sampletown-police-2")))
	must(t, hub.UnmarshalText([]byte(strings.Repeat("a", 32))))
	must(t, key.UnmarshalText([]byte(strings.Repeat("0a", 32))))
	for _, bad := range []string{"", "Sampleland", "a b", "a.b", "a_b", "ž", strings.Repeat("a", 33), "a\n", "*", marker} {
		refused(t, agency.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
		refused(t, hub.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
	}
	for _, bad := range []string{
		"", "01936a00-0000-4000-8000-000000000001", "01936a00-0000-7000-c000-000000000001", "01936A00-0000-7000-8000-000000000001",
		"01936a0000007000800000000000000001", "{01936a00-0000-7000-8000-000000000001}", referral + "\n", marker,
	} {
		refused(t, id.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
		refused(t, c.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
	}
	for _, bad := range []string{"", strings.Repeat("0A", 32), strings.Repeat("0a", 31), strings.Repeat("0a", 33)} {
		refused(t, key.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
	}
	if agency != "sampletown-police-2" || id != "" || c != "" {
		t.Error("a refused text changed the id")
	}
}
