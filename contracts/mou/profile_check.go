package mou

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"handrail/events"
)

// inherit fills in what the profile does not say itself. Tables are taken
// whole, maps entry by entry.
func (p *Profile) inherit(base *Profile) {
	p.Groups = merged(base.Groups, p.Groups)
	p.Durations = merged(base.Durations, p.Durations)
	p.Bundles = merged(base.Bundles, p.Bundles)
	p.inheritChase(base)
	if p.Powers == nil {
		p.Powers = base.Powers
	}
	if p.Agreement == nil {
		p.Agreement = base.Agreement
	}
	if p.Notices.To == nil {
		p.Notices = base.Notices
	}
	if p.WithoutConsent == nil {
		p.WithoutConsent = base.WithoutConsent
	}
	if p.Grounds == nil {
		p.Grounds = base.Grounds
	}
	if p.Walls == nil {
		p.Walls = base.Walls
	}
	if p.Witnesses == (Quorum{}) {
		p.Witnesses = base.Witnesses
	}
	if p.SecondReader.Source == "" {
		p.SecondReader = base.SecondReader
	}
}

func merged[V any](base, own map[string]V) map[string]V {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]V{}
	}
	maps.Copy(out, own)
	return out
}

func (p *Profile) check() error {
	return errors.Join(p.checkDurations(), p.checkPowers(), p.checkAgreement(), p.checkConsent(), p.checkBundles(), p.checkChase(), p.checkWalls(), p.checkFacts(), p.Witnesses.check(), p.SecondReader.check())
}

func (v Provenance) check(what string) error {
	if v.Source == "" || !slices.Contains([]Confidence{ReadInSource, WellKnown, OwnChoice, ToConfirm}, v.Confidence) {
		return fmt.Errorf("%s needs a source and a confidence S, M, I or T", what)
	}
	if v.Confidence == ToConfirm && !strings.Contains(v.Source, "to be confirmed by ") {
		return fmt.Errorf("%s is to be confirmed: its source says by whom", what)
	}
	return nil
}

func (p *Profile) checkDurations() error {
	var problems []error
	for _, name := range durationNames() {
		d, ok := p.Durations[name]
		if !ok {
			problems = append(problems, fmt.Errorf("duration %s is missing", name))
			continue
		}
		problems = append(problems, d.check("duration "+name))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Durations)) {
		if !slices.Contains(durationNames(), name) {
			problems = append(problems, fmt.Errorf("no rule reads the duration %q", name))
		}
	}
	return errors.Join(problems...)
}

func (p *Profile) checkPowers() error {
	var problems []error
	for name, members := range p.Groups {
		for _, kind := range members {
			problems = append(problems, known("group "+name, &kind, string(kind)))
		}
	}
	given := map[string]int{}
	for i, power := range p.Powers {
		what := fmt.Sprintf("power %d", i+1)
		problems = append(problems, power.check(what))
		for _, kind := range p.kinds(power.Kinds) {
			problems = append(problems, known(what, &kind, string(kind)))
		}
		for _, name := range power.Events {
			given[name]++
		}
	}
	for _, r := range terms() {
		name := r.Event.Name()
		if !r.Event.HubOnly() && given[name] != 1 {
			problems = append(problems, fmt.Errorf("powers name %s %d times, not once", name, given[name]))
		}
		delete(given, name)
	}
	for _, t := range ofAgencies() {
		if given[t.Name()] != 1 {
			problems = append(problems, fmt.Errorf("powers name %s %d times, not once", t.Name(), given[t.Name()]))
		}
		delete(given, t.Name())
	}
	for name := range given {
		problems = append(problems, fmt.Errorf("powers name %q, which no term knows", name))
	}
	return errors.Join(problems...)
}

func (p *Profile) checkAgreement() error {
	var problems []error
	for i, row := range p.Agreement {
		what := fmt.Sprintf("agreement row %d", i+1)
		problems = append(problems, row.check(what), known(what, &row.Purpose, string(row.Purpose)))
		for _, kind := range p.kinds(slices.Concat(row.From, row.To)) {
			problems = append(problems, known(what, &kind, string(kind)))
		}
		for _, section := range row.Sections {
			problems = append(problems, known(what, &section, string(section)))
		}
	}
	return errors.Join(problems...)
}

func (p *Profile) checkConsent() error {
	problems := []error{p.Notices.check("notices")}
	for _, kind := range p.Notices.To {
		problems = append(problems, known("notices", &kind, string(kind)))
	}
	for _, e := range p.WithoutConsent {
		problems = append(problems, e.check("without-consent"))
		for _, kind := range e.To {
			problems = append(problems, known("without-consent", &kind, string(kind)))
		}
		for _, age := range e.Ages {
			problems = append(problems, known("without-consent", &age, string(age)))
		}
	}
	for _, g := range p.Grounds {
		problems = append(problems, g.check("keep-grounds"), known("keep-grounds", &g.Ground, string(g.Ground)))
	}
	return errors.Join(problems...)
}

func (p *Profile) checkBundles() error {
	var problems []error
	for name, b := range p.Bundles {
		what := "bundle " + name
		problems = append(problems, b.check(what), known(what, &b.Class, string(b.Class)), known(what, &b.Purpose, string(b.Purpose)))
		for _, section := range b.Sections {
			problems = append(problems, known(what, &section, string(section)))
		}
		if b.Says == "" || b.Expires <= 0 || len(b.Sections) == 0 {
			problems = append(problems, fmt.Errorf("%s says what it is, names sections and expires", what))
		}
	}
	return errors.Join(problems...)
}

// known checks a code against its closed list.
func known(what string, code encoding.TextUnmarshaler, text string) error {
	if err := code.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("%s: %q is not in the code list", what, text)
	}
	return nil
}

// byUrgency chooses the duration's name for an urgency.
func (p *Profile) byUrgency(u events.Urgency, standard, tonight string) string {
	if u == events.Tonight {
		return tonight
	}
	return standard
}
