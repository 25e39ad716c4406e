package acts

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/web"
)

// statementField is the field of a form that holds the id under which it is said.
const statementField = "statement"

// page is what acts-say shows.
type page struct {
	Case      events.CaseID
	Referral  *mou.Referral
	Type      string // as people say it
	Against   string // key of the rule that stands against it; empty: it may be said
	Instead   []Instead
	Faults    []Fault
	Fields    []form.Field
	Aside     []form.Field
	AsideOpen bool
	Statement string
	Serious   bool
	Ranks     bool // the form can be shown again with the providers ranked
	Holders   []Holder
	Sections  []SectionForm
	Back      string
}

// Fault is one line of the summary of what stands against a form.
type Fault struct {
	ID    string // of the field; empty: of the whole form
	Label string
	Text  string
}

// Holder is one agency that holds details which a withdrawal is about.
type Holder struct {
	Agency   events.AgencyID
	Sections int
}

// SectionForm is one section to be sealed: held back here, or to be written.
type SectionForm struct {
	Section events.Section
	Held    bool
	Send    bool // what is held back
	Fields  []form.Field
	Open    bool // something is written in it, or wrong with it
}

// serious are what cannot be taken back, or stops something for somebody.
func serious() []events.Type {
	return []events.Type{
		events.TypeReferralDeclined, events.TypeReferralWithdrawn, events.TypeConsentWithdrawn, events.TypeConsentRefused, events.TypeCaseClosed, events.TypeHandoverFailed,
		events.TypeEmergencyDisclosed, events.TypeReturnDeparted,
	}
}

// show is the page, as the form was filled.
func (x *act) show(values url.Values, faults form.Faults) (web.Answer, error) {
	if x.t == events.TypeRecordOpened {
		return x.toOpen()
	}
	heading, err := x.Say("act." + x.t.Name())
	if err != nil {
		return nil, err
	}
	p := &page{Case: x.id, Referral: x.about, Type: x.t.Name(), Serious: slices.Contains(serious(), x.t), Back: "/cases/" + string(x.id)}
	if x.referral != "" {
		p.Back = "/referrals/" + string(x.id) + "/" + string(x.referral)
	}
	answer := web.Show{Template: "acts-say", Title: heading, Data: p}
	if !x.move.Allowed {
		p.Against, p.Instead = "rule."+string(x.move.Rule), x.instead()
		if values != nil {
			answer.Status = http.StatusUnprocessableEntity
		}
		return answer, nil
	}
	if len(faults) > 0 {
		answer.Status = http.StatusUnprocessableEntity
	}
	if p.Statement = values.Get(statementField); p.Statement == "" {
		if p.Statement, err = events.NewUUID(x.Now, rand.Reader); err != nil {
			return nil, err
		}
	}
	return answer, x.fill(p, asked{values, faults})
}

// toOpen leads to where sealed details are opened: that is said by opening them.
func (x *act) toOpen() (web.Answer, error) {
	for _, r := range slices.Backward(x.of.Records()) {
		if r.To == x.me && r.State == mou.RecordReleased {
			return web.Go("/referrals/" + string(x.id) + "/" + string(r.Referral)), nil
		}
	}
	return web.Go("/cases/" + string(x.id)), nil
}

// fill puts the questions on the page, and the summary of what stands against them.
func (x *act) fill(p *page, given asked) error {
	fields, err := x.form.Show(x.Words, given.values, x.choices, given.faults)
	if err != nil {
		return err
	}
	if x.manner.fields != nil {
		if err := x.manner.fields(x, p, given); err != nil {
			return err
		}
	}
	slices.SortStableFunc(fields, func(f, o form.Field) int {
		return slices.Index(x.manner.last, f.Name) - slices.Index(x.manner.last, o.Name)
	})
	for _, f := range fields {
		if f.Aside {
			p.Aside = append(p.Aside, f)
			p.AsideOpen = p.AsideOpen || f.Fault != ""
		} else {
			p.Fields = append(p.Fields, f)
		}
	}
	p.Faults, err = Summary(x.Visit, given.faults, slices.Concat(p.Fields, p.Aside, sectionFields(p.Sections)))
	return err
}

func sectionFields(all []SectionForm) (fields []form.Field) {
	for _, s := range all {
		fields = append(fields, s.Fields...)
	}
	return fields
}

// Summary lists what stands against a form, each with a link to its field.
func Summary(v *web.Visit, faults form.Faults, fields []form.Field) ([]Fault, error) {
	var all []Fault
	shown := map[string]form.Field{}
	var walk func([]form.Field)
	walk = func(fields []form.Field) {
		for _, f := range fields {
			shown[f.Name] = f
			walk(f.Fields)
		}
	}
	walk(fields)
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		text, err := v.Say(faults[name])
		if err != nil {
			return nil, err
		}
		fault := Fault{Text: text}
		if f, is := shown[name]; is {
			fault.ID, fault.Label = f.ID, f.Label
		}
		all = append(all, fault)
	}
	return all, nil
}

func violation(err error) (*events.Violation, bool) { return errors.AsType[*events.Violation](err) }

// faultsIn says whether an error is of what a form holds.
func faultsIn(err error) (form.Faults, bool) { return errors.AsType[form.Faults](err) }

// together joins what stands against several parts of a form.
func together(all ...form.Faults) error {
	sum := form.Faults{}
	for _, faults := range all {
		for name, key := range faults {
			sum.Add(name, key)
		}
	}
	if len(sum) == 0 {
		return nil
	}
	return sum
}

// readParts reads the payload and tells what stands against it together with what is
// known to stand against the form's other parts. Of what those parts fill in nothing
// is told: it is their fault.
func (x *act) readParts(values url.Values, c form.Choices, known form.Faults) (events.Payload, error) {
	payload, err := x.form.Read(values, c)
	faults, is := faultsIn(err)
	switch {
	case err != nil && !is:
		return nil, fmt.Errorf("reading a form: %w", err)
	case len(known) > 0:
		maps.DeleteFunc(faults, func(name, _ string) bool {
			member, _, _ := strings.Cut(name, ".")
			_, filled := c.Fixed[member]
			return filled
		})
	}
	return payload, together(known, faults)
}

// Violated gives the message of the rule that an error is; false if it is another failure.
func Violated(err error) (message string, is bool) {
	v, is := violation(err)
	if !is {
		return "", false
	}
	return "rule." + string(v.Rule), true
}
