// Package pages serves an agency's pages to its people: every area of the pages, one menu, one way to sign in.
//
// Each area is a package below this one, with what it registers and, in a folder of its own, its templates. Areas share
// services/web, the agency's Go API, and a few packages that show one thing: how questions are asked (ask), who is asked
// (asked), how much time is left (left). Pages and agency are one process: what a page shows is the journal as it is now, also while
// the hub is away. The pages are served to this machine only, or over TLS.
package pages

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/inbox"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Door lets people in.
type Door interface {
	// Who tells who is signed in; nil if nobody is.
	Who(r *http.Request) *access.Person

	// Register adds the pages of signing in and out. It may be called again for
	// another site, which takes the place of the first.
	Register(site *web.Site)

	Templates() fs.FS
}

// Config is what an agency's pages need. Door is required.
type Config struct {
	// Listen is where [Pages.Run] serves: a loopback address such as 127.0.0.1:7090, or
	// any with CertFile and KeyFile. Port 0 takes a free one. Empty: Run does not
	// serve, somebody else does with [Pages.Handler].
	Listen   string
	CertFile string
	KeyFile  string

	Door   Door
	SignIn string // path; empty: /sign-in

	// QuickExit offers on every page to leave at once. A hotline's pages always do.
	QuickExit bool

	// Drafts shows rights texts that no lawyer has reviewed, marked as such: for
	// demonstrations only.
	Drafts bool

	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // nil: the agency's clock
}

// Pages serves an agency's pages. Make it with [New].
type Pages struct {
	agency *agency.Agency
	config Config
	log    *slog.Logger
	ready  chan struct{}
	at     string // set before ready is closed

	mu     sync.Mutex
	place  *time.Location
	served http.Handler
}

// New makes the pages of an agency. It fails on an address that others could
// listen on, and on templates or words that do not go together.
func New(a *agency.Agency, config Config) (*Pages, error) {
	if a == nil || config.Door == nil {
		return nil, errors.New("pages need an agency and a way to sign in")
	}
	if config.SignIn == "" {
		config.SignIn = "/sign-in"
	}
	if config.Now == nil {
		config.Now = a.Now
	}
	if err := config.address().Check(); err != nil {
		return nil, err
	}
	p := &Pages{agency: a, config: config, log: config.Log, ready: make(chan struct{})}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	_, err := p.site()
	return p, err
}

// Handler serves the pages, with times as the country's profile has them.
func (p *Pages) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, err := p.site()
		if err != nil {
			p.log.ErrorContext(r.Context(), "the pages cannot be served", slog.Any("error", err))
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// site is made when the pages are, and once more when the directory has told in
// which country the agency is.
func (p *Pages) site() (http.Handler, error) {
	place := time.UTC
	if profile, err := p.agency.Profile(); err == nil {
		place = profile.Local(p.agency.Now()).Location()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.served != nil && p.place.String() == place.String() {
		return p.served, nil
	}
	made, err := p.compose(place)
	if err != nil {
		return nil, err
	}
	p.place, p.served = place, made.Handler()
	return p.served, nil
}

func (p *Pages) compose(place *time.Location) (*web.Site, error) {
	folders, err := templates()
	if err != nil {
		return nil, err
	}
	config := web.Config{
		Agency: p.agency.ID(), Place: place, Who: p.config.Door.Who, SignIn: p.config.SignIn, Menu: menu(), Banner: p.banner,
		QuickExit: p.config.QuickExit || p.agency.Kind() == events.Hotline,
		Templates: append(folders, p.config.Door.Templates()), Log: p.log, Now: p.config.Now,
	}
	site, err := web.New(config)
	if err != nil {
		return nil, fmt.Errorf("making the pages: %w", err)
	}
	p.config.Door.Register(site)
	site.Page("GET /{$}", access.OwnSettings, p.first)
	if err := p.register(site); err != nil {
		return nil, fmt.Errorf("making the pages: %w", err)
	}
	return site, nil
}

// first leads to the first page of the menu that the person may see.
func (p *Pages) first(v *web.Visit) (web.Answer, error) {
	for _, entry := range menu() {
		if v.May(entry.Act, nil) == nil {
			return web.Go(entry.Path), nil
		}
	}
	return nil, web.ErrNoPage
}

// banner says on every page when the hub is out of reach. The inbox says it itself,
// because there it comes and goes without the page being loaded again.
func (p *Pages) banner(v *web.Visit) (*web.Notice, error) {
	if v.URL.Path == inbox.Path {
		return nil, nil
	}
	return inbox.Away(v, p.agency)
}
