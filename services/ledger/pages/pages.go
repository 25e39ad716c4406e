// Package pages serves the trail to an auditor's people: the list of cases, one case step by step, its file and its
// paper.
//
// It reads the hub as any auditor does, with the auditor's own key and from outside: every reading is an entry of the
// log before anything is shown, and nothing is shown that was not verified here. So these pages stand beside the ledger
// and trust it no more than they trust a stranger's file (contracts/decisions/0016). Each person's reading of each case
// is an entry of its own; what was read is kept in memory for a few minutes, so that the slider moves without another.
//
// An attacker who controls this process reads as the auditor does, and every such reading shows in the log; it can
// write nothing but readings and approvals.
package pages

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"handrail/services/ledger/audit"
	"handrail/services/web"
	"handrail/services/web/access"
	"handrail/services/web/trail"
)

//go:embed templates/*.html
var templates embed.FS

// Door lets people in.
type Door interface {
	// Who tells who is signed in; nil if nobody is.
	Who(r *http.Request) *access.Person

	// Register adds the pages of signing in and out.
	Register(site *web.Site)

	Templates() fs.FS
}

// Config is what the pages need. Auditor and Door are required.
type Config struct {
	// Auditor reads the hub. A signed-in person with the role auditor, of the agency
	// that this is in the directory, reads as it; nobody else reads anything.
	Auditor *audit.Auditor

	Door   Door
	SignIn string // path; empty: /sign-in

	Place *time.Location   // where the readers are; nil: UTC
	Log   *slog.Logger     // nil: nothing is logged
	Now   func() time.Time // nil: time.Now
}

// Pages serves the trail. Make it with [New].
type Pages struct {
	config Config
	log    *slog.Logger
	held   *shelf
	site   *web.Site
}

// New makes the pages. It asks the hub for nothing.
func New(config Config) (*Pages, error) {
	if config.Auditor == nil || config.Door == nil {
		return nil, errors.New("the pages of a trail need an auditor and a way to sign in")
	}
	if config.SignIn == "" {
		config.SignIn = "/sign-in"
	}
	if config.Place == nil {
		config.Place = time.UTC
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	p := &Pages{config: config, log: config.Log, held: newShelf(config.Now)}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	var err error
	p.site, err = web.New(web.Config{
		Agency: config.Auditor.Agency(), Place: config.Place, Who: config.Door.Who, SignIn: config.SignIn, Log: p.log, Now: config.Now,
		Menu:      []web.MenuEntry{{Path: "/", Key: "trail.menu", Act: access.ReadLedger}, {Path: "/approvals", Key: "trail.approve.menu", Act: access.ReadLedger}},
		Templates: []fs.FS{config.Door.Templates(), trail.Templates(), templates},
	})
	if err != nil {
		return nil, fmt.Errorf("making the pages of the trail: %w", err)
	}
	config.Door.Register(p.site)
	p.register()
	return p, nil
}

func (p *Pages) register() {
	p.site.Page("GET /{$}", access.ReadLedger, p.cases)
	p.site.Page("POST /cases/read", access.ReadLedger, p.readCases)
	p.site.Page("GET /trail/{case}", access.ReadLedger, p.trail)
	p.site.Page("POST /trail/{case}/read", access.ReadLedger, p.readTrail)
	p.site.Page("GET /trail/{case}/print", access.ReadLedger, p.print)
	p.site.Page("POST /trail/{case}/export", access.ReadLedger, p.export)
	p.site.Live("GET /trail/{case}/live", access.ReadLedger, p.live)
	p.site.Page("GET /approvals", access.ReadLedger, p.approvals)
	p.site.Page("POST /approvals", access.ReadLedger, p.approve)
}

// Handler serves the pages.
func (p *Pages) Handler() http.Handler { return p.site.Handler() }

// Run follows the log for the histories that somebody looks at, and forgets what
// nobody looked at for a while, until ctx ends; it returns nil then.
func (p *Pages) Run(ctx context.Context) error {
	beat := time.NewTicker(followIn)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		p.held.forget()
		p.follow(ctx)
	}
}
