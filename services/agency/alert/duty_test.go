package alert

import (
	"slices"
	"testing"
	"time"

	"handrail/events"
)

// nightAndDay is a rota of one place, with times around midnight.
const nightAndDay = `
timezone: Europe/Tallinn
wait: {tonight: 5m, standard: 30m}
quiet:
  - {days: daily, from: "21:00", to: "08:00"}
  - {days: sa-su, from: "00:00", to: "24:00"}
people:
  duty-1: {webhook: {url: "http://127.0.0.1:1/", secret: s}}
  duty-2: {webhook: {url: "http://127.0.0.1:1/", secret: s}}
  duty-3: {webhook: {url: "http://127.0.0.1:1/", secret: s}}
  lead-1: {webhook: {url: "http://127.0.0.1:1/", secret: s}}
shifts:
  - {days: mo-fr, from: "08:00", to: "20:00", people: [duty-1, duty-2]}
  - {days: mo-fr, from: "20:00", to: "08:00", people: [duty-3, duty-1]}
  - {days: "we,fr", from: "19:30", to: "20:30", people: [duty-2, duty-3]}
otherwise: [lead-1]
`

func parsed(t *testing.T, text string) *Rota {
	t.Helper()
	r, err := ParseRota([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheRotaKnowsWhoHasDuty(t *testing.T) {
	r := parsed(t, nightAndDay)
	for _, c := range []struct {
		at, name string
		duty     []events.Staff
		quiet    bool
	}{
		{"2026-11-16T07:59:59", "a Monday before eight: Sunday night has no shift", []events.Staff{"lead-1"}, true},
		{"2026-11-16T08:00:00", "the day shift begins", []events.Staff{"duty-1", "duty-2"}, false},
		{"2026-11-16T19:59:59", "its last second", []events.Staff{"duty-1", "duty-2"}, false},
		{"2026-11-16T20:00:00", "the night shift begins", []events.Staff{"duty-3", "duty-1"}, false},
		{"2026-11-16T21:00:00", "the quiet begins", []events.Staff{"duty-3", "duty-1"}, true},
		{"2026-11-16T23:59:59", "just before midnight", []events.Staff{"duty-3", "duty-1"}, true},
		{"2026-11-17T00:00:00", "just after midnight: Monday's night still", []events.Staff{"duty-3", "duty-1"}, true},
		{"2026-11-18T19:45:00", "two shifts overlap: each person once, in the order of the file", []events.Staff{"duty-1", "duty-2", "duty-3"}, false},
		{"2026-11-18T20:15:00", "and after the change", []events.Staff{"duty-3", "duty-1", "duty-2"}, false},
		{"2026-11-21T07:59:59", "Friday's night ends on Saturday", []events.Staff{"duty-3", "duty-1"}, true},
		{"2026-11-21T08:00:00", "Saturday has no shift", []events.Staff{"lead-1"}, true},
		{"2026-11-22T23:59:59", "nor has Sunday", []events.Staff{"lead-1"}, true},
	} {
		local, err := time.ParseInLocation("2006-01-02T15:04:05", c.at, r.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.OnDuty(local.UTC()); !slices.Equal(got, c.duty) {
			t.Errorf("%s (%s): %v, want %v", c.at, c.name, got, c.duty)
		}
		if got := r.Quiet(local.UTC()); got != c.quiet {
			t.Errorf("%s (%s): quiet %v", c.at, c.name, got)
		}
	}
}

// In Tallinn the clock goes from 03:00 to 04:00 on 29 March 2026, which is 01:00 UTC,
// and from 04:00 back to 03:00 on 25 October 2026, 01:00 UTC too.
func TestTheRotaGoesByTheClockOnTheWallWhenItIsChanged(t *testing.T) {
	r := parsed(t, `
timezone: Europe/Tallinn
wait: {tonight: 5m, standard: 30m}
people:
  duty-1: {webhook: {url: "http://127.0.0.1:1/", secret: s}}
  duty-2: {webhook: {url: "http://127.0.0.1:1/", secret: s}}
shifts:
  - {days: daily, from: "20:00", to: "03:30", people: [duty-1]}
  - {days: daily, from: "03:30", to: "20:00", people: [duty-2]}
`)
	for at, want := range map[string]events.Staff{
		"2026-03-29T00:59:59Z": "duty-1", // 02:59:59
		"2026-03-29T01:00:00Z": "duty-2", // 04:00:00: the shift's end was skipped
		"2026-10-25T00:29:59Z": "duty-1", // 03:29:59, for the first time
		"2026-10-25T00:30:00Z": "duty-2", // 03:30
		"2026-10-25T01:00:00Z": "duty-1", // 03:00 again: the wall says duty-1
		"2026-10-25T01:30:00Z": "duty-2", // 03:30 again
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.OnDuty(instant); !slices.Equal(got, []events.Staff{want}) {
			t.Errorf("%s: %v, want %s", at, got, want)
		}
	}
}

func TestSomebodyHasDutyInEveryMinuteOfTwoYears(t *testing.T) {
	for _, zone := range []string{"Europe/Tallinn", "Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"} {
		r := parsed(t, nightAndDay)
		at, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		r.zone = at
		for now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); now.Year() < 2028; now = now.Add(17 * time.Minute) {
			if len(r.OnDuty(now)) == 0 {
				t.Fatalf("%s: nobody at %s", zone, now)
			}
		}
	}
}

// monday is an instant of a working day, at 14:00 in Tallinn.
var monday = time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)
