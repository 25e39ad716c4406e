package pages

import (
	"net/http"
	"slices"
	"time"

	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/web"
)

// approvalCounts is how long an approval counts, just below what the hub takes.
const approvalCounts = 23 * time.Hour

// approvePage is where a second auditor lends their eyes.
type approvePage struct {
	Kinds    []events.Reading
	Reader   string
	What     string
	Case     string
	Wrong    string // the field that cannot be right; empty: none
	Why      string // message
	Approval string // what to hand over
	Until    string
}

func readings() []events.Reading {
	return []events.Reading{events.ReadingReplay, events.ReadingExport, events.ReadingCases, events.ReadingLog}
}

func (p *Pages) approvals(v *web.Visit) (web.Answer, error) {
	return p.approving(v, approvePage{What: string(events.ReadingReplay)}, http.StatusOK)
}

func (p *Pages) approving(v *web.Visit, page approvePage, status int) (web.Answer, error) {
	page.Kinds = readings()
	title, err := v.Say("trail.approve.title")
	return web.Show{Template: "ledger-approve", Title: title, Data: page, Status: status}, err
}

// approve signs another auditor's reading. It reads nothing and asks the hub nothing:
// the text is all that there is, and whoever approves hands it over.
func (p *Pages) approve(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	page := approvePage{Reader: v.PostFormValue("reader"), What: v.PostFormValue("what"), Case: v.PostFormValue("case")}
	asks := ledger.ReadingRequest{What: events.Reading(page.What), Case: events.CaseID(page.Case)}
	reader := events.AgencyID(page.Reader)
	if page.Wrong = wrong(reader, asks); page.Wrong != "" {
		page.Why = "trail.approve.wrong"
	} else if reader == p.config.Auditor.Agency() {
		page.Wrong, page.Why = "reader", "trail.approve.self"
	}
	if page.Wrong != "" {
		return p.approving(v, page, http.StatusUnprocessableEntity)
	}
	until := v.Now.Add(approvalCounts)
	var err error
	if page.Approval, err = p.config.Auditor.Approve(reader, asks, until, v.Now); err != nil {
		return nil, err
	}
	if page.Until, err = v.Words.Moment(until, v.Now); err != nil {
		return nil, err
	}
	return p.approving(v, page, http.StatusOK)
}

// wrong names the first field that cannot be right; empty: none.
func wrong(reader events.AgencyID, asks ledger.ReadingRequest) string {
	if new(events.AgencyID).UnmarshalText([]byte(reader)) != nil {
		return "reader"
	}
	if !slices.Contains(readings(), asks.What) {
		return "what"
	}
	one := asks.What == events.ReadingReplay || asks.What == events.ReadingExport
	if _, err := events.Encode(&events.TrailRead{What: asks.What, Case: asks.Case}); err != nil || one == (asks.Case == "") {
		return "case"
	}
	return ""
}
