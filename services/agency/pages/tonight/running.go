package tonight

import (
	"errors"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/asked"
	"handrail/services/web"
	"handrail/services/web/access"
)

// fresh is how often the time left is told again, although nothing changed.
const fresh = 30 * time.Second

// running is a request as it runs.
type running struct {
	Case      events.CaseID
	Requests  []asked.Request
	Questions []agency.AskedQuestion // to this agency
	Told      bool                   // child protection was told, or is asked
	Again     bool                   // somebody else can be asked
	Withdraw  []events.ReferralID    // requests that can be taken back
}

// show shows a request as it runs; or, before it is sent, the form as it was left.
func (p pages) show(v *web.Visit) (web.Answer, error) {
	id := events.CaseID(v.PathValue("case"))
	draft, err := p.a.Form(v.Context(), id)
	switch {
	case err == nil:
		return p.draft(v, draft)
	case !errors.Is(err, agency.ErrNoForm):
		return nil, err
	}
	page, err := p.running(v, id)
	if err != nil {
		return nil, err
	}
	title, err := v.Say("tonight.running.title")
	return web.Show{Template: "tonight-running", Title: title, Data: page}, err
}

// running gathers how a case's requests of this agency stand.
func (p pages) running(v *web.Visit, id events.CaseID) (running, error) {
	page := running{Case: id}
	shown, err := p.a.Case(id)
	if _, unknown := errors.AsType[*events.Violation](err); unknown {
		return page, web.ErrNoPage
	}
	if err != nil {
		return page, err
	}
	if err := v.May(access.SeeCase, &access.Case{Assigned: p.a.Assigned(id)}); err != nil {
		return page, err
	}
	views, err := p.a.AskedBy(id)
	if err != nil {
		return page, err
	}
	page.Requests = asked.Of(views, v.Now)
	for _, q := range p.a.Questions() {
		if q.Case == id && q.To == p.a.ID() {
			page.Questions = append(page.Questions, q)
		}
	}
	page.Told = shown.Age != events.Adult
	for _, move := range shown.Next {
		switch {
		case !move.Allowed:
		case move.Type == events.TypeReferralRequested:
			page.Again = over(views)
		case move.Type == events.TypeReferralWithdrawn:
			page.Withdraw = append(page.Withdraw, move.Referral)
		}
	}
	return page, nil
}

// over says whether nobody is waited for any more, and nobody took the person.
func over(views []agency.AskedView) bool {
	for _, view := range views {
		if view.Taken != "" || !view.Over {
			return false
		}
	}
	return true
}

// follow keeps the running page's live part as the journal has it.
func (p pages) follow(v *web.Visit) (web.Stream, error) {
	id := events.CaseID(v.PathValue("case"))
	if _, err := p.running(v, id); err != nil {
		return web.Stream{}, err
	}
	return web.Stream{Position: p.a.Changes, Fresh: fresh, Part: func(v *web.Visit) (web.Show, error) {
		page, err := p.running(v, id)
		return web.Show{Template: "tonight-running-live", Data: page}, err
	}}, nil
}

// waitsHere says whether a provider's answer is still waited for.
func waitsHere(state mou.LegState) bool {
	switch state {
	case mou.LegRequested, mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired:
		return true
	default:
		return false
	}
}
