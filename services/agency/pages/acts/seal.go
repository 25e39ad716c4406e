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
	fields, err := shown(x, c, given, form.Member{Name: toField, Key: toField, Kind: form.One, List: "agency", Needed: true})
	p.Fields = append(p.Fields, fields...)
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
		if f.Fields, err = SectionFields(x.Visit, s, given.values, given.faults); err != nil {
			return nil, err
		}
		f.Open = slices.ContainsFunc(f.Fields, func(one form.Field) bool { return one.Value != "" || one.Fault != "" })
		if len(f.Fields) > 0 {
			all = append(all, f)
		}
	}
	return all, nil
}

// sendsHeld says whether a form asks to send what is held back under a section.
func sendsHeld(values url.Values, s events.Section) bool { return values.Get("held."+string(s)) != "" }

// SectionFields are the questions of one section, as they were answered.
func SectionFields(v *web.Visit, s events.Section, values url.Values, faults form.Faults) ([]form.Field, error) {
	var all []form.Field
	for _, m := range section.Members(s) {
		name := section.Field(s, m.Name)
		f := form.Field{Name: name, ID: form.IDOf(name), Kind: form.Text, Value: values.Get(name), Needed: true} // not marked as what may be left open: all of it may
		if m.Long {
			f.Kind = form.Long
		}
		var err error
		if f.Label, err = v.Say(name); err != nil {
			return nil, err
		}
		if key := faults[name]; key != "" {
			if f.Fault, err = v.Say(key); err != nil {
				return nil, err
			}
		}
		all = append(all, f)
	}
	return all, nil
}

func speakSealing(x *act, given asked) (*spoken, error) {
	if x.about == nil {
		return nil, events.Refuse(mou.RuleReferralUnknown, "", "name the referral")
	}
	held, err := x.a.HeldSections(x.Context(), x.id)
	if err != nil {
		return nil, err
	}
	faults := form.Faults{}
	to := events.AgencyID(given.values.Get(toField))
	if !slices.Contains(legsNow(x.about), to) {
		faults.Add(toField, "acts.error.needed")
	}
	s := agency.Sealing{Case: x.id, Referral: x.referral, To: to, Values: map[events.Section]jsontext.Value{}}
	for _, one := range x.about.Sections {
		value, tooLong, err := section.Read(one, given.values.Get)
		if err != nil {
			return nil, err
		}
		for _, name := range tooLong {
			faults.Add(name, "acts.error.long")
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
		faults.Add("", "acts.error.nothing-shared")
	}
	if err := together(faults); err != nil {
		return nil, err
	}
	_, err = x.a.SealTo(x.Context(), s)
	return nil, err
}
