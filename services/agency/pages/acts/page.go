package acts

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
)

// page is what acts-say shows.
type page struct {
	Questions

	Case      events.CaseID
	Referral  *mou.Referral
	Type      string // as people say it
	Against   string // key of the rule that stands against it; empty: it may be said
	Instead   []Instead
	Statement events.EventID
	Serious   bool
	Ranks     bool // the form can be shown again with the providers ranked
	Holders   []Holder
	Sections  []SectionForm
	Back      string
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
	Fields  []ask.Field
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
func (x *act) show(values url.Values, problems ask.Problems) (web.Answer, error) {
	if x.t == events.TypeRecordOpened {
		return x.toOpen()
	}
	heading, err := x.Say("act." + x.t.Name())
	if err != nil {
		return nil, err
	}
	p := &page{Case: x.id, Referral: x.about, Type: x.t.Name(), Statement: x.statement, Serious: slices.Contains(serious(), x.t), Back: x.path(x.referral)}
	answer := web.Show{Template: "acts-say", Title: heading, Data: p}
	if !x.move.Allowed {
		p.Against, p.Instead = "rule."+string(x.move.Rule), x.instead()
		if values != nil {
			answer.Status = http.StatusUnprocessableEntity
		}
		return answer, nil
	}
	if len(problems) > 0 {
		answer.Status = http.StatusUnprocessableEntity
	}
	return answer, x.fill(p, asked{values, problems})
}

// toOpen leads to where sealed details are opened: that is said by opening them.
func (x *act) toOpen() (web.Answer, error) {
	for _, r := range slices.Backward(x.of.Records()) {
		if r.To == x.me && r.State == mou.RecordReleased {
			return web.Go(x.path(r.Referral)), nil
		}
	}
	return web.Go(x.path("")), nil
}

// fill puts the questions on the page, and the summary of what stands against them.
func (x *act) fill(p *page, given asked) error {
	fields, err := x.form.Show(x.Words, given.values, x.choices, given.problems)
	if err != nil {
		return err
	}
	if x.manner.fields != nil {
		if err := x.manner.fields(x, p, given); err != nil {
			return err
		}
	}
	slices.SortStableFunc(fields, func(f, o ask.Field) int {
		return slices.Index(x.manner.last, f.Name) - slices.Index(x.manner.last, o.Name)
	})
	p.Lay(fields...)
	return p.Sum(x.Words, given.problems, sectionFields(p.Sections)...)
}

func sectionFields(all []SectionForm) (fields []ask.Field) {
	for _, s := range all {
		fields = append(fields, s.Fields...)
	}
	return fields
}

func violation(err error) (*events.Violation, bool) { return errors.AsType[*events.Violation](err) }

// faultsIn says whether an error is of what a form holds.
func problemsIn(err error) (ask.Problems, bool) { return errors.AsType[ask.Problems](err) }

// Violated gives the message of the rule that an error is; false if it is another failure.
func Violated(err error) (message string, is bool) {
	v, is := violation(err)
	if !is {
		return "", false
	}
	return "rule." + string(v.Rule), true
}
