package report

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// row is one draft in the list.
type row struct {
	Path    string
	Delete  string
	Author  string // empty: the reader
	Begun   time.Time
	Stored  time.Time
	Expires time.Time
}

// list shows the reader's own drafts, to the duty lead everybody's, and begins a new one.
func (p pages) list(v *web.Visit) (web.Answer, error) {
	drafts, err := p.a.Forms(v.Context(), kind)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, d := range drafts {
		if v.May(access.OpenDraft, &access.Case{Assigned: []string{d.Author}}) != nil {
			continue
		}
		r := row{Path: "/report/" + string(d.ID), Delete: path(d.ID, "delete"), Begun: d.Begun, Stored: d.Stored, Expires: d.Expires}
		if d.Author != v.Person.Code {
			r.Author = d.Author
		}
		rows = append(rows, r)
	}
	profile, err := p.a.Profile()
	if err != nil {
		return nil, err
	}
	title, err := v.Say("report.title")
	return web.Show{Template: "report-list", Title: title, Data: map[string]any{"Drafts": rows, "Life": profile.DraftLife(), "May": profile.May(p.a.Kind(), events.TypeCaseOpened)}}, err
}

// begin keeps a new, empty draft and leads to its first step.
func (p pages) begin(v *web.Visit) (web.Answer, error) {
	d, err := p.a.BeginForm(v.Context(), agency.FormDraft{Kind: kind, Author: v.Person.Code, Form: jsontext.Value(`{"steps":{},"at":{}}`)})
	if err != nil {
		return nil, err
	}
	return web.Go(path(d.ID, stepNow)), nil
}

// goOn leads to where the draft stands.
func (p pages) goOn(v *web.Visit, f *form) (web.Answer, error) {
	return web.Go(path(f.id, f.next())), nil
}

func (p pages) askDelete(v *web.Visit, f *form) (web.Answer, error) {
	title, err := v.Say("report.delete.title")
	return web.Show{Template: "report-delete", Title: title, Data: map[string]any{"Action": path(f.id, "delete"), "Back": path(f.id, f.next()), "Stored": f.draft.Stored, "Begun": f.draft.Begun}}, err
}

// delete deletes a draft at once.
func (p pages) delete(v *web.Visit, f *form) (web.Answer, error) {
	if err := p.a.DropForm(v.Context(), f.id); err != nil {
		return nil, err
	}
	return web.Go("/report"), nil
}
