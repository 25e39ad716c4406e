package hsds

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"handrail/events"
)

const (
	day  = 24 * 60 // minutes
	week = 7 * day
)

// calendar is every minute of a local week, from Monday: whether somebody is there.
type calendar [week]bool

// hours are what the service's own schedules say about every week, at whichever
// location. A schedule that says more than a weekly span (every second week, the
// first Saturday of a month, a number of times) is left to people.
func hours(r *reader, o object, sites []site, at time.Time, to *Answers) error {
	all, err := r.list(o, "schedules", schedule)
	if err != nil {
		return err
	}
	for _, s := range sites {
		all = append(all, s.times...)
	}
	var there calendar
	for _, s := range all {
		if err := r.weekly(s, at, &there); err != nil {
			return err
		}
	}
	if to.Hours = there.spans(); to.Hours == nil {
		r.ask("hours", "the record gives no weekly hours that hold now", true)
	}
	return nil
}

var (
	onDate = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T[0-9:.Z+-]{1,32})?$`)
	atTime = regexp.MustCompile(`^([01][0-9]|2[0-4]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]{1,6})?)?(Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?$`)
)

// weekly marks the minutes of one schedule, if it holds now and repeats weekly.
func (r *reader) weekly(o object, at time.Time, there *calendar) error {
	holds, started, err := o.holds(at)
	if err != nil {
		return err
	}
	simple, err := o.simple()
	if err != nil {
		return err
	}
	days, err := o.days(started)
	if err != nil {
		return err
	}
	opens, known, err := r.minute(o, "opens_at", at)
	if err != nil {
		return err
	}
	closes, alsoKnown, err := r.minute(o, "closes_at", at)
	if err != nil {
		return err
	}
	switch length := (closes.clock - opens.clock + day) % day; {
	case !holds:
		r.ask("hours", "a schedule of the record does not hold now", false)
	case !simple || days == nil || !known || !alsoKnown || length == 0 && closes.clock != day || opens.shift != closes.shift:
		r.ask("hours", "a schedule of the record says more or less than a weekly span, and is not read", false)
	case opens.clock == 0 && (closes.clock == day-1 || closes.clock == day): // 00:00 to 23:59 is how HSDS says around the clock
		there.mark(days, opens.shift, day)
	default:
		there.mark(days, opens.clock+opens.shift, length)
	}
	return nil
}

// holds says whether the schedule holds on the local date, and when it started.
func (o object) holds(at time.Time) (holds bool, started string, err error) {
	says, err := o.texts("valid_from", "valid_to", "dtstart", "until")
	if err != nil {
		return false, "", err
	}
	for i, name := range []string{"valid_from", "valid_to", "dtstart", "until"} {
		if says[i] != "" && !onDate.MatchString(says[i]) {
			return false, "", malformed(o.at+"/"+name, "HSDS has a date here")
		}
		says[i] = says[i][:min(10, len(says[i]))]
	}
	today := at.Format(time.DateOnly)
	holds = says[0] <= today && says[2] <= today && (says[1] == "" || today <= says[1]) && (says[3] == "" || today <= says[3])
	return holds, says[2], nil
}

// simple says whether the schedule repeats every week and nothing narrows it.
func (o object) simple() (bool, error) {
	says, err := o.texts("freq", "byweekno", "bymonthday", "byyearday")
	if err != nil {
		return false, err
	}
	every, narrowed, err := o.number("interval")
	if err != nil {
		return false, err
	}
	_, counted, err := o.number("count")
	return strings.EqualFold(says[0], "WEEKLY") && says[1] == "" && says[2] == "" && says[3] == "" && (!narrowed || every == 1) && !counted, err
}

// days are the days of the week from Monday as 0; none if one cannot be read.
// Without a list a weekly rule repeats the day on which it started (RFC 5545).
func (o object) days(started string) ([]int, error) {
	says, err := o.text("byday")
	if err != nil {
		return nil, err
	}
	if says == "" {
		first, err := time.Parse(time.DateOnly, started)
		if err != nil {
			return nil, nil //nolint:nilerr // no date, no day: it is asked
		}
		return []int{(int(first.Weekday()) + 6) % 7}, nil
	}
	var days []int
	for code := range strings.SplitSeq(says, ",") {
		d := slices.Index([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}, strings.ToUpper(strings.TrimSpace(code)))
		if d < 0 {
			return nil, nil
		}
		days = append(days, d)
	}
	return days, nil
}

// clockTime is a time of day as it is written, and by how many minutes the
// profile's local time is ahead of the clock that it was read from.
type clockTime struct{ clock, shift int }

// minute reads a time of day; false if it is left out. HSDS wants an offset with
// it, or the schedule's; a time without any is read as local time, and asked.
func (r *reader) minute(o object, name string, at time.Time) (clockTime, bool, error) {
	says, err := o.text(name)
	if err != nil || says == "" {
		return clockTime{}, false, err
	}
	parts := atTime.FindStringSubmatch(says)
	if parts == nil {
		return clockTime{}, false, malformed(o.at+"/"+name, "HSDS has a time of day here, like 09:00 with its offset")
	}
	h, _ := strconv.Atoi(parts[1]) // the pattern leaves digits only
	m, _ := strconv.Atoi(parts[2])
	t := clockTime{clock: h*60 + m}
	if t.clock > day {
		return clockTime{}, false, malformed(o.at+"/"+name, "24:00 is the last time of a day")
	}
	hoursAhead, stated, err := o.number("timezone")
	if err != nil {
		return clockTime{}, false, err
	}
	_, local := at.Zone()
	switch {
	case parts[3] == "Z":
		t.shift = local / 60
	case parts[3] != "":
		ahead, err := time.Parse("Z07:00", parts[3])
		if err != nil {
			return clockTime{}, false, malformed(o.at+"/"+name, "HSDS has a time of day here, like 09:00 with its offset")
		}
		_, offset := ahead.Zone()
		t.shift = (local - offset) / 60
	case stated && hoursAhead >= -14 && hoursAhead <= 14:
		t.shift = local/60 - int(hoursAhead*60)
	default:
		r.ask("hours", "times without an offset are read as local time", false)
	}
	return t, true, nil
}

// mark sets the minutes from the start of each day named.
func (c *calendar) mark(days []int, from, length int) {
	for _, d := range days {
		for m := range length {
			c[((d*day+from+m)%week+week)%week] = true
		}
	}
}

// spans gives the calendar as published hours: "daily" for what holds on all
// days, else day by day; nil if nobody is ever there or it takes too many words.
func (c *calendar) spans() events.Set[events.Hours] {
	var byDay [7][]string
	for d := range byDay {
		for from := 0; from < day; from++ {
			if !c[d*day+from] {
				continue
			}
			to := from
			for to < day && c[d*day+to] {
				to++
			}
			byDay[d] = append(byDay[d], fmt.Sprintf("%02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60))
			from = to
		}
	}
	var list []events.Hours
	for d, name := range []string{"mo", "tu", "we", "th", "fr", "sa", "su"} {
		for _, span := range byDay[d] {
			h := events.Hours(name + " " + span)
			if !slices.ContainsFunc(byDay[:], func(other []string) bool { return !slices.Contains(other, span) }) {
				h = events.Hours("daily " + span)
			}
			if !slices.Contains(list, h) {
				list = append(list, h)
			}
		}
	}
	if len(list) == 0 || len(list) > 32 {
		return nil
	}
	return list
}
