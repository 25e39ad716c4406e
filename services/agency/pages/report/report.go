// Package report is the form for whoever meets a person: steps on separate pages, consent before anything else is asked,
// and then only what that consent allows.
//
// What is typed is kept at every step as a draft in the agency's journal, also when it cannot stand yet, so that neither a
// lock, a restart nor the way back loses it. It belongs to its author; the duty lead can open it too. It ends when it is
// sent, deleted, or expires. A step that the person's answers close forgets what was typed in it. The signs of forced labour
// advise whoever asks, in words; they are never a fact and never decide.
//
// All is said in one breath by [agency.Agency.Report]: sending twice reports once, because the draft's id becomes the case's.
package report

import (
	"errors"
	"net/http"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/agency/pages/joined"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Register adds the pages to an agency's site.
func Register(site *web.Site, a *agency.Agency) {
	p := pages{a}
	page := joined.Pages(site)
	page("GET /report", access.Report, p.list)
	page("POST /report", access.Report, p.begin)
	page("GET /report/{draft}", access.Report, p.draft(p.goOn))
	page("GET /report/{draft}/danger", access.Report, p.draft(p.danger))
	page("GET /report/{draft}/delete", access.Report, p.draft(p.askDelete))
	page("POST /report/{draft}/delete", access.Report, p.draft(p.delete))
	page("GET /report/{draft}/check", access.Report, p.draft(p.check))
	page("POST /report/{draft}/check", access.Report, p.draft(p.send))
	page("GET /report/{draft}/sent", access.Report, p.sent)
	page("GET /report/{draft}/{step}", access.Report, p.draft(p.show))
	page("POST /report/{draft}/{step}", access.Report, p.draft(p.take))
	page("POST /report/{draft}/{step}/keep", access.Report, p.draft(p.keep))
}

// pages answers for one agency.
type pages struct{ a *agency.Agency }

// path is where a step of a draft stands.
func path(draft events.CaseID, name string) string { return "/report/" + string(draft) + "/" + name }

// step shows one step of a form.
func (p pages) show(v *web.Visit, f *form) (web.Answer, error) {
	name := v.PathValue("step")
	if !f.reached(name) {
		return web.Go(path(f.id, f.next())), nil
	}
	return f.page(v, name, nil)
}

// take keeps what a step was answered, and goes on if it can stand.
func (p pages) take(v *web.Visit, f *form) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	name := v.PathValue("step")
	if !f.reached(name) || name == stepCheck {
		return web.Go(path(f.id, f.next())), nil
	}
	stay := v.PostFormValue("go") == "stay"
	if err := f.keep(v, name, v.PostForm, true); err != nil {
		return nil, err
	}
	problems := f.problems[name]
	switch {
	case len(problems) > 0:
		return f.page(v, name, problems)
	case stay:
		return web.Go(path(f.id, name)), nil
	case name == stepNow && f.told.danger == "yes":
		return web.Go(path(f.id, "danger")), nil
	}
	return web.Go(path(f.id, f.after(name))), nil
}

// keep stores what stands in a step's form while somebody still types.
func (p pages) keep(v *web.Visit, f *form) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	if name := v.PathValue("step"); f.reached(name) && name != stepCheck {
		return nil, f.keep(v, name, v.PostForm, false)
	}
	return nil, web.ErrNoPage
}

// danger is what to do first when somebody is in danger now.
func (p pages) danger(v *web.Visit, f *form) (web.Answer, error) {
	title, err := v.Say("report.danger.title")
	return web.Show{Template: "report-danger", Title: title, Data: map[string]string{"Next": path(f.id, f.after(stepNow))}}, err
}

// draft is a page of the path's draft.
func (p pages) draft(page func(*web.Visit, *form) (web.Answer, error)) web.Page {
	return func(v *web.Visit) (web.Answer, error) {
		f, answer, err := p.open(v)
		if answer != nil || err != nil {
			return answer, err
		}
		return page(v, f)
	}
}

// open gives the form of the path's draft to whoever may see it. Where it was sent, it
// leads to what happens now; where there is none, it says so.
func (p pages) open(v *web.Visit) (*form, web.Answer, error) {
	id := events.CaseID(v.PathValue("draft"))
	draft, err := p.a.Form(v.Context(), id)
	if errors.Is(err, agency.ErrNoForm) || err == nil && draft.Kind != kind {
		if _, err := p.a.Case(id); err == nil {
			return nil, web.Go(path(id, "sent")), nil
		}
		title, err := v.Say("report.gone.title")
		return nil, web.Show{Template: "report-gone", Title: title, Status: http.StatusNotFound}, err
	}
	if err != nil {
		return nil, nil, err
	}
	if err := v.May(access.OpenDraft, &access.Case{Assigned: []string{draft.Author}}); err != nil {
		return nil, nil, err
	}
	f, err := newForm(p.a, draft)
	return f, nil, err
}

// page shows a step, with what is wrong in it.
func (f *form) page(v *web.Visit, name string, problems ask.Problems) (web.Answer, error) {
	view, err := f.view(v, name, problems)
	if err != nil {
		return nil, err
	}
	show := web.Show{Template: "report-step", Title: view.Title, Data: view}
	if len(problems) > 0 {
		show.Status = http.StatusUnprocessableEntity
	}
	return show, nil
}
