package alert

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const dayMinutes = 24 * 60

// span is a time of some days of the week, by the clock on the wall. One whose
// end is not after its start ends on the next day; its days name where it begins.
type span struct {
	days     [7]bool // Sunday is 0, as in package time
	from, to int     // minutes of the day; to is 1 to 1440
}

// covers says whether a local time lies in the span: from is in it, to is not.
func (s span) covers(local time.Time) bool {
	return s.coversMinute(int(local.Weekday()), local.Hour()*60+local.Minute())
}

func (s span) coversMinute(day, minute int) bool {
	if s.from < s.to {
		return s.days[day] && s.from <= minute && minute < s.to
	}
	return s.days[day] && minute >= s.from || s.days[(day+6)%7] && minute < s.to
}

// uncovered gives the first minute of the week, from Monday, that no span
// covers, as people write it.
func uncovered(spans []span) (string, bool) {
	for i := range 7 {
		day := (i + 1) % 7
		for minute := range dayMinutes {
			covered := false
			for _, s := range spans {
				covered = covered || s.coversMinute(day, minute)
			}
			if !covered {
				return weekdays()[i] + " " + time.Date(1, 1, 1, minute/60, minute%60, 0, 0, time.UTC).Format("15:04"), true
			}
		}
	}
	return "", false
}

// weekdays from Monday.
func weekdays() []string { return []string{"mo", "tu", "we", "th", "fr", "sa", "su"} }

var (
	errDays  = errors.New("days are mo, tu, we, th, fr, sa or su, two of them with a hyphen (mo-fr), several with commas (mo,we,fr), or daily")
	errClock = errors.New("a time is written like 08:00, and the end of a day is 24:00")
)

// parseDays reads daily, fr, mo-fr, fr-mo or mo,we,fr.
func parseDays(text string) (days [7]bool, err error) {
	if text == "daily" {
		text = "mo-su"
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, to := weekday(first), weekday(last)
		if from < 0 || to < 0 {
			return days, errDays
		}
		for i := from; ; i = (i + 1) % 7 {
			days[(i+1)%7] = true
			if i == to {
				break
			}
		}
	}
	return days, nil
}

func weekday(name string) int {
	for i, day := range weekdays() {
		if day == name {
			return i
		}
	}
	return -1
}

var clockSyntax = regexp.MustCompile(`^([01][0-9]|2[0-4]):([0-5][0-9])$`)

// parseClock gives the minute of the day.
func parseClock(text string) (int, error) {
	parts := clockSyntax.FindStringSubmatch(text)
	if parts == nil {
		return 0, errClock
	}
	hour, err := strconv.Atoi(parts[1])
	if err != nil {
		return 0, errClock
	}
	minute, err := strconv.Atoi(parts[2])
	if err != nil || hour*60+minute > dayMinutes {
		return 0, errClock
	}
	return hour*60 + minute, nil
}
