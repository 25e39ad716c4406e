// Package web is the ground that the pages of agencies and of the ledger share: layout, languages, who is signed in, what
// they may see, forms, errors and live updates.
//
// A page is registered with the [access.Act] that it is, so none can be served to everybody by oversight; pages that are
// open to whoever comes, such as signing in, are registered as [Site.Open] and can be counted. Every answer carries a
// strict content security policy and may not be kept by anybody. Forms from other sites are refused. What a page shows is
// built whole before the first byte is sent: a failing template gives an error page, never half a page.
//
// No page needs JavaScript for any act. An attacker who controls this package's templates shows people what is not so; one
// who steals a session's cookie is that person until it ends.
package web

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"handrail/events"
	"handrail/services/web/access"
	"handrail/services/web/assets"
	"handrail/services/web/language"
)

// Config is what a site is made of.
type Config struct {
	Agency events.AgencyID // whose pages they are; events.HubAgency for the ledger's
	Place  *time.Location  // where the readers are; nil: UTC

	// Who tells who is signed in; nil if nobody is.
	Who func(*http.Request) *access.Person

	// SignIn is the path where people sign in, and prove again who they are. It is
	// given the path to come back to as the query parameter back.
	SignIn string

	// Menu lists what the layout offers, in its order; entries of which the person
	// may see nothing are not shown.
	Menu []MenuEntry

	// Banner, if set, gives what every page says on top, such as that the hub is out
	// of reach; nil: nothing.
	Banner func(v *Visit) (*Notice, error)

	// QuickExit offers on every page to leave at once, to whoever is signed in: for
	// people over whose shoulder somebody may look.
	QuickExit bool

	Templates []fs.FS // besides the layout's; names must differ
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
}

// MenuEntry is one page that the menu offers.
type MenuEntry struct {
	Path string
	Key  string // message
	Act  access.Act
}

// Notice is a sentence that stands above a page.
type Notice struct {
	Kind string // info, warning, danger, success
	Text string // in the reader's language
}

// Site serves pages. Make one with [New], register pages, then serve it.
type Site struct {
	config Config
	mux    *http.ServeMux
	book   *language.Book
	files  *assets.Set
	shapes *shapes
	log    *slog.Logger

	refused func(v *Visit, from string) // nil: nobody keeps what was refused
	streams streams
}

// New reads templates, words and files. It fails on a template that does not parse.
func New(config Config) (*Site, error) {
	if config.Who == nil || config.Agency == "" {
		return nil, errors.New("a site needs its agency and a way to tell who is signed in")
	}
	config.Place = cmp.Or(config.Place, time.UTC)
	config.Log = cmp.Or(config.Log, slog.New(slog.DiscardHandler))
	if config.Now == nil {
		config.Now = time.Now
	}
	book, err := language.Load(config.Place)
	if err != nil {
		return nil, err
	}
	files, err := assets.Load()
	if err != nil {
		return nil, err
	}
	s := &Site{config: config, mux: http.NewServeMux(), book: book, files: files, log: config.Log}
	s.shapes = parse(config, files)
	if english, ok := book.Of("en"); ok {
		if _, err := s.shapes.in(english); err != nil {
			return nil, err
		}
	}
	s.mux.Handle("GET "+assets.Prefix, files)
	s.Open("POST /language", s.chooseLanguage)
	s.Open("POST /theme", s.chooseTheme)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		v.answer(s.failure(v, ErrNoPage)) //nolint:contextcheck // a visit brings its own
	})
	return s, nil
}

// Handler serves everything that was registered.
func (s *Site) Handler() http.Handler { return s.guarded(s.mux) }

// Page answers a visit.
type Page func(v *Visit) (Answer, error)

// Page registers a page or the target of a form under a pattern of [http.ServeMux].
// It is answered only to people who may do the act; one about a case asks
// [Visit.May] again with the case.
func (s *Site) Page(pattern string, act access.Act, page Page) {
	if access.NeedOf(act).Roles == nil {
		panic(fmt.Sprintf("the page %s is an act without a row in the access table: %s", pattern, act))
	}
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		switch verdict := access.May(v.Person, s.config.Agency, act, nil, v.Now); verdict {
		case access.Allowed:
			v.serve(page) //nolint:contextcheck // a visit brings its own
		default:
			v.answer(s.denied(v, verdict)) //nolint:contextcheck // a visit brings its own
		}
	})
}

// Open registers a page for whoever comes, signed in or not.
func (s *Site) Open(pattern string, page Page) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.visit(w, r).serve(page) }) //nolint:contextcheck // a visit brings its own
}

// Refused has a function see every form that was sent by somebody who must first say
// who they are, and where it came from, so that nothing typed is lost. Call it before
// the site is served.
func (s *Site) Refused(see func(v *Visit, from string)) { s.refused = see }

// Script registers one of the embedded scripts under a path of its own: a service
// worker controls only what lies below its path.
func (s *Site) Script(pattern, name string) {
	s.Open(pattern, func(v *Visit) (Answer, error) {
		address, err := s.files.Address(name)
		if err == nil {
			s.files.ServeFile(v.w, address)
		}
		return nil, err
	})
}

// Languages gives the words of every language of the site.
func (s *Site) Languages() *language.Book { return s.book }
