package tonight

import (
	"errors"
	"net/http"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/agency/pages/left"
	"handrail/services/web"
	"handrail/services/web/access"
)

// maxQuestion is how long a question may be, in characters.
const maxQuestion = 2000

// answering is a request as the agency that is asked sees it: coded facts, and what
// it may answer.
type answering struct {
	Case      events.CaseID
	Referral  events.ReferralID
	Path      string
	From      events.AgencyID
	Facts     *events.ReferralRequested
	State     mou.LegState
	Waits     bool
	Turn, Of  int
	Left      left.Time
	Duty      events.Staff
	Opens     []agency.SectionView // to whom works on the case
	Questions []agency.AskedQuestion
	Seen      move
	Yes       move
	No        move
	Ask       move
	Fields    []ask.Field
	Problems  ask.Wrong
	Statement events.EventID // under which a question is asked, once
}

// move is one answer: it may be given now, or a message says what stands against it.
type move struct {
	May     bool
	Against string
}

// of finds the referral that the path names.
func (p pages) of(v *web.Visit) (answering, error) {
	page := answering{Case: events.CaseID(v.PathValue("case")), Referral: events.ReferralID(v.PathValue("referral"))}
	page.Path = "/tonight/answer/" + string(page.Case) + "/" + string(page.Referral)
	shown, err := p.a.Case(page.Case)
	if _, unknown := errors.AsType[*events.Violation](err); unknown {
		return page, web.ErrNoPage
	}
	if err != nil {
		return page, err
	}
	at := slices.IndexFunc(shown.Referrals, func(r mou.Referral) bool { return r.ID == page.Referral })
	if at < 0 {
		return page, web.ErrNoPage
	}
	leg := slices.IndexFunc(shown.Referrals[at].Legs, func(l mou.Leg) bool { return l.To == p.a.ID() })
	if leg < 0 {
		return page, web.ErrNoPage
	}
	page.From, page.State = shown.Referrals[at].By, shown.Referrals[at].Legs[leg].State
	page.Waits = waitsHere(page.State)
	if !page.Waits {
		if err := v.May(access.SeeCase, &access.Case{Assigned: p.a.Assigned(page.Case)}); err != nil {
			return page, err
		}
	}
	p.waiting(v, &page)
	if page.Opens, err = p.a.Sections(page.Case); err != nil {
		return page, err
	}
	works := v.May(access.AskTonight, nil) == nil && v.May(access.Say, &access.Case{Assigned: p.a.Assigned(page.Case)}) == nil
	page.Opens = slices.DeleteFunc(page.Opens, func(s agency.SectionView) bool { return !works || s.Referral != page.Referral || !s.Open })
	for _, q := range p.a.Questions() {
		if q.Case == page.Case && q.Referral == page.Referral && q.From == p.a.ID() {
			page.Questions = append(page.Questions, q)
		}
	}
	for _, m := range shown.Next {
		if m.Referral == page.Referral {
			page.move(m)
		}
	}
	if p.speaks(v, page) != nil {
		page.others()
	}
	return page, page.askDuty(v, nil)
}

// askDuty asks whoever has a code that is no duty code for one.
func (page *answering) askDuty(v *web.Visit, problems ask.Problems) (err error) {
	if new(events.Staff).UnmarshalText([]byte(v.Person.Code)) == nil {
		return nil
	}
	s := ask.NewSheet(v, "field", v.PostForm, problems)
	s.Add(ask.Field{Name: "duty", Kind: ask.Line, Most: 32})
	page.Fields, err = s.Fields()
	page.Problems = ask.WrongIn(page.Fields)
	return err
}

// waiting fills in what is seen of a request that waits.
func (p pages) waiting(v *web.Visit, page *answering) {
	for _, w := range p.a.Waiting() {
		if w.Case != page.Case || w.Referral != page.Referral {
			continue
		}
		page.Facts, page.Turn, page.Of, page.Duty = w.Facts, w.Turn, w.Of, w.Duty
		due := w.AnswerBy
		if w.State == mou.LegRequested && !w.AckBy.IsZero() {
			due = w.AckBy
		}
		page.Left = left.Of(w.Arrived, due, v.Now)
	}
}

// move notes what the agency may say about the request now.
func (page *answering) move(m mou.Move) {
	said := move{May: m.Allowed}
	if !m.Allowed {
		said.Against = "rule." + string(m.Rule)
	}
	answers := map[events.Type]*move{
		events.TypeReferralAcknowledged: &page.Seen, events.TypeReferralAccepted: &page.Yes,
		events.TypeReferralDeclined: &page.No, events.TypeReferralAsked: &page.Ask,
	}
	if answer := answers[m.Type]; answer != nil {
		*answer = said
	}
}

// others says of every answer that those answer who work on the case.
func (page *answering) others() {
	for _, answer := range []*move{&page.Seen, &page.Yes, &page.No, &page.Ask} {
		if answer.May {
			*answer = move{Against: "web.error.not-assigned"}
		}
	}
}

// asked shows the request and the answers.
func (p pages) asked(v *web.Visit) (web.Answer, error) {
	page, err := p.of(v)
	if err != nil {
		return nil, err
	}
	return page.show(v)
}

func (page *answering) show(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("tonight.answer.title")
	show := web.Show{Template: "tonight-answer", Title: title, Data: page}
	if len(page.Problems.Lines) > 0 {
		show.Status = http.StatusUnprocessableEntity
	}
	return show, err
}

// followAsked keeps the live part of that page as the journal has it.
func (p pages) followAsked(v *web.Visit) (web.Stream, error) {
	if _, err := p.of(v); err != nil {
		return web.Stream{}, err
	}
	return web.Stream{Position: p.a.Changes, Fresh: fresh, Part: func(v *web.Visit) (web.Show, error) {
		page, err := p.of(v)
		return web.Show{Template: "tonight-answer-live", Data: page}, err
	}}, nil
}

// confirm is the second tap: what happens next, and the button.
func (p pages) confirm(v *web.Visit, step string, problems ask.Problems) (web.Answer, error) {
	page, err := p.of(v)
	if err != nil {
		return nil, err
	}
	if allowed := map[string]move{"yes": page.Yes, "no": page.No, "ask": page.Ask}[step]; !allowed.May {
		return web.Go(page.Path), nil // the page says what stands against it
	}
	s := ask.NewSheet(v, "tonight", v.PostForm, problems)
	switch step {
	case "no":
		s.Listed("reason", ask.One, "decline-reason", events.DeclineReason("").Codes()...)
	case "ask":
		s.Add(ask.Field{Name: "question", Kind: ask.Text, Most: maxQuestion})
		if page.Statement, err = ask.Statement(v); err != nil {
			return nil, err
		}
	}
	if page.Fields, err = s.Fields(); err != nil {
		return nil, err
	}
	page.Problems = ask.WrongIn(page.Fields)
	title, err := v.Say("tonight.answer." + step + ".title")
	show := web.Show{Template: "tonight-" + step, Title: title, Data: page}
	if len(problems) > 0 {
		show.Status = http.StatusUnprocessableEntity
	}
	return show, err
}
