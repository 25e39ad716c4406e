package providers

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"handrail/events"
	"handrail/services/agency/pages/ask"
)

// People write a night as one span, from eight in the evening to eight in the morning.
// What is published has it as two, one of each day. A form has two spans a day.

// weekdays are the days as published hours name them, Monday first.
func weekdays() []string { return []string{"mo", "tu", "we", "th", "fr", "sa", "su"} }

// day is one line of the form's table.
type day struct {
	Code  string
	Label int // number of the day, Sunday is 0
	Spans []span
}

// span is one pair of fields.
type span struct{ FromName, ToName, From, To string }

func daysOf(given url.Values) []day {
	list := make([]day, len(weekdays()))
	for i, code := range weekdays() {
		list[i] = day{Code: code, Label: (i + 1) % 7}
		for _, which := range []string{"a", "b"} {
			from, to := "from-"+code+"-"+which, "to-"+code+"-"+which
			list[i].Spans = append(list[i].Spans, span{from, to, given.Get(from), given.Get(to)})
		}
	}
	return list
}

const (
	dayEnds   = "24:00"
	dayBegins = "00:00"
	always    = events.Hours("daily 00:00-24:00")
)

// hoursOf reads the hours: around the clock, or the spans of each day.
func hoursOf(r *ask.Reader, given url.Values) (hours events.Set[events.Hours]) {
	if given.Get("always") != "" {
		return events.Set[events.Hours]{always}
	}
	for i, d := range daysOf(given) {
		for _, s := range d.Spans {
			if s.From == "" && s.To == "" {
				continue
			}
			if !isClock(s.From) || !isClock(s.To) {
				r.Refuse("hours", "providers.capacity.hours.both")
				return nil
			}
			next := weekdays()[(i+1)%len(weekdays())]
			for _, one := range spansOf(d.Code, next, s.From[:5], s.To[:5]) {
				if !slices.Contains(hours, one) {
					hours = append(hours, one)
				}
			}
		}
	}
	if hours == nil {
		r.Refuse("hours", "providers.capacity.hours.none")
	}
	return hours
}

// isClock takes a time of day as browsers send it, with or without seconds.
func isClock(text string) bool {
	_, short := time.Parse("15:04", text)
	_, long := time.Parse("15:04:05", text)
	return (short == nil || long == nil) && len(text) >= 5 && text[2] == ':'
}

// spansOf is a span of a day as it is published; one that ends before it begins goes
// on into the next day.
func spansOf(code, next, from, to string) []events.Hours {
	switch {
	case to == dayBegins:
		return []events.Hours{events.Hours(code + " " + from + "-" + dayEnds)}
	case from < to:
		return []events.Hours{events.Hours(code + " " + from + "-" + to)}
	}
	return []events.Hours{events.Hours(code + " " + from + "-" + dayEnds), events.Hours(next + " " + dayBegins + "-" + to)}
}

// setHours writes published hours into the form's fields, the two halves of a night as
// one span again.
func setHours(to url.Values, hours []events.Hours) {
	byDay := map[string][][2]string{}
	for _, h := range hours {
		code, clock, _ := strings.Cut(string(h), " ")
		from, until, _ := strings.Cut(clock, "-")
		if code == "daily" && from == dayBegins && until == dayEnds {
			to.Set("always", "1")
			return
		}
		days := []string{code}
		if code == "daily" {
			days = weekdays()
		}
		for _, one := range days {
			byDay[one] = append(byDay[one], [2]string{from, until})
		}
	}
	for i, code := range weekdays() {
		next := weekdays()[(i+1)%len(weekdays())]
		for j, s := range byDay[code] {
			morning := slices.IndexFunc(byDay[next], func(m [2]string) bool { return m[0] == dayBegins && m[1] != dayEnds })
			if s[1] == dayEnds && s[0] != dayBegins && morning >= 0 {
				byDay[code][j][1] = byDay[next][morning][1]
				byDay[next] = slices.Delete(slices.Clone(byDay[next]), morning, morning+1)
			}
		}
	}
	for _, code := range weekdays() {
		for j, s := range byDay[code][:min(2, len(byDay[code]))] {
			which := string(rune('a' + j))
			to.Set("from-"+code+"-"+which, s[0])
			to.Set("to-"+code+"-"+which, strings.Replace(s[1], dayEnds, dayBegins, 1))
		}
	}
}

// valuesOf writes what was published into the form's fields.
func valuesOf(c *events.CapacityPublished) url.Values {
	given := url.Values{"places": {string(c.Places)}, "region": {string(c.Region)}}
	addAll(given, "needs", c.Needs)
	addAll(given, "sexes", c.Sexes)
	addAll(given, "ages", c.Ages)
	addAll(given, "access", c.Access)
	if c.Children > 0 {
		given.Set("children", strconv.Itoa(c.Children))
	}
	for i, one := range c.Languages {
		given.Set("language-"+strconv.Itoa(i+1), string(one))
	}
	setHours(given, c.Hours)
	return given
}

func addAll[C ~string](to url.Values, name string, codes []C) {
	for _, code := range codes {
		to.Add(name, string(code))
	}
}

// ruleOf is the rule that stands against a statement, if that is what an error says.
func ruleOf(err error) (events.Rule, bool) {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return v.Rule, true
	}
	return "", false
}
