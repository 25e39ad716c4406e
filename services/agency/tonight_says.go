package agency

import (
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// tonightSays gives all that a request for tonight says, in the order in which it
// is admitted.
func (a *Agency) tonightSays(t Tonight, p plan, now time.Time) ([]Statement, error) {
	said := events.Said{Happened: events.At(now), Recorded: events.At(now), Channel: events.InPerson}
	statements := a.openingSays(p.of, said, t.Age, t.Region)
	of := func(facts events.Payload) { statements = append(statements, Statement{Case: p.of, Payload: facts}) }
	of(&events.RightsInformed{Said: said, Language: t.Language, Interpreter: t.Interpreter})
	if p.consented {
		of(t.consent(p.bundle, said))
	}
	of(&events.RiskAssessed{Said: said, WithPerson: true, Safety: t.Dangers})
	request := t.request(p)
	request.Said, request.To, request.Sections = said, p.to, p.sections
	statements = append(statements, Statement{Case: p.of, ID: p.referral, Payload: request})
	for _, to := range p.to {
		sealed, err := a.sealValues(Sealing{Case: p.of, Referral: p.referral, To: to, Purpose: p.bundle.Purpose, Sections: p.sections, Values: p.values}, now)
		if err != nil {
			return nil, err
		}
		statements = append(statements, sealed...)
	}
	return statements, nil
}

// consent is the person's yes of choice 8.
func (t Tonight) consent(b mou.Bundle, said events.Said) *events.ConsentGiven {
	c := b.Consent(said.Happened.Time())
	c.Recipient.Except = t.Except
	c.Said, c.Language, c.Interpreter, c.Present = said, t.Language, t.Interpreter, t.Present
	c.By, c.Capacity, c.ChildView = t.By, t.Capacity, t.ChildView
	return &c
}

// openingSays opens a case and, for a child or where age is in doubt, tells child
// protection in the same breath (domain rule 7). Whatever opens a person's own case
// of itself begins so.
func (a *Agency) openingSays(id events.CaseID, said events.Said, age events.AgeClass, region events.Region) []Statement {
	statements := []Statement{{Case: id, Payload: &events.CaseOpened{Said: said, Age: age}}}
	for _, to := range a.childNotice(age) {
		statements = append(statements, Statement{Case: id, Payload: &events.NoticeSent{Said: said, To: to, Age: age, Region: region}})
	}
	return statements
}

// childNotice is whom to tell at once of a child: the first child protection of
// the directory, unless this agency is one.
func (a *Agency) childNotice(age events.AgeClass) []events.AgencyID {
	listed := a.directory.OfKind(events.ChildProtection)
	if age == events.Adult || a.config.Kind == events.ChildProtection || len(listed) == 0 {
		return []events.AgencyID{}
	}
	return listed[:1]
}
