package mou

import (
	"time"

	"handrail/events"
)

// absence is one time in which nobody knew where the person is.
type absence struct {
	set, found  uint64    // entries; found is 0 while it lasts
	from, until time.Time // when they were admitted; until is zero while it lasts
}

// stepMissing adds what a statement says of the person's whereabouts.
func (s *state) stepMissing(i *Item) {
	switch i.Facts.(type) {
	case *events.PersonMissing:
		if !s.isMissing() {
			s.missing = append(s.missing, absence{set: i.Number, from: i.Admitted})
		}
	case *events.PersonFound:
		if s.isMissing() {
			last := &s.missing[len(s.missing)-1]
			last.found, last.until = i.Number, i.Admitted
		}
	}
}

func (s *state) isMissing() bool {
	return len(s.missing) > 0 && s.missing[len(s.missing)-1].found == 0
}

func needsNotMissing() demand {
	return demand{RulePersonMissing, "", "the person is known to be missing", func(q *question) bool { return !q.s.isMissing() }}
}

func needsMissing() demand {
	return demand{RulePersonMissing, "", "nobody has said that the person is missing", func(q *question) bool { return q.s.isMissing() }}
}

// Missing says whether the person is missing, as far as the viewer knows.
func (c Case) Missing() bool { return c.state.isMissing() }
