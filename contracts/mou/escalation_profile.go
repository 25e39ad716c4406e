package mou

import (
	"errors"
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // hours are local, wherever the hub runs

	"handrail/events"
)

// Chase says who is told when nobody takes the person.
type Chase struct {
	Duty        []events.AgencyKind `yaml:"duty"`        // kinds of agency that have somebody on duty
	Coordinator []events.Duty       `yaml:"coordinator"` // duties of which the coordinator is told when they are missed
	Provenance  `yaml:",inline"`
}

// Zone is the time zone in which agencies publish their hours.
type Zone struct {
	Value      string `yaml:"value"` // IANA name
	Provenance `yaml:",inline"`

	location *time.Location
}

// Share is how much of a deadline's time is left when the hub reminds.
type Share struct {
	OneIn      int    `yaml:"one-in"` // 3: a third
	Least      Period `yaml:"least"`  // of a shorter time nobody is reminded
	Provenance `yaml:",inline"`
}

// Local is an instant in the profile's time zone, as published hours mean it.
func (p *Profile) Local(t time.Time) time.Time {
	if p.Timezone.location == nil {
		return t.UTC()
	}
	return t.In(p.Timezone.location)
}

// AnswerWithin is how long a provider has for its answer, from being asked.
func (p *Profile) AnswerWithin(u events.Urgency) time.Duration {
	return p.duration(p.byUrgency(u, forAnswer, forAnswerTonight))
}

// soon is when the hub reminds of a time that runs from one instant to another;
// zero if it never does.
func (p *Profile) soon(from, due time.Time) time.Time {
	all := due.Sub(from)
	if all < time.Duration(p.DueSoon.Least) {
		return time.Time{}
	}
	return due.Add(-all / time.Duration(p.DueSoon.OneIn))
}

func (p *Profile) inheritChase(base *Profile) {
	if p.Timezone.Value == "" {
		p.Timezone = base.Timezone
	}
	if p.DueSoon.OneIn == 0 {
		p.DueSoon = base.DueSoon
	}
	if p.Escalation.Duty == nil && p.Escalation.Coordinator == nil {
		p.Escalation = base.Escalation
	}
}

func (p *Profile) checkChase() error {
	problems := []error{p.Escalation.check("escalation"), p.Timezone.check("timezone"), p.DueSoon.check("due-soon")}
	for _, kind := range p.Escalation.Duty {
		problems = append(problems, known("escalation", &kind, string(kind)))
	}
	for _, duty := range p.Escalation.Coordinator {
		problems = append(problems, known("escalation", &duty, string(duty)))
		if slices.Contains([]events.Duty{events.DutyAnswer, events.DutyConfirm, events.DutyHandover, events.DutyEscalated}, duty) {
			problems = append(problems, fmt.Errorf("escalation: what comes of a missed %s is not the profile's to say", duty))
		}
	}
	location, err := time.LoadLocation(p.Timezone.Value)
	if err != nil || p.Timezone.Value == "" || p.Timezone.Value == "Local" {
		problems = append(problems, fmt.Errorf("timezone: %q is not the name of a time zone", p.Timezone.Value))
	}
	p.Timezone.location = location
	if p.DueSoon.OneIn < 2 || p.DueSoon.OneIn > 100 || p.DueSoon.Least <= 0 {
		problems = append(problems, errors.New("due-soon: one in 2 to 100 of the time is left, and the least time is positive"))
	}
	return errors.Join(problems...)
}
