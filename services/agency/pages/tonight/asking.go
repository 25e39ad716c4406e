package tonight

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/access"
)

// kind is the name under which drafts of this form are kept.
const kind = "tonight"

// path is where a request stands.
func path(id events.CaseID) string { return "/tonight/" + string(id) }

// started is a request that was begun and not sent.
type started struct {
	Path    string
	Stored  time.Time
	Expires time.Time
}

// begin shows a new form, with the id of the case that sending it opens.
func (p pages) begin(v *web.Visit) (web.Answer, error) {
	id, err := events.NewUUID(v.Now, rand.Reader)
	if err != nil {
		return nil, err
	}
	f := &form{Case: events.CaseID(id)}
	drafts, err := p.a.Forms(v.Context(), kind)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		if d.Author == v.Person.Code {
			f.Started = append(f.Started, started{path(d.ID), d.Stored, d.Expires})
		}
	}
	return p.shown(v, f, defaults(), nil)
}

func (p pages) shown(v *web.Visit, f *form, given url.Values, problems ask.Problems) (web.Answer, error) {
	if err := p.sheet(v, f, given, problems); err != nil {
		return nil, err
	}
	profile, err := p.a.Profile()
	if err != nil {
		return nil, err
	}
	f.May = profile.May(p.a.Kind(), events.TypeReferralRequested)
	title, err := v.Say("tonight.title")
	show := web.Show{Template: "tonight-form", Title: title, Data: f}
	if len(problems) > 0 || f.Against != "" {
		show.Status = http.StatusUnprocessableEntity
	}
	return show, err
}

// ask asks for the bed. Sent twice it asks once, and leads to the same page.
func (p pages) ask(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	request, problems, err := p.read(v.PostForm)
	if err != nil {
		return nil, err
	}
	if new(events.CaseID).UnmarshalText([]byte(request.Case)) != nil {
		return nil, web.ErrUnreadable
	}
	f := &form{Case: request.Case}
	if _, err := p.a.Case(request.Case); err == nil {
		return web.Go(path(request.Case)), nil
	}
	if len(problems) > 0 {
		return p.shown(v, f, v.PostForm, problems)
	}
	_, err = p.a.AskTonight(v.Context(), request)
	violation, refused := errors.AsType[*events.Violation](err)
	switch {
	case ask.SentBefore(err):
		return web.Go(path(request.Case)), nil
	case refused:
		if name, known := places(violation.Pointer); known {
			return p.shown(v, f, v.PostForm, ask.Problems{name: {Key: "rule." + string(violation.Rule)}})
		}
		if f.Against, err = v.Say("rule." + string(violation.Rule)); err != nil {
			return nil, err
		}
		return p.shown(v, f, v.PostForm, nil)
	case err != nil:
		return nil, err
	}
	err = errors.Join(p.a.Assign(v.Context(), request.Case, v.Person.Code, v.Person.Code), p.a.DropForm(v.Context(), request.Case))
	return web.Go(path(request.Case)), err
}

// keep stores what stands in the form while somebody still types.
func (p pages) keep(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	id := events.CaseID(v.PathValue("case"))
	v.PostForm.Del("case")
	text, err := json.Marshal(v.PostForm, json.Deterministic(true))
	if err != nil {
		return nil, web.ErrUnreadable // text that is no UTF-8
	}
	draft, err := p.a.Form(v.Context(), id)
	switch {
	case errors.Is(err, agency.ErrNoForm):
		_, err = p.a.BeginForm(v.Context(), agency.FormDraft{ID: id, Kind: kind, Author: v.Person.Code, Form: text})
		return nil, err
	case err != nil:
		return nil, err
	}
	if err := p.mine(v, draft); err != nil {
		return nil, err
	}
	draft.Form = text
	if err := p.a.KeepForm(v.Context(), draft); !errors.Is(err, agency.ErrFormChanged) {
		return nil, err
	}
	return nil, nil //nolint:nilnil // what was stored meanwhile is newer, and an empty answer is one
}

// mine says whether the person may see a draft.
func (p pages) mine(v *web.Visit, draft agency.FormDraft) error {
	if draft.Kind != kind {
		return web.ErrNoPage
	}
	return v.May(access.OpenDraft, &access.Case{Assigned: []string{draft.Author}})
}

// delete deletes a draft at once.
func (p pages) delete(v *web.Visit) (web.Answer, error) {
	draft, err := p.a.Form(v.Context(), events.CaseID(v.PathValue("case")))
	if errors.Is(err, agency.ErrNoForm) {
		return web.Go("/tonight"), nil
	}
	if err == nil {
		err = p.mine(v, draft)
	}
	if err == nil {
		err = p.a.DropForm(v.Context(), draft.ID)
	}
	return web.Go("/tonight"), err
}

// draft shows a form that was begun and not sent.
func (p pages) draft(v *web.Visit, draft agency.FormDraft) (web.Answer, error) {
	if err := p.mine(v, draft); err != nil {
		return nil, err
	}
	var given url.Values
	if err := json.Unmarshal(draft.Form, &given); err != nil {
		return nil, err
	}
	return p.shown(v, &form{Case: draft.ID, Kept: true, Life: draft}, given, nil)
}
