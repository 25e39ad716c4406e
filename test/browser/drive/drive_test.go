package drive

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

var chromium *Chromium // one browser for the package

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	checks, err := StartChecks(context.Background(), "../web")
	if err != nil {
		return 1, err
	}
	defer checks.Close()
	if chromium, err = Start(context.Background(), checks, func(text string) { fmt.Fprintln(os.Stderr, text) }); err != nil {
		return 1, err
	}
	defer chromium.Close()
	return m.Run(), nil
}

const form = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A form</title></head><body><main><h1>A form</h1>
<p><a href="/elsewhere">Elsewhere</a></p>
<form method="post" action="/sent">
<p><label for="name">Name</label> <input id="name" name="name" type="text"></p>
<p><label for="places">Places</label> <input id="places" name="places" type="number"></p>
<fieldset><legend>Age</legend>
<p><label><input type="radio" name="age" value="child"> A child</label></p>
<p><label><input type="radio" name="age" value="adult"> An adult</label></p>
<p><label><input type="radio" name="age" value="unknown"> Not known</label></p></fieldset>
<p><label><input type="checkbox" name="safe" value="yes"> It is safe to call</label></p>
<p><label for="language">Language</label> <select id="language" name="language"><option>English</option><option>Eesti</option><option>Lietuvių</option></select></p>
<p><button type="submit">Send</button></p></form></main></body></html>`

// site is a page with a form that shows what was sent, besides what a test adds.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { write(w, form) })
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		sent = fmt.Sprintf("%s %s %s %s %s", r.PostFormValue("name"), r.PostFormValue("places"), r.PostFormValue("age"), r.PostFormValue("safe"), r.PostFormValue("language"))
		http.Redirect(w, r, "/thanks", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /thanks", func(w http.ResponseWriter, _ *http.Request) { write(w, html("Thanks", "<p>It was sent.</p>")) })
	for path, body := range pages {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self'")
			write(w, html("Page", body))
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

func write(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

func html(title, body string) string {
	return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>` + title + "</title></head><body><main><h1>" + title + "</h1>" + body + "</main></body></html>"
}

var sent string // one test at a time

func TestAFormIsFilledInEveryWay(t *testing.T) {
	for _, way := range Ways() {
		t.Run(way.String(), func(t *testing.T) {
			p := chromium.Open(t, way)
			p.Visit(site(t, nil))
			p.Fill("Name", "Alex Example")
			p.FillCode("Places", "3")
			p.Choose("Not known")
			p.Choose("An adult")
			p.Choose("It is safe")
			p.Select("Language", "Lietuvių")
			p.Judge()
			p.Press("Send")
			p.Sees("it was sent")
			if want := "Alex Example 3 adult yes Lietuvių"; sent != want {
				t.Errorf("sent %q, want %q", sent, want)
			}
			if p.Path() != "/thanks" || p.Heading() != "Thanks" || p.Status() != 200 {
				t.Errorf("%s %q %d", p.Path(), p.Heading(), p.Status())
			}
			p.Judge()
		})
	}
}

// recorder is a test that may fail without failing.
type recorder struct {
	testing.TB
	said  []string
	after []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}
func (r *recorder) Cleanup(f func()) { r.after = append(r.after, f) }
func (r *recorder) Failed() bool     { return false }

func TestEveryFaultOfAPageIsFound(t *testing.T) {
	url := site(t, map[string]string{
		"/outside":  `<p><img src="http://127.0.0.1:9/x.png" alt=""></p>`,
		"/console":  `<p>x</p><script>console.error("broken here")</script>`,
		"/thrown":   `<p>x</p><script>throw new Error("thrown here")</script>`,
		"/policy":   `<p style="color: red">x</p>`,
		"/contrast": `<p>x</p><p><img src="/favicon.ico"></p>`,
		"/html":     `<p><div>x</div></p>`,
		"/wide":     `<pre>` + strings.Repeat("wide", 100) + `</pre>`,
		"/search":   `<form method="get" action="/search"><p><label for="q">Search</label> <input id="q" name="q" type="search"> <button type="submit">Find</button></p></form>`,
	})
	for _, c := range []struct {
		path, want string
		do         func(p *Page)
	}{
		{"/outside", "asks http://127.0.0.1:9", nil},
		{"/console", "broken here", nil},
		{"/thrown", "thrown here", nil},
		{"/policy", "content security policy", nil},
		{"/contrast", "axe image-alt", (*Page).Judge},
		{"/html", "html-validate", (*Page).Judge},
		{"/wide", "wider than the window", (*Page).Judge},
		{"/search", "an address holds what was typed", func(p *Page) { p.Fill("Search", "Alex Example"); p.Press("Find") }},
	} {
		t.Run(c.path, func(t *testing.T) {
			r := &recorder{TB: t}
			p := chromium.Open(r, Way{Phone: true})
			p.Visit(url + c.path)
			if c.do != nil {
				c.do(p)
			}
			for _, end := range r.after {
				end()
			}
			if !strings.Contains(strings.Join(r.said, "\n"), c.want) {
				t.Errorf("found %q, want %q", r.said, c.want)
			}
		})
	}
}

// axe is spared pages of one skeleton; what its rules go by makes another.
func TestASkeletonIsWhatIsJudged(t *testing.T) {
	const begin, end = "<ul>", "</ul>"
	at := site(t, map[string]string{
		"/two": begin + `<li>One</li><li>Two</li>` + end, "/three": begin + `<li>Eins</li><li>Zwei</li><li>Drei</li>` + end,
		"/empty": begin + `<li>One</li><li></li>` + end, "/picture": begin + `<li>One</li><li>Two<img></li>` + end,
		"/unseen": begin + `<li>One</li><li hidden>Two</li>` + end, "/class": begin + `<li>One</li><li class="faint">Two</li>` + end,
	})
	p := chromium.Open(t, Way{})
	shape := func(path string) string {
		p.Visit(at + path)
		return p.text(skeleton)
	}
	two := shape("/two")
	if three := shape("/three"); three != two || two == "" {
		t.Errorf("lists that are alike differ:\n%s\n%s", two, three)
	}
	for _, path := range []string{"/empty", "/picture", "/unseen", "/class"} {
		if shape(path) == two {
			t.Errorf("%s counts as alike", path)
		}
	}
}
