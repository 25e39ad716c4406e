package agency

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/match"
	"handrail/contracts/mou"
	"handrail/events"
)

// plan is what a request for tonight comes to: for what, whom to ask, and which
// sections go to them.
type plan struct {
	of        events.CaseID
	referral  events.ReferralID
	bundle    mou.Bundle // what the person agreed to; of a child without a consent, what child protection gets
	consented bool
	order     events.AskOrder
	to        []events.AgencyID
	says      map[events.AgencyID]string // why each stands in its place
	sections  events.Set[events.Section]
	values    map[events.Section]jsontext.Value
	notified  []events.AgencyID
}

func (a *Agency) planTonight(t Tonight, now time.Time) (plan, error) {
	p := plan{order: t.Order, says: map[events.AgencyID]string{}, notified: a.childNotice(t.Age)}
	of, err := newID(events.EventID(t.Case), now)
	if err != nil {
		return p, err
	}
	if p.referral, err = newID("", now); err != nil {
		return p, err
	}
	p.of = events.CaseID(of)
	if err := a.agreedTonight(t, &p); err != nil {
		return p, err
	}
	if err := a.candidates(t, &p, now); err != nil {
		return p, err
	}
	return p, a.sectionsTonight(t, &p)
}

// agreedTonight is what may be shared: the bundle that the person agreed to or,
// for a child without a consent, what child protection gets without one.
func (a *Agency) agreedTonight(t Tonight, p *plan) error {
	profile := a.book.memo.Profile
	if t.Bundle != "" {
		var known bool
		p.bundle, known = profile.Bundles[t.Bundle]
		p.consented = true
		if !known {
			return ofChoice(events.Refuse(events.RuleDataCode, "/bundle", "the country profile has no bundle of that name"))
		}
		return nil
	}
	p.bundle = mou.Bundle{
		Class: events.ChildProtection, Purpose: events.PurposeChildProtection,
		Sections: []events.Section{events.SectionIdentity, events.SectionContact, events.SectionNeeds, events.SectionRisk},
	}
	if !profile.Exempt(events.ChildProtection, t.Age) {
		return ofChoice(events.Refuse(mou.RuleConsentRequired, "/bundle", "the country profile needs a consent here too"))
	}
	return nil
}

// candidates are those that were named or, if none were, first those that can
// take the person as they published, in the order of [match.Rank]; then those that
// published nothing, in the order of this agency's own desk; at last those that
// only said that they are full, or that nobody is there: that may have changed.
func (a *Agency) candidates(t Tonight, p *plan, now time.Time) error {
	if t.To != nil {
		p.to = t.To
		return nil
	}
	could := slices.DeleteFunc(a.couldAsk(p.bundle), func(o Provider) bool {
		_, err := a.sealingKey(o.Agency) // nothing could be shared with one whose new key nobody witnessed yet
		return err != nil || slices.Contains(t.Except, o.Agency)
	})
	facts := t.request(*p)
	var fit, silent, perhaps []events.AgencyID
	for _, r := range match.Rank(match.For(facts, a.book.memo.Profile.Local(now)), could) {
		p.says[r.Agency] = r.Says()
		switch {
		case r.Fits:
			fit = append(fit, r.Agency)
		case r.Capacity == nil:
			silent = append(silent, r.Agency)
		case !slices.ContainsFunc(r.Against, func(no match.Reason) bool { return no.Bars() && no != match.Full && no != match.NobodyTonight }):
			perhaps = append(perhaps, r.Agency)
		}
	}
	own := slices.DeleteFunc(a.config.Desk.Ask(could, facts), func(id events.AgencyID) bool { return !slices.Contains(silent, id) })
	p.to = slices.Concat(fit, own, perhaps)
	p.to = p.to[:min(len(p.to), 32)]
	if len(p.to) == 0 {
		return ofChoice(events.Refuse(RuleNobodyFits, "/to", "no provider that the person agreed to could take them, as published: name whom to ask all the same, or offer something else"))
	}
	return nil
}

// request is the request itself, without its times, sections and addressees.
func (t Tonight) request(p plan) *events.ReferralRequested {
	return &events.ReferralRequested{
		Purpose: p.bundle.Purpose, Needs: t.Need, Urgency: events.Tonight, Order: p.order, Region: t.Region, Age: t.Age, Sex: t.Sex,
		Children: t.Children, Language: t.Language, Access: t.Access, Safety: t.Dangers,
	}
}

// sectionsTonight writes the sections that the bundle names, and that the
// agreement lets this agency send to every provider asked.
func (a *Agency) sectionsTonight(t Tonight, p *plan) error {
	values, err := t.values()
	if err != nil {
		return err
	}
	p.sections, err = a.allowedTo(p.bundle, p.to, func(section events.Section) bool { return values[section] != nil })
	if err != nil {
		return ofChoice(err)
	}
	p.values = map[events.Section]jsontext.Value{}
	for _, section := range p.sections {
		p.values[section] = values[section]
	}
	if !slices.Contains(p.sections, events.SectionContact) {
		return ofChoice(events.Refuse(mou.RuleAgreementTable, "/to", "the agreement lets this agency send nobody's number to all of these for this purpose"))
	}
	return nil
}

// values are the sections, each a JSON object. The number stands in contact
// alone, the name in identity alone.
func (t Tonight) values() (map[events.Section]jsontext.Value, error) {
	needs := struct {
		Needs       events.Set[events.Need]   `json:"needs"`
		Children    events.Children           `json:"children,omitzero"`
		Language    events.Language           `json:"language"`
		Interpreter events.Interpreter        `json:"interpreter"`
		Access      events.Set[events.Access] `json:"access,omitzero"`
	}{t.Need, t.Children, t.Language, t.Interpreter, t.Access}
	contact := struct {
		CallBack string `json:"call_back"`
		Safe     string `json:"safe_contact"`
	}{t.CallBack, t.Safe}
	if contact.Safe == "" {
		contact.Safe = "not asked: call only this number, and say nothing until the person is on the line"
	}
	risk := struct {
		Dangers events.Set[events.Safety] `json:"dangers"`
	}{slices.Concat(events.Set[events.Safety]{}, t.Dangers)}
	all := map[events.Section]any{events.SectionContact: contact, events.SectionNeeds: needs, events.SectionRisk: risk}
	if t.Name != "" {
		all[events.SectionIdentity] = map[string]string{"name": t.Name}
	}
	values := map[events.Section]jsontext.Value{}
	for section, value := range all {
		text, err := json.Marshal(value, json.Deterministic(true))
		if err != nil {
			return nil, events.Refuse(events.RuleDataMalformed, "", "what was written is not valid UTF-8")
		}
		values[section] = text
	}
	return values, nil
}
