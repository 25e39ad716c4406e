package tonight

import (
	"errors"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/access"
)

// speaks says whether the person may speak for the agency in the case: one to which
// nobody is assigned is taken by whoever answers.
func (p pages) speaks(v *web.Visit, page answering) error {
	of := p.a.Assigned(page.Case)
	if len(of) == 0 {
		return nil
	}
	return v.May(access.Say, &access.Case{Assigned: of})
}

// say says something about the referral and takes the case for whoever says it, if
// nobody works on it; then it shows how things stand.
func (p pages) say(v *web.Visit, page answering, facts events.Payload) (web.Answer, error) {
	if err := p.speaks(v, page); err != nil {
		return nil, err
	}
	_, err := p.a.Say(v.Context(), agency.Statement{Case: page.Case, Referral: page.Referral, Cause: page.Referral, Payload: facts})
	return p.said(v, page, err)
}

// said leads back to the request, which says how it stands; also where the same was
// said before, or was not possible any more.
func (p pages) said(v *web.Visit, page answering, err error) (web.Answer, error) {
	if err != nil {
		if _, refused := errors.AsType[*events.Violation](err); refused {
			return web.Go(page.Path), nil // what stands against it now stands there
		}
		return nil, err
	}
	if err := p.a.Take(v.Context(), page.Case, v.Person.Code); err != nil && !errors.Is(err, agency.ErrAssigned) {
		return nil, err
	}
	return web.Go(page.Path), nil
}

// sent reads an answer's form, and finds the referral that it is about.
func (p pages) sent(v *web.Visit) (answering, error) {
	if err := v.Form(); err != nil {
		return answering{}, err
	}
	return p.of(v)
}

func (p pages) now() events.Said {
	at := events.At(p.a.Now())
	return events.Said{Happened: at, Recorded: at, Channel: events.InPerson}
}

// seen says who is on it: what the person needs and what is dangerous for them opens
// to a named duty worker, if the person agreed to that.
func (p pages) seen(v *web.Visit) (web.Answer, error) {
	page, err := p.sent(v)
	if err != nil {
		return nil, err
	}
	facts := &events.ReferralAcknowledged{Said: p.now()}
	for _, code := range []string{v.Person.Code, v.PostFormValue("duty")} {
		if facts.Duty == "" && new(events.Staff).UnmarshalText([]byte(code)) == nil {
			facts.Duty = events.Staff(code)
		}
	}
	if facts.Duty == "" {
		if err := page.askDuty(v, ask.Problems{"duty": {Key: "tonight.duty.wrong"}}); err != nil { // without one nothing opens
			return nil, err
		}
		return page.show(v)
	}
	return p.say(v, page, facts)
}

// accept says that a place is kept.
func (p pages) accept(v *web.Visit) (web.Answer, error) {
	page, err := p.of(v)
	if err != nil {
		return nil, err
	}
	return p.say(v, page, &events.ReferralAccepted{Said: p.now()})
}

// decline says that there is none, and why.
func (p pages) decline(v *web.Visit) (web.Answer, error) {
	page, err := p.sent(v)
	if err != nil {
		return nil, err
	}
	r := ask.NewReader(v.PostForm)
	reason := ask.Code[events.DeclineReason](r, "reason", true)
	if len(r.Problems) > 0 {
		return p.confirm(v, "no", r.Problems)
	}
	return p.say(v, page, &events.ReferralDeclined{Said: p.now(), Reason: reason})
}

// question asks whoever asked; the text travels sealed.
func (p pages) question(v *web.Visit) (web.Answer, error) {
	page, err := p.sent(v)
	if err != nil {
		return nil, err
	}
	r := ask.NewReader(v.PostForm)
	text := r.Words("question", true, maxQuestion)
	if len(r.Problems) > 0 {
		return p.confirm(v, "ask", r.Problems)
	}
	if err := p.speaks(v, page); err != nil {
		return nil, err
	}
	id, err := ask.Statement(v)
	if err != nil {
		return nil, err
	}
	_, err = p.a.Ask(v.Context(), agency.Asking{Case: page.Case, Referral: page.Referral, Text: text, ID: id})
	return p.said(v, page, err)
}
