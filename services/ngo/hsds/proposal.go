package hsds

import (
	"slices"

	"handrail/events"
)

// Proposal is what one service of a record says about whom it can take.
type Proposal struct {
	ID        string     `json:"id"`       // of the service in its own directory, to choose by
	Active    bool       `json:"active"`   // its status in HSDS
	Capacity  Answers    `json:"capacity"` // what HSDS established, in codes
	Questions []Question `json:"questions,omitzero"`
	Dropped   []Dropped  `json:"dropped,omitzero"`
	Unknown   int        `json:"unknown,omitzero"` // members that HSDS does not have; dropped, not named
}

// Answers are the members of a capacity. What is left out was not established,
// or is not answered.
type Answers struct {
	Needs     events.Set[events.Need]     `json:"needs,omitzero"`
	Sexes     events.Set[events.Sex]      `json:"sexes,omitzero"`
	Ages      events.Set[events.AgeClass] `json:"ages,omitzero"`
	Children  *int                        `json:"children,omitzero"` // 0 is an answer: none may come along
	Access    events.Set[events.Access]   `json:"access,omitzero"`
	Languages events.Set[events.Language] `json:"languages,omitzero"`
	Hours     events.Set[events.Hours]    `json:"hours,omitzero"`
	Places    events.Places               `json:"places,omitzero"`
	Region    events.Region               `json:"region,omitzero"`
}

// Question is what HSDS did not establish, and why.
type Question struct {
	Field    string `json:"field"` // of Answers
	Why      string `json:"why"`
	Required bool   `json:"required,omitzero"` // no capacity without an answer; else it is left out
}

// Dropped names a member of HSDS that was not kept, never its content.
type Dropped struct {
	Field string `json:"field"` // like location.addresses
	Why   string `json:"why"`
}

// Complete makes the capacity to publish: the proposal, with every answer given
// taking its place. It refuses, as *events.Violation with the member's pointer,
// a service that is not active, a required question without an answer, and an
// answer outside the closed lists.
func (p Proposal) Complete(given Answers, said events.Said) (*events.CapacityPublished, error) {
	if !p.Active {
		return nil, events.Refuse(events.RuleDataRange, "/status", "the service is not active in its own directory")
	}
	for _, q := range p.Questions {
		if q.Required && !given.has(q.Field) {
			return nil, events.Refuse(events.RuleDataRange, "/"+q.Field, "the record does not establish this, and nothing is invented: it needs an answer of the provider")
		}
	}
	a := p.Capacity.with(given)
	c := &events.CapacityPublished{
		Said: said, Needs: a.Needs, Sexes: a.Sexes, Ages: a.Ages, Access: a.Access,
		Languages: a.Languages, Hours: a.Hours, Places: a.Places, Region: a.Region,
	}
	if a.Children != nil {
		c.Children = *a.Children
	}
	if _, err := events.Encode(c); err != nil {
		return nil, err
	}
	return c, nil
}

func (a Answers) has(field string) bool {
	return slices.Contains(a.fields(), field)
}

// fields names what is answered.
func (a Answers) fields() []string {
	var names []string
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"needs", a.Needs != nil},
		{"sexes", a.Sexes != nil},
		{"ages", a.Ages != nil},
		{"children", a.Children != nil},
		{"access", a.Access != nil},
		{"languages", a.Languages != nil},
		{"hours", a.Hours != nil},
		{"places", a.Places != ""},
		{"region", a.Region != ""},
	} {
		if f.given {
			names = append(names, f.name)
		}
	}
	return names
}

func (a Answers) with(given Answers) Answers {
	for _, name := range given.fields() {
		switch name {
		case "needs":
			a.Needs = given.Needs
		case "sexes":
			a.Sexes = given.Sexes
		case "ages":
			a.Ages = given.Ages
		case "children":
			a.Children = given.Children
		case "access":
			a.Access = given.Access
		case "languages":
			a.Languages = given.Languages
		case "hours":
			a.Hours = given.Hours
		case "places":
			a.Places = given.Places
		case "region":
			a.Region = given.Region
		}
	}
	return a
}
