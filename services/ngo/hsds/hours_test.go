package hsds

import (
	"slices"
	"strings"
	"testing"

	"handrail/events"
)

func TestWeeklyHoursAreReadIntoLocalTime(t *testing.T) {
	for name, c := range map[string]struct {
		schedule string
		want     events.Set[events.Hours]
	}{
		"local":             {`{"freq":"WEEKLY","byday":"MO,TU","opens_at":"08:00","closes_at":"16:00"}`, events.Set[events.Hours]{"mo 08:00-16:00", "tu 08:00-16:00"}},
		"with an offset":    {`{"freq":"WEEKLY","byday":"MO","opens_at":"08:00+02:00","closes_at":"16:00+02:00"}`, events.Set[events.Hours]{"mo 08:00-16:00"}},
		"in UTC":            {`{"freq":"WEEKLY","byday":"MO","opens_at":"08:00:00Z","closes_at":"16:00:00Z"}`, events.Set[events.Hours]{"mo 10:00-18:00"}},
		"its own offset":    {`{"freq":"WEEKLY","byday":"MO","timezone":1,"opens_at":"08:00","closes_at":"16:00"}`, events.Set[events.Hours]{"mo 09:00-17:00"}},
		"far away":          {`{"freq":"WEEKLY","byday":"MO","opens_at":"00:30+05:00","closes_at":"04:00+05:00"}`, events.Set[events.Hours]{"mo 00:00-01:00", "su 21:30-24:00"}},
		"overnight":         {`{"freq":"WEEKLY","byday":"SU","opens_at":"20:00","closes_at":"08:00"}`, events.Set[events.Hours]{"mo 00:00-08:00", "su 20:00-24:00"}},
		"around the clock":  {`{"freq":"WEEKLY","byday":"MO,TU,WE,TH,FR,SA,SU","opens_at":"00:00Z","closes_at":"23:59Z"}`, events.Set[events.Hours]{"daily 00:00-24:00"}},
		"to the day's end":  {`{"freq":"weekly","byday":"sa","opens_at":"00:00","closes_at":"24:00"}`, events.Set[events.Hours]{"sa 00:00-24:00"}},
		"every night":       {`{"freq":"WEEKLY","interval":1,"byday":"MO,TU,WE,TH,FR,SA,SU","opens_at":"22:00","closes_at":"06:00"}`, events.Set[events.Hours]{"daily 00:00-06:00", "daily 22:00-24:00"}},
		"from its start":    {`{"freq":"WEEKLY","dtstart":"2026-11-04","opens_at":"08:00","closes_at":"16:00"}`, events.Set[events.Hours]{"we 08:00-16:00"}},
		"until today":       {`{"freq":"WEEKLY","byday":"MO","until":"2026-11-24T00:00:00Z","opens_at":"08:00","closes_at":"16:00"}`, events.Set[events.Hours]{"mo 08:00-16:00"}},
		"over":              {`{"freq":"WEEKLY","byday":"MO","valid_to":"2026-11-23","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"not yet":           {`{"freq":"WEEKLY","byday":"MO","valid_from":"2026-11-25","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"first Saturdays":   {`{"freq":"MONTHLY","byday":"1SA","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"every second week": {`{"freq":"WEEKLY","interval":2,"byday":"MO","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"some weeks":        {`{"freq":"WEEKLY","byweekno":"41,42","byday":"MO","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"three times":       {`{"freq":"WEEKLY","count":3,"byday":"MO","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"no end":            {`{"freq":"WEEKLY","byday":"MO","opens_at":"08:00"}`, nil},
		"no length":         {`{"freq":"WEEKLY","byday":"MO","opens_at":"08:00","closes_at":"08:00"}`, nil},
		"no day":            {`{"freq":"WEEKLY","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"no frequency":      {`{"byday":"MO","opens_at":"08:00","closes_at":"16:00"}`, nil},
		"two offsets":       {`{"freq":"WEEKLY","byday":"MO","opens_at":"08:00Z","closes_at":"16:00+02:00"}`, nil},
	} {
		p := proposed(t, "schedules", "["+c.schedule+"]")
		got := slices.Clone(p.Capacity.Hours)
		slices.Sort(got)
		if !slices.Equal(got, c.want) || strings.Contains(asks(p), "hours!") != (c.want == nil) {
			t.Errorf("%s: %v, asks %q; want %v", name, got, asks(p), c.want)
		}
	}
}

func TestATimeWithoutAnOffsetIsShownAsWhatItIs(t *testing.T) {
	for clock, doubtful := range map[string]bool{`"08:00","closes_at":"16:00"`: true, `"08:00Z","closes_at":"16:00Z"`: false, `"08:00","closes_at":"16:00","timezone":2`: false} {
		p := proposed(t, "schedules", `[{"freq":"WEEKLY","byday":"MO","opens_at":`+clock+`}]`)
		if slices.ContainsFunc(p.Questions, func(q Question) bool { return q.Field == "hours" }) != doubtful {
			t.Errorf("%s: %+v", clock, p.Questions)
		}
	}
}

func TestScheduledHoursOfAllLocationsAreOneWeek(t *testing.T) {
	p := proposed(t,
		"schedules", `[{"freq":"WEEKLY","byday":"MO","opens_at":"08:00","closes_at":"12:00"}]`,
		"service_at_locations", `[{"schedules":[{"freq":"WEEKLY","byday":"MO","opens_at":"11:00","closes_at":"16:00"}]},{"location":{"schedules":[{"freq":"WEEKLY","byday":"SU","opens_at":"00:00","closes_at":"24:00"}]}}]`)
	if !slices.Equal(p.Capacity.Hours, events.Set[events.Hours]{"mo 08:00-16:00"}) {
		t.Errorf("%v: a building's own hours are not those of the service", p.Capacity.Hours)
	}
}
