package events

import (
	"slices"
	"strings"
	"time"
)

// Places is how much room a provider has: never a number, so that nobody learns
// who came or went.
type Places string

// The answers.
const (
	NoPlaces   Places = "none"
	FewPlaces  Places = "few"
	SomePlaces Places = "some"
)

// Codes lists every answer.
func (Places) Codes() []string { return []string{"none", "few", "some"} }

// UnmarshalText accepts an answer of the list.
func (p *Places) UnmarshalText(text []byte) error { return code(p, text) }

// Hours is one span of a day of the week at which somebody is there, in the
// profile's local time: "mo 08:00-16:00". A span begins before it ends and does
// not cross midnight, which is 24:00 at its end; a night is two spans.
type Hours string

//nolint:gochecknoglobals // read-only, as a compiled pattern is
var hoursSyntax = newSyntax(`^(mo|tu|we|th|fr|sa|su|daily) ([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`)

// Pattern is the form that the schemas publish.
func (Hours) Pattern() string { return hoursSyntax.String() }

// UnmarshalText accepts one span.
func (h *Hours) UnmarshalText(text []byte) error {
	return parseText(h, text, hoursSyntax, `hours are a day and a span, like "mo 08:00-16:00" or "daily 00:00-24:00"`)
}

// Covers says whether the span holds an instant, given in the profile's local
// time: its first minute yes, the minute of its end no. On the nights on which
// the clock is changed it goes by what the clock shows.
func (h Hours) Covers(local time.Time) bool {
	day, from, to := h.parts()
	days := []string{"su", "mo", "tu", "we", "th", "fr", "sa"}
	clock := local.Format("15:04")
	return (day == "daily" || slices.Index(days, day) == int(local.Weekday())) && from <= clock && clock < to
}

// parts are empty for a span of another form, which covers nothing.
func (h Hours) parts() (day, from, to string) {
	day, span, _ := strings.Cut(string(h), " ")
	from, to, _ = strings.Cut(span, "-")
	return day, from, to
}

// CapacityPublished is what a provider tells all agencies but foreign missions
// about whom it can take: region and room, never an address. The event's subject
// is the provider, and it belongs to no case. The newest one counts.
type CapacityPublished struct {
	Said
	Needs     Set[Need]     `json:"needs" reads:"route matching"`
	Sexes     Set[Sex]      `json:"sexes" reads:"route matching"`
	Ages      Set[AgeClass] `json:"ages" reads:"route matching"`
	Children  int           `json:"children,omitzero" reads:"route matching"` // how many may come along, 0 to 20
	Access    Set[Access]   `json:"access,omitzero" reads:"route matching"`
	Languages Set[Language] `json:"languages,omitzero" reads:"route matching"`
	Hours     Set[Hours]    `json:"hours" reads:"clock referral-escalated"`
	Places    Places        `json:"places" reads:"route matching"`
	Region    Region        `json:"region,omitzero" reads:"route matching"`
}

// Type implements Payload.
func (*CapacityPublished) Type() Type { return TypeCapacityPublished }

func (c *CapacityPublished) check() error {
	for _, h := range c.Hours {
		if _, from, to := h.parts(); from >= to {
			return Refuse(RuleDataRange, "/hours", "a span ends after it begins; write a night as two spans, one of each day")
		}
	}
	if c.Children < 0 || c.Children > 20 {
		return Refuse(RuleDataRange, "/children", "0 to 20 children may come along")
	}
	return nil
}

// Staffed says whether somebody is there at an instant, in the profile's local time.
func (c *CapacityPublished) Staffed(local time.Time) bool {
	return slices.ContainsFunc(c.Hours, func(h Hours) bool { return h.Covers(local) })
}
