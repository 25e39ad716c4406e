package agency

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
)

// reportSays gives all that a report says, in the order in which it is admitted.
// Agency.mu is held.
func (a *Agency) reportSays(r Report, to *Reported, now time.Time) ([]Statement, error) {
	met := events.Said{Happened: events.At(r.Met), Recorded: events.At(now), Channel: r.Channel}
	asked := met
	asked.Happened = events.At(r.Asked)
	statements := a.openingSays(r.Case, met, r.Age, r.Region)
	to.Notified = a.childNotice(r.Age)
	of := func(facts events.Payload) { statements = append(statements, Statement{Case: r.Case, Payload: facts}) }
	if r.Language != "" {
		of(&events.RightsInformed{Said: asked, Language: r.Language, Interpreter: r.Interpreter})
	}
	if r.Conflict {
		of(&events.GuardianConflicted{Said: asked})
	}
	for _, word := range r.Words {
		bundle, err := a.bundleOf(word.Bundle, r.Age)
		if err != nil {
			return nil, err
		}
		of(r.word(bundle, word.Yes, asked))
	}
	if r.WithPerson {
		of(&events.RiskAssessed{Said: asked, WithPerson: true, Safety: r.Safety})
	}
	for _, request := range r.Requests {
		said, err := a.requestSays(r, request, now)
		if err != nil {
			return nil, err
		}
		to.Referrals, statements = append(to.Referrals, said[0].ID), append(statements, said...)
	}
	if r.WayBack != "" {
		of(&events.HelpDeclined{Said: asked, WayBack: r.WayBack})
	}
	if !r.Notify {
		return statements, nil
	}
	for _, authority := range a.notified(r.Age) {
		if slices.Contains(to.Notified, authority) || authority == a.config.Agency {
			continue
		}
		to.Notified = append(to.Notified, authority)
		of(&events.NoticeSent{Said: met, To: authority, Age: r.Age, Region: r.Region})
	}
	return statements, nil
}

// word is the person's yes or no to a bundle.
func (r Report) word(b mou.Bundle, yes bool, said events.Said) events.Payload {
	c := b.Consent(said.Happened.Time())
	c.Recipient.Except = r.Except
	if !yes {
		c.Recipient.Except = nil
		return &events.ConsentRefused{Said: said, Recipient: c.Recipient, Purpose: c.Purpose}
	}
	c.Said, c.Language, c.Interpreter, c.Present = said, r.Language, r.Interpreter, r.Present
	c.By, c.Capacity, c.ChildView = r.By, r.Capacity, r.ChildView
	return &c
}

// requestSays is one request with its records: first the request itself.
func (a *Agency) requestSays(r Report, asked Requested, now time.Time) ([]Statement, error) {
	bundle, err := a.bundleOf(asked.Bundle, r.Age)
	if err != nil {
		return nil, err
	}
	id, err := newID("", now)
	if err != nil {
		return nil, err
	}
	sections, err := a.sectionsFor(bundle, asked.To, r.Values)
	if err != nil {
		return nil, err
	}
	said := events.Said{Happened: events.At(now), Recorded: events.At(now), Channel: r.Channel}
	statements := []Statement{{Case: r.Case, ID: id, Payload: &events.ReferralRequested{
		Said: said, To: asked.To, Purpose: bundle.Purpose, Sections: sections, Needs: asked.Needs, Urgency: asked.Urgency, Order: asked.Order,
		Region: r.Region, Age: r.Age, Sex: r.Sex, Children: r.Children, Language: r.Language, Access: r.Access, Safety: r.Safety,
	}}}
	for _, to := range asked.To {
		sealed, err := a.sealValues(Sealing{Case: r.Case, Referral: id, To: to, Purpose: bundle.Purpose, Sections: sections, Values: r.Values}, now)
		if err != nil {
			return nil, err
		}
		statements = append(statements, sealed...)
	}
	return statements, nil
}

// sectionsFor lists the sections of a bundle that are written and that the agreement
// lets this agency send to every provider asked. Agency.mu is held.
func (a *Agency) sectionsFor(b mou.Bundle, to events.Set[events.AgencyID], values map[events.Section]jsontext.Value) (events.Set[events.Section], error) {
	sections, err := a.allowedTo(b, to, func(section events.Section) bool { return values[section] != nil })
	if err != nil {
		return nil, err
	}
	if sections == nil {
		return nil, events.Refuse(mou.RuleAgreementTable, "/to", "nothing was written that may go to all of these providers for this purpose")
	}
	return sections, nil
}
