package acts

import (
	"net/url"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/acts/section"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
)

const toField = "to"

// sealing sends more sections of a referral to one provider that was asked.
func sealing() manner {
	return manner{fields: sealingFields, speak: speakSealing}
}

func sealingFields(x *act, p *page, given asked) error {
	if x.about == nil {
		return nil
	}
	c := x.choices
	for _, id := range legsNow(x.about) {
		option, err := x.agency(id)
		if err != nil {
			return err
		}
		c.Offered[toField] = append(c.Offered[toField], option)
	}
	if all := c.Offered[toField]; len(all) == 1 {
		c.First.Set(toField, all[0].Value)
	}
	err := x.poses(p, c, given, form.Member{Name: toField, Key: toField, Kind: ask.One, List: "agency", Needed: true})
	if err != nil {
		return err
	}
	p.Sections, err = x.sectionForms(x.about.Sections, given)
	return err
}

// sectionForms lists the sections to seal: what is held back here needs nothing more,
// the others are written now.
func (x *act) sectionForms(wanted []events.Section, given asked) ([]SectionForm, error) {
	held, err := x.a.HeldSections(x.Context(), x.id)
	if err != nil {
		return nil, err
	}
	var all []SectionForm
	for _, s := range wanted {
		f := SectionForm{Section: s, Held: slices.Contains(held, s), Send: given.values == nil || sendsHeld(given.values, s)}
		if f.Fields, err = SectionFields(x.Visit, s, given.values, given.problems); err != nil {
			return nil, err
		}
		f.Open = slices.ContainsFunc(f.Fields, func(one ask.Field) bool { return one.Value != "" || one.Problem != "" })
		if len(f.Fields) > 0 {
			all = append(all, f)
		}
	}
	return all, nil
}

// sendsHeld says whether a form asks to send what is held back under a section.
func sendsHeld(values url.Values, s events.Section) bool { return values.Get("held."+string(s)) != "" }

// SectionFields are the questions of one section, as they were answered.
func SectionFields(v *web.Visit, s events.Section, values url.Values, problems ask.Problems) ([]ask.Field, error) {
	var all []ask.Field
	for _, m := range section.Members(s) {
		name := section.Field(s, m.Name)
		f := ask.Field{Name: name, Kind: ask.Line, Value: values.Get(name)} // not marked as what may be left open: all of it may
		if m.Long {
			f.Kind = ask.Text
		}
		var err error
		if f.Label, err = v.Say(name); err != nil {
			return nil, err
		}
		if problem, is := problems[name]; is {
			if f.Problem, err = problem.Says(v.Words); err != nil {
				return nil, err
			}
		}
		all = append(all, f)
	}
	return all, nil
}

func speakSealing(x *act, given asked) error {
	if x.about == nil {
		return events.Refuse(mou.RuleReferralUnknown, "", "name the referral")
	}
	held, err := x.a.HeldSections(x.Context(), x.id)
	if err != nil {
		return err
	}
	problems := ask.Problems{}
	to := events.AgencyID(given.values.Get(toField))
	if !slices.Contains(legsNow(x.about), to) {
		problems.Refuse(toField, "acts.error.needed")
	}
	s := agency.Sealing{Case: x.id, Referral: x.referral, To: to, ID: x.statement, Values: map[events.Section]jsontext.Value{}}
	for _, one := range x.about.Sections {
		value, tooLong, err := section.Read(one, given.values.Get)
		if err != nil {
			return err
		}
		for _, name := range tooLong {
			problems.Refuse(name, "acts.error.long")
		}
		switch {
		case value != nil:
			s.Values[one] = value
			s.Sections = append(s.Sections, one)
		case slices.Contains(held, one) && sendsHeld(given.values, one):
			s.Sections = append(s.Sections, one)
		}
	}
	if len(s.Sections) == 0 {
		problems.Refuse("", "acts.error.nothing-shared")
	}
	if len(problems) > 0 {
		return problems
	}
	_, err = x.a.SealTo(x.Context(), s)
	return err
}
