package form

import (
	"net/url"
	"strings"
	"time"

	"handrail/services/agency/pages/ask"
)

// Choices are what a form offers in one case, by the names of its members.
type Choices struct {
	// Offered is what may be chosen: needed for identifiers, and for code lists of
	// which only a part makes sense here.
	Offered map[string][]ask.Option
	// Fixed members are filled in by the service, as JSON values, and not asked; nil
	// ones are left out.
	Fixed map[string]any
	// First is what the form holds before anybody wrote in it.
	First url.Values
	// Needed asks for members that the type could do without, or, if false, lets some
	// be left open that are filled in then.
	Needed map[string]bool

	Place *time.Location // whose days and hours are written; never nil
	Now   time.Time
}

// needs says whether a member must be given.
func (c Choices) needs(m Member) bool {
	if needed, is := c.Needed[m.Name]; is {
		return needed
	}
	return m.Needed
}

func (c Choices) fixed(name string) (any, bool) {
	value, is := c.Fixed[name]
	return value, is
}

// Times of a form are written in two fields, each named after the member; the third
// holds what the form showed for "now", so that nobody's untouched minute is taken
// for what somebody wrote.
const (
	dayPart   = ".day"
	clockPart = ".clock"
	shownPart = ".shown"

	dayFormat   = "2006-01-02"
	clockFormat = "15:04"
)

// SetMoment writes an instant into a form's values.
func (c Choices) SetMoment(to url.Values, name string, t time.Time) {
	local := t.In(c.Place)
	to.Set(name+dayPart, local.Format(dayFormat))
	to.Set(name+clockPart, local.Format(clockFormat))
}

// moment reads an instant; none if nothing was written, or what was shown as now was
// left as it was.
func (c Choices) moment(from url.Values, name string) (t time.Time, given, readable bool) {
	day, clock := strings.TrimSpace(from.Get(name+dayPart)), strings.TrimSpace(from.Get(name+clockPart))
	if day == "" && clock == "" || from.Get(name+shownPart) != "" && day+" "+clock == from.Get(name+shownPart) {
		return time.Time{}, false, true
	}
	if clock == "" {
		clock = "00:00"
	}
	if len(clock) > len(clockFormat) { // a browser may send seconds
		clock = clock[:len(clockFormat)]
	}
	t, err := time.ParseInLocation(dayFormat+" "+clockFormat, day+" "+clock, c.Place)
	return t, true, err == nil && t.Year() > 0
}
