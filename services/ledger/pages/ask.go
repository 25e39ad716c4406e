package pages

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
	"handrail/services/web"
)

// asking is what a person is about to read.
type asking struct {
	What events.Reading
	Case events.CaseID
}

func (a asking) request() ledger.ReadingRequest {
	return ledger.ReadingRequest{What: a.What, Case: a.Case}
}

// path is where the reading is asked for.
func (a asking) path() string {
	switch a.What {
	case events.ReadingCases:
		return "/cases/read"
	case events.ReadingExport:
		return "/trail/" + string(a.Case) + "/export"
	default:
		return "/trail/" + string(a.Case) + "/read"
	}
}

// askPage is what stands before every reading.
type askPage struct {
	asking

	Path     string
	Says     string // message: what is about to be read
	Does     string // message: the button
	Auditor  events.AgencyID
	Code     string
	Back     string
	Approval bool   // a second auditor must approve
	Shown    string // the approval that did not count
	Problem  string // message: why it was not read; empty: it was not tried
}

// ask shows what is about to be read, and that it will stand in the log: nothing is
// read by following a link.
func (p *Pages) ask(v *web.Visit, asks asking) (web.Answer, error) {
	return p.asked(v, asks, askPage{Back: v.URL.RequestURI()}, http.StatusOK)
}

func (p *Pages) asked(v *web.Visit, asks asking, page askPage, status int) (web.Answer, error) {
	page.asking, page.Path, page.Auditor, page.Code = asks, asks.path(), p.config.Auditor.Agency(), v.Person.Code
	page.Does = "trail.ask.read"
	switch asks.What {
	case events.ReadingCases:
		page.Says = "trail.ask.cases"
	case events.ReadingExport:
		page.Says, page.Does = "trail.ask.export", "trail.ask.save"
	default:
		page.Says = "trail.ask.case"
	}
	title, err := v.Say("trail.ask.title")
	return web.Show{Template: "ledger-ask", Title: title, Data: page, Status: status}, err
}

// refused says why a reading could not be made, or its content not be shown.
func (p *Pages) refused(v *web.Visit, asks asking, err error) (web.Answer, error) {
	if errors.Is(err, audit.ErrUnverified) {
		p.log.LogAttrs(v.Context(), slog.LevelError, "a trail does not verify", slog.Any("cause", err))
		return p.problem(v, problemPage{Says: "trail.problem.unverified", Finding: err.Error(), Bad: true}, http.StatusOK)
	}
	problem, ok := errors.AsType[*audit.ProblemError](err)
	if !ok {
		if v.Context().Err() == nil || !errors.Is(err, context.Canceled) {
			p.log.LogAttrs(v.Context(), slog.LevelWarn, "a reading could not be made", slog.Any("cause", err))
		}
		return p.problem(v, problemPage{Says: "trail.problem.away"}, http.StatusServiceUnavailable)
	}
	switch problem.Rule() {
	case "approval-needed":
		page := askPage{Approval: true, Shown: approval(v), Back: v.Back("")}
		if page.Shown != "" {
			page.Problem = "trail.problem.approval"
		}
		return p.asked(v, asks, page, http.StatusUnprocessableEntity)
	case string(mou.RuleCaseUnknown):
		return p.problem(v, problemPage{Says: "trail.problem.unknown"}, http.StatusNotFound)
	case "reading-rate":
		return p.problem(v, problemPage{Says: "trail.problem.many"}, http.StatusTooManyRequests)
	case "not-active", "not-ready":
		return p.problem(v, problemPage{Says: "trail.problem.away"}, http.StatusServiceUnavailable)
	}
	p.log.LogAttrs(v.Context(), slog.LevelError, "the hub refused a reading", slog.String("rule", problem.Rule()))
	return p.problem(v, problemPage{Says: "trail.problem.key"}, http.StatusForbidden)
}

// problemPage says what stands against a reading, and what to do.
type problemPage struct {
	Says    string // message
	Finding string // what does not verify, in the words of whoever checks logs: English
	Bad     bool
}

func (p *Pages) problem(v *web.Visit, page problemPage, status int) (web.Answer, error) {
	title, err := v.Say("trail.problem.title")
	return web.Show{Template: "ledger-problem", Title: title, Data: page, Status: status}, err
}
