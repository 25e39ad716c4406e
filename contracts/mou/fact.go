package mou

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Fact is what a source says of a country's mechanism. Desks and the published
// tables show it; nothing in the memorandum judges by it.
type Fact struct {
	Says       string `yaml:"says"`
	Provenance `yaml:",inline"`
}

// The facts that each country's profile gives.
const (
	FactReflection     = "reflection-period"
	FactIdentification = "identification"
	FactFirstContact   = "first-contact"
	FactAssistance     = "assistance"
)

func factNames() []string {
	return []string{FactReflection, FactIdentification, FactFirstContact, FactAssistance}
}

// checkFacts: a profile gives all of them or, as the model does, none.
func (p *Profile) checkFacts() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(p.Facts)) {
		f := p.Facts[name]
		problems = append(problems, f.check("fact "+name))
		if f.Says == "" || !slices.Contains(factNames(), name) {
			problems = append(problems, fmt.Errorf("fact %s is one of %v and says something", name, factNames()))
		}
	}
	if len(p.Facts) != 0 && len(p.Facts) != len(factNames()) {
		problems = append(problems, fmt.Errorf("a profile gives all facts or none: %v", factNames()))
	}
	return errors.Join(problems...)
}
