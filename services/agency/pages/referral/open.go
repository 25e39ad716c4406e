package referral

import (
	"net/http"
	"slices"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/acts/section"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/access"
)

const basisField = "basis"

// opening is what referral-open shows: one section that may be opened.
type opening struct {
	acts.Questions

	Case     events.CaseID
	Referral events.ReferralID
	Section  agency.SectionView
	Against  string
	Role     events.ReaderRole
}

// content is what referral-content shows: an opened section.
type content struct {
	Case     events.CaseID
	Referral events.ReferralID
	Section  agency.SectionView
	Role     events.ReaderRole
	Lines    []section.Line
	CanReply bool
}

// sealed finds the section that a path names, and asks whether the person may open it
// now.
func sealed(v *web.Visit, a *agency.Agency) (subject, agency.SectionView, error) {
	s, err := find(v, a)
	if err != nil {
		return s, agency.SectionView{}, err
	}
	if err := v.May(access.OpenSealed, &access.Case{Assigned: a.Assigned(s.id)}); err != nil {
		return s, agency.SectionView{}, err
	}
	views, err := a.Sections(s.id)
	if err != nil {
		return s, agency.SectionView{}, err
	}
	at := slices.IndexFunc(views, func(view agency.SectionView) bool {
		return string(view.Record) == v.PathValue("record") && view.Referral == s.asked.ID
	})
	if at < 0 {
		return s, agency.SectionView{}, web.ErrNoPage
	}
	return s, views[at], nil
}

func askToOpen(v *web.Visit, a *agency.Agency, problems ask.Problems) (web.Answer, error) {
	s, view, err := sealed(v, a)
	if err != nil {
		return nil, err
	}
	p := opening{Case: s.id, Referral: s.asked.ID, Section: view}
	if _, kind := a.Me(); v.Person != nil {
		p.Role = readerRole(v.Person, kind)
	}
	heading, err := v.Say("act.record.opened")
	if err != nil {
		return nil, err
	}
	answer := web.Show{Template: "referral-open", Title: heading, Data: &p}
	if !view.Open {
		p.Against = "rule." + string(view.Rule)
		return answer, nil
	}
	choices := form.Choices{Place: v.Words.In(v.Now).Location(), Now: v.Now}
	basis := []form.Member{{Name: basisField, Key: basisField, Kind: ask.One, List: "legal-basis", Codes: events.LegalBasis("").Codes(), Needed: true}}
	if p.Fields, err = form.Show("record.opened", basis, v.Words, v.PostForm, choices, problems); err != nil {
		return nil, err
	}
	if err := p.Sum(v.Words, problems); err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		answer.Status = http.StatusUnprocessableEntity
	}
	return answer, nil
}

// open records the reading and shows the section. What is shown is the answer to this
// one form: it is kept nowhere.
func open(v *web.Visit, a *agency.Agency) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	s, view, err := sealed(v, a)
	if err != nil {
		return nil, err
	}
	basis := events.LegalBasis(v.PostForm.Get(basisField))
	switch {
	case !view.Open:
		return askToOpen(v, a, nil)
	case new(events.LegalBasis).UnmarshalText([]byte(basis)) != nil:
		return askToOpen(v, a, ask.Problems{basisField: {Key: "acts.error.needed"}})
	}
	_, kind := a.Me()
	role := readerRole(v.Person, kind)
	value, err := a.Open(v.Context(), agency.Opening{Case: s.id, Record: view.Record, Role: role, Purpose: view.Purpose, Basis: basis, Reader: v.Person.Code})
	if err != nil {
		if against, is := acts.Violated(err); is {
			return askToOpen(v, a, ask.Problems{"": {Key: against}})
		}
		return nil, err
	}
	p := content{Case: s.id, Referral: s.asked.ID, Section: view, Role: role}
	if p.Lines, err = section.Show(v.Words, view.Section, value); err != nil {
		return nil, err
	}
	p.CanReply = slices.ContainsFunc(questionsOf(a, s), func(q Question) bool { return q.Question == view.Record && q.CanReply })
	heading, err := v.Words.Code("section", string(view.Section))
	return web.Show{Template: "referral-content", Title: heading, Data: &p}, err
}
