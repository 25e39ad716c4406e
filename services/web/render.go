package web

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"sync"
	"time"

	"handrail/events"
	"handrail/services/web/access"
	"handrail/services/web/assets"
	"handrail/services/web/language"
)

//go:embed templates/*.html
var layout embed.FS

// shapes are the templates, as their functions speak each language, parsed when that
// language is first read.
type shapes struct {
	folders []fs.FS
	files   *assets.Set
	now     func() time.Time

	mu     sync.Mutex
	spoken map[string]*template.Template
}

// frame is what the layout shows around a page.
type frame struct {
	Agency     events.AgencyID
	Title      string
	Lang       string
	Theme      string
	Scheme     string // light, dark, auto: what Designsystemet knows
	Person     *access.Person
	Menu       []menuItem
	Banner     *Notice
	Unreviewed bool
	Path       string
	Languages  []language.Name
	Themes     []string
	SignIn     string
	Print      bool
	Exit       bool // the way to leave at once
	Body       template.HTML
}

type menuItem struct {
	Path, Key string
	Here      bool
}

func parse(config Config, files *assets.Set) *shapes {
	return &shapes{folders: append([]fs.FS{layout}, config.Templates...), files: files, now: config.Now, spoken: map[string]*template.Template{}}
}

// in gives the templates in one language.
func (s *shapes) in(words *language.Words) (*template.Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pages, ok := s.spoken[words.Tag]; ok {
		return pages, nil
	}
	pages := template.New("").Funcs(functions(words, s.files, s.now)).Option("missingkey=error")
	for _, folder := range s.folders {
		names, err := fs.Glob(folder, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("looking for templates: %w", err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, fmt.Errorf("reading the template %s: %w", name, err)
			}
			if _, err := pages.Parse(string(text)); err != nil {
				return nil, fmt.Errorf("parsing the template %s: %w", name, err)
			}
		}
	}
	s.spoken[words.Tag] = pages
	return pages, nil
}

// functions are what every template can use, in one language.
func functions(words *language.Words, files *assets.Set, now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"t":      words.Say,                                                                                 // a message: {{t "inbox.waiting" "Count" 3}}
		"code":   func(list string, code any) (string, error) { return words.Code(list, fmt.Sprint(code)) }, // a code in words: {{code "need" "medical"}}
		"date":   words.Date,                                                                                // a day
		"clock":  words.Clock,                                                                               // a time of day
		"lasts":  words.Lasts,                                                                               // a length of time
		"asset":  files.Address,                                                                             // a file's address: {{asset "site.css"}}
		"moment": func(t time.Time) (string, error) { return words.Moment(t, now()) },
		"left":   func(t time.Time) (string, error) { return words.Left(t, now()) },
		"ago":    func(t time.Time) (string, error) { return words.Ago(t, now()) },
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"dict":   dict,
	}
}

// dict gives a template several values under names.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict takes pairs")
	}
	values := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("a name of dict is no text")
		}
		values[name] = pairs[i+1]
	}
	return values, nil
}

// render writes a page, or, if it is a part, only that.
func (s *Site) render(to io.Writer, v *Visit, page Show) error {
	pages, err := s.shapes.in(v.Words)
	if err != nil {
		return err
	}
	if page.Part {
		if err := pages.ExecuteTemplate(to, page.Template, page.Data); err != nil {
			return fmt.Errorf("showing a part: %w", err)
		}
		return nil
	}
	var body bodyWriter
	if err := pages.ExecuteTemplate(&body, page.Template, page.Data); err != nil {
		return fmt.Errorf("showing a page: %w", err)
	}
	around, err := s.frame(v, page)
	if err != nil {
		return err
	}
	around.Body = template.HTML(body) //nolint:gosec // html/template escaped it
	if err := pages.ExecuteTemplate(to, "layout", around); err != nil {
		return fmt.Errorf("showing the layout: %w", err)
	}
	return nil
}

// bodyWriter collects what a template writes.
type bodyWriter []byte

func (b *bodyWriter) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

func (s *Site) frame(v *Visit, page Show) (frame, error) {
	f := frame{
		Agency: s.config.Agency, Title: page.Title, Lang: v.Words.Tag, Theme: v.Theme, Scheme: v.Theme, Person: v.Person,
		Unreviewed: !v.Words.Reviewed, Path: v.URL.RequestURI(), Languages: language.Names(), Themes: Themes(), SignIn: s.config.SignIn, Print: page.Print,
		Exit: s.config.QuickExit && v.Person != nil,
	}
	if v.Theme == "contrast" {
		f.Scheme = "light"
	}
	if v.Method != "GET" {
		f.Path = "/"
	}
	for _, entry := range s.config.Menu {
		if access.May(v.Person, s.config.Agency, entry.Act, nil, v.Now) == access.Allowed {
			f.Menu = append(f.Menu, menuItem{Path: entry.Path, Key: entry.Key, Here: v.URL.Path == entry.Path})
		}
	}
	if s.config.Banner != nil && v.Person != nil {
		notice, err := s.config.Banner(v)
		if err != nil {
			return f, err
		}
		f.Banner = notice
	}
	return f, nil
}
