package events_test

import (
	"strings"
	"testing"
	"time"

	"handrail/events"
)

// at is a local time of the week that begins on Monday, 23 November 2026.
func at(day int, clock string) time.Time {
	return time.Date(2026, 11, 23+day, 0, 0, 0, 0, time.FixedZone("", 2*60*60)).Add(duration(clock))
}

func duration(clock string) time.Duration {
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
}

const (
	monday = iota
	tuesday
	_
	_
	_
	saturday
	sunday
)

func TestWhenSomebodyIsThere(t *testing.T) {
	for _, c := range []struct {
		hours events.Hours
		day   int
		clock string
		there bool
	}{
		{"mo 08:00-16:00", monday, "07:59:59", false},
		{"mo 08:00-16:00", monday, "08:00:00", true},
		{"mo 08:00-16:00", monday, "15:59:59", true},
		{"mo 08:00-16:00", monday, "16:00:00", false}, // whoever comes at four finds the door closed
		{"mo 08:00-16:00", tuesday, "10:00:00", false},
		{"mo 22:00-24:00", monday, "23:59:59", true},
		{"mo 22:00-24:00", tuesday, "00:00:00", false},
		{"tu 00:00-06:00", tuesday, "00:00:00", true},
		{"tu 00:00-06:00", monday, "00:00:00", false},
		{"su 00:00-24:00", sunday, "00:00:00", true},
		{"su 00:00-24:00", sunday, "23:59:59", true},
		{"su 00:00-24:00", saturday, "23:59:59", false},
		{"sa 00:00-00:01", saturday, "00:00:30", true},
		{"daily 00:00-24:00", saturday, "02:40:00", true},
		{"daily 08:00-16:00", sunday, "02:40:00", false},
		{"", monday, "10:00:00", false},
		{"always", monday, "10:00:00", false},
	} {
		if got := c.hours.Covers(at(c.day, c.clock)); got != c.there {
			t.Errorf("%q on day %d at %s: got %v", c.hours, c.day, c.clock, got)
		}
	}
}

// Every minute of a week is in exactly one of these spans.
func TestADayEndsWhereTheNextBegins(t *testing.T) {
	var week []events.Hours
	for _, day := range []string{"mo", "tu", "we", "th", "fr", "sa", "su"} {
		week = append(week, events.Hours(day+" 00:00-08:30"), events.Hours(day+" 08:30-24:00"))
	}
	for minute := range 7 * 24 * 60 {
		local, spans := at(monday, "00:00:00").Add(time.Duration(minute)*time.Minute), 0
		for _, h := range week {
			if h.Covers(local) {
				spans++
			}
		}
		if spans != 1 {
			t.Fatalf("%s is in %d spans", local.Format("Mon 15:04"), spans)
		}
	}
}

// The profile's local time decides, not the instant's own: 02:40 in Vilnius is
// another day and hour in UTC, and when the clock is put back an hour is there twice.
func TestHoursAreLocal(t *testing.T) {
	vilnius, err := time.LoadLocation("Europe/Vilnius")
	must(t, err)
	night := events.CapacityPublished{Hours: events.Set[events.Hours]{"sa 22:00-24:00", "su 00:00-04:00"}}
	for instant, there := range map[string]bool{
		"2026-10-24T19:30:00Z": true,  // Saturday 22:30
		"2026-10-24T21:30:00Z": true,  // Sunday 00:30
		"2026-10-25T00:30:00Z": true,  // Sunday 03:30, summer time
		"2026-10-25T01:30:00Z": true,  // Sunday 03:30 again, winter time
		"2026-10-25T02:00:00Z": false, // Sunday 04:00
		"2026-10-24T18:59:59Z": false, // Saturday 21:59:59
	} {
		when, err := time.Parse(time.RFC3339, instant)
		must(t, err)
		if got := night.Staffed(when.In(vilnius)); got != there {
			t.Errorf("%s: got %v", instant, got)
		}
	}
	if (&events.CapacityPublished{}).Staffed(signedAt) {
		t.Error("nobody is there who says no hours")
	}
}

func TestHoursAreOneSpanOfOneDay(t *testing.T) {
	var h events.Hours
	for _, good := range []string{"mo 00:00-24:00", "tu 00:00-00:01", "we 23:59-24:00", "th 09:05-17:50", "fr 08:00-16:00", "sa 20:00-23:59", "su 19:00-24:00", "daily 00:00-24:00"} {
		must(t, h.UnmarshalText([]byte(good)))
	}
	for _, bad := range []string{
		"", "mo", "mo 08:00", "Mo 08:00-16:00", "mon 08:00-16:00", "mo  08:00-16:00", "mo 8:00-16:00", "mo 08:00-16:00 ", "mo 08:00-16:00\n", "mo 24:00-24:00", "mo 08:60-16:00",
		"mo 08:00-24:01", "mo 08:00-25:00", "mo 08.00-16.00", "mo,tu 08:00-16:00", "mo 08:00-12:00,13:00-16:00", "ph 08:00-16:00", "mo 08:00–16:00", marker,
	} {
		refused(t, h.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
	}
	for _, backwards := range []string{"mo 16:00-08:00", "mo 22:00-06:00", "mo 08:00-08:00", "daily 00:00-00:00"} {
		must(t, h.UnmarshalText([]byte(backwards))) // its form is a span's; what it says is not
		data := strings.Replace(examples()[events.TypeCapacityPublished], "mo 08:00-24:00", backwards, 1)
		_, err := events.Decode(events.TypeCapacityPublished, []byte(data))
		refused(t, err, events.RuleDataRange, "/hours")
	}
}

// Staff stand in the permanent record as a role and a number: never a name.
func TestStaffAreRoleAndNumber(t *testing.T) {
	var s events.Staff
	for _, good := range []string{"duty-3", "lead-1", "officer-0412", "consul-12", "inspector-7", "worker-9999", "dpo-1"} {
		must(t, s.UnmarshalText([]byte(good)))
	}
	for _, bad := range []string{"", "duty", "duty-", "duty-x", "duty-12345", "duty 3", "Duty-3", "duty--3", "duty-3\n", "ann-3", "duty-3-ann", "duty-٣", "3-duty", marker} {
		refused(t, s.UnmarshalText([]byte(bad)), events.RuleDataCode, "")
	}
}
