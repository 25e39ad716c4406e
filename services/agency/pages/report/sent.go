package report

import (
	"errors"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency/pages/asked"
	"handrail/services/web"
	"handrail/services/web/access"
)

// sentView is what happens now.
type sentView struct {
	Case     events.CaseID
	Asked    []asked.Request
	Told     []events.AgencyID
	WayBack  events.WayBack
	Open     int  // questions that the form left open
	Declined bool // the person wants no help now
}

// sent says what happens now.
func (p pages) sent(v *web.Visit) (web.Answer, error) {
	id := events.CaseID(v.PathValue("draft"))
	shown, err := p.a.Case(id)
	if _, unknown := errors.AsType[*events.Violation](err); unknown {
		return nil, web.ErrNoPage
	}
	if err != nil {
		return nil, err
	}
	if err := v.May(access.SeeCase, &access.Case{Assigned: p.a.Assigned(id)}); err != nil {
		return nil, err
	}
	page := sentView{Case: id, WayBack: shown.HelpDeclined.WayBack, Declined: shown.HelpDeclined.WayBack != ""}
	requests, err := p.a.AskedBy(id)
	if err != nil {
		return nil, err
	}
	page.Asked = asked.Of(requests, v.Now)
	for _, line := range shown.Trail {
		if line.Type != events.TypeNoticeSent.Name() || line.By != p.a.ID() {
			continue
		}
		var notice events.NoticeSent
		if err := json.Unmarshal(line.Facts, &notice); err != nil {
			return nil, err
		}
		page.Told = append(page.Told, notice.To)
	}
	tasks, err := p.a.Tasks(v.Context())
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if task.Case == id {
			page.Open++
		}
	}
	title, err := v.Say("report.sent.title")
	return web.Show{Template: "report-sent", Title: title, Data: page}, err
}
