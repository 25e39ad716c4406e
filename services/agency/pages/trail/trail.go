// Package trail shows an agency its own part of a case step by step, as its DPO or duty lead needs it, and what the
// person is given: the sheet of who knows what, and their rights in their language.
//
// All of it is read from the journal, so it works while the hub is away. The trail holds codes only; the sheet is the
// person's, and is shown or printed by whoever works on the case.
package trail

import (
	"errors"
	"fmt"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
	"handrail/services/web/language"
	"handrail/services/web/language/rights"
	"handrail/services/web/trail"
)

// Options are what an installation chooses. The zero Options are for production.
type Options struct {
	// Drafts shows texts of rights that nobody has reviewed, under a mark that they are
	// drafts: for the demonstration, where nobody is a person whom it could harm.
	Drafts bool
}

// area is the pages of one agency.
type area struct {
	agency *agency.Agency
	book   *language.Book
	rights map[string]rights.Text
	drafts bool
}

// Register adds the area's pages. It fails on a text of rights that is half reviewed.
func Register(site *web.Site, a *agency.Agency, options Options) error {
	texts, err := rights.Load()
	if err != nil {
		return fmt.Errorf("registering the trail's pages: %w", err)
	}
	p := &area{agency: a, book: site.Languages(), rights: texts, drafts: options.Drafts}
	site.Page("GET /cases/{case}/trail", access.SeeTrail, p.trail)
	site.Page("GET /cases/{case}/trail/print", access.SeeTrail, p.print)
	site.Live("GET /cases/{case}/trail/live", access.SeeTrail, p.live)
	site.Page("POST /cases/{case}/trail/export", access.Export, p.export)
	site.Page("GET /cases/{case}/sheet", access.PrintSheet, p.sheet)
	site.Page("GET /rights", access.ShowRights, p.showRights)
	return nil
}

// of reads the case that a path names, if the person may do the act with it.
func (p *area) of(v *web.Visit, act access.Act) (events.CaseID, error) {
	var id events.CaseID
	if id.UnmarshalText([]byte(v.PathValue("case"))) != nil {
		return id, web.ErrNoPage
	}
	return id, v.May(act, &access.Case{Assigned: p.agency.Assigned(id)})
}

func (p *area) trail(v *web.Visit) (web.Answer, error) {
	page, err := p.page(v, trail.ParseMoment(v.URL.Query(), v.Words.In(v.Now).Location()), false)
	if err != nil {
		return nil, err
	}
	return page.Show(v)
}

func (p *area) print(v *web.Visit) (web.Answer, error) {
	page, err := p.page(v, trail.ParseMoment(v.URL.Query(), v.Words.In(v.Now).Location()), true)
	if err != nil {
		return nil, err
	}
	return page.OnPaper(v)
}

// live streams the trail as it stands, under the journal's position.
func (p *area) live(v *web.Visit) (web.Stream, error) {
	if _, err := p.of(v, access.SeeTrail); err != nil {
		return web.Stream{}, err
	}
	return web.Stream{Position: p.agency.Changes, Part: func(v *web.Visit) (web.Show, error) {
		page, err := p.page(v, trail.Moment{}, false)
		return web.Show{Template: "trail-inner", Data: page}, err
	}}, nil
}

// page puts the agency's part of a case into the reader's words.
func (p *area) page(v *web.Visit, m trail.Moment, paper bool) (trail.Page, error) {
	id, err := p.of(v, access.SeeTrail)
	if err != nil {
		return trail.Page{}, err
	}
	view, err := p.agency.Trail(v.Context(), id)
	if err != nil {
		return trail.Page{}, unknown(err)
	}
	from := source(view, p.agency.ID())
	from.Paper = paper
	page, err := trail.Of(v.Words, from, m, v.Now)
	if err != nil {
		return page, err
	}
	page.Case, page.Base = id, "/cases/"+string(id)+"/trail"
	if v.May(access.Export, nil) == nil {
		page.Export, page.Says = page.Base+"/export", "trail.export.own"
	}
	return page, nil
}

// unknown answers a case that the agency does not know like a path that leads nowhere.
func unknown(err error) error {
	if v, ok := errors.AsType[*events.Violation](err); ok && v.Rule == mou.RuleCaseUnknown {
		return web.ErrNoPage
	}
	return err
}

// export takes the agency's part away as a file.
func (p *area) export(v *web.Visit) (web.Answer, error) {
	id, err := p.of(v, access.Export)
	if err != nil {
		return nil, err
	}
	data, err := p.agency.ExportTrail(v.Context(), id)
	if err != nil {
		return nil, unknown(err)
	}
	return web.File{Name: "handrail-" + string(id) + "-" + string(p.agency.ID()) + ".json", Type: "application/json", Body: data}, nil
}

// source is an agency's part of a case as pages show it. Every entry was verified
// against the checkpoint that it came with.
func source(view agency.TrailView, own events.AgencyID) trail.Source {
	s := trail.Source{
		Case: view.Case, Profile: view.Profile, Kinds: view.Kinds,
		Log: trail.Log{Size: max(view.Own, view.Others.Size), Enough: view.Others.Enough, Quorum: view.Profile.Witnesses, Own: true},
	}
	if view.Own == s.Log.Size {
		s.Log.Root = view.Root
	}
	if view.Own > 0 {
		s.Log.Witnesses = append(s.Log.Witnesses, tlog.Cosignature{Agency: own})
	}
	for _, id := range view.Others.Agencies {
		s.Log.Witnesses = append(s.Log.Witnesses, tlog.Cosignature{Agency: id})
	}
	for _, e := range view.Entries {
		s.Entries = append(s.Entries, trail.Entry{
			Number: e.Number, Admitted: e.Admitted, By: e.By, Item: e.Item, Rule: e.Rule, Leaf: e.Leaf, Size: e.Size, Clause: e.Clause,
			Witnessed: e.Number < view.Witnessed, Waiting: e.Waiting,
		})
	}
	return s
}
