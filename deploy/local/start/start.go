// Package start is the first page of a demonstration: who is who, a path of about three minutes through one case, each
// step a link that signs in as that person at that agency's own pages, and what is running right now.
//
// It is for one machine and its plainly fictional agencies: it shows no case and holds no data, and its links only carry
// the code of an invented person to a development identity provider that believes everybody. An attacker who reaches it
// learns the ports of the demonstration.
package start

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"

	"handrail/deploy/local"
	"handrail/deploy/local/people"
	"handrail/events"
	"handrail/services/web"
	"handrail/services/web/access"
)

//go:embed templates/*.html
var templates embed.FS

// Page is the start page of one data directory. Make it with [New]; [Serve] also
// looks what is running.
type Page struct {
	directions local.Directions
	fresh      bool
	site       *web.Site
	services   *services
}

// New makes the start page of a hub that serves pages. It fails on one that does not.
func New(at local.Layout, log *slog.Logger) (*Page, error) {
	directions, err := at.Directions()
	if err != nil {
		return nil, err
	}
	if directions.Start == "" {
		return nil, errors.New("this hub serves no pages, so it has no start page: run `handrail demo`")
	}
	p := &Page{directions: directions, services: newServices(at, directions)}
	if dir, err := local.DefaultDir(); err == nil {
		p.fresh = dir == at.Root
	}
	p.site, err = web.New(web.Config{
		Agency: events.AgencyID(directions.Hub), Who: func(*http.Request) *access.Person { return nil },
		Templates: []fs.FS{templates}, Log: log,
	})
	if err != nil {
		return nil, err
	}
	p.site.Open("GET /{$}", p.show)
	p.site.OpenLive("GET /live", func(*web.Visit) (web.Stream, error) {
		return web.Stream{Position: p.services.position, Part: p.part}, nil
	})
	return p, nil
}

// Handler serves the page.
func (p *Page) Handler() http.Handler { return p.site.Handler() }

// view is what the page shows.
type view struct {
	Steps    []step
	Agencies []agencyView
	Services []service
	Down     int
	Fresh    bool
}

// agencyView is one agency with its people.
type agencyView struct {
	ID     events.AgencyID
	Kind   string
	People []personView
}

type personView struct {
	people.Person
	Link string
}

// step is one of the guided path.
type step struct {
	Number int
	Name   string // of its messages
	Person people.Person
	Link   string
}

func (p *Page) show(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("start.title")
	if err != nil {
		return nil, err
	}
	data := view{Steps: p.steps(), Agencies: p.agencies(), Fresh: p.fresh}
	data.Services, data.Down = p.services.now()
	return web.Show{Template: "start-page", Title: title, Data: data}, nil
}

func (p *Page) part(*web.Visit) (web.Show, error) {
	all, down := p.services.now()
	return web.Show{Template: "start-services", Data: view{Services: all, Down: down}}, nil
}

// link signs a person in at their agency's pages and leads on to a path there.
func (p *Page) link(who people.Person, path string) string {
	site := p.directions.PagesOf(who.Agency)
	if site == "" {
		return ""
	}
	return site + "/sign-in/provider?" + url.Values{"hint": {who.Code}, "back": {path}}.Encode()
}

func (p *Page) agencies() []agencyView {
	var all []agencyView
	for _, who := range Cast() {
		link := p.link(who, "/")
		if link == "" {
			continue
		}
		if len(all) == 0 || all[len(all)-1].ID != who.Agency {
			a, _ := p.directions.Address(who.Agency)
			all = append(all, agencyView{ID: who.Agency, Kind: string(a.Kind)})
		}
		last := &all[len(all)-1]
		last.People = append(last.People, personView{who, link})
	}
	return all
}

// steps are the guided path through one case.
func (p *Page) steps() []step {
	var all []step
	for _, s := range []struct{ name, agency, code, path string }{
		{"report", "sampletown-police", "officer-1", "/report"},
		{"accept", "lighthouse-shelter", "duty-1", "/inbox"},
		{"watch", "sampleland-audit", "auditor-1", "/"},
		{"sheet", "lighthouse-shelter", "duty-1", "/cases"},
	} {
		who := Find(events.AgencyID(s.agency), s.code)
		if link := p.link(who, s.path); link != "" {
			all = append(all, step{Number: len(all) + 1, Name: s.name, Person: who, Link: link})
		}
	}
	return all
}
