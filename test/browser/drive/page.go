package drive

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/go-json-experiment/json"
)

// Page is one tab. Its methods fail the test when what they ask for does not come
// within 15 seconds.
type Page struct {
	t        testing.TB
	ctx      context.Context //nolint:containedctx // the tab lives as long as it
	cancel   context.CancelFunc
	way      Way
	chromium *Chromium
	watch    *watch
	within   *element // nil: the whole page
}

// Way is how the page is used.
func (p *Page) Way() Way { return p.way }

// Visit goes to an address, or to a path of the site that the page is on, and
// waits until it is there.
func (p *Page) Visit(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.Origin() + address
	}
	if err := p.choose(address); err != nil {
		p.fatal("%v", err)
	}
	p.watch.expect(startLeading)
	answer, err := call(p, page.Navigate, page.NavigateParams{URL: address})
	if err == nil && answer.ErrorText != "" && answer.ErrorText != "net::ERR_ABORTED" {
		err = fmt.Errorf("%s", answer.ErrorText)
	}
	if err != nil {
		p.fatal("visiting %s: %v", address, err)
	}
	p.settle()
}

// choose sets the reader's own choices, as the footer's forms would.
func (p *Page) choose(address string) error {
	at, err := safe(address)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"__Host-handrail-language": p.way.Language, "__Host-handrail-theme": p.way.Theme} {
		if value == "" {
			continue
		}
		err = do(p, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: at, Path: "/", Secure: new(true), HTTPOnly: new(true)})
		if err != nil {
			return err
		}
	}
	return nil
}

// safe is the site of an address as cookies know it that only safe connections get:
// this machine's own count as safe.
func safe(address string) (string, error) {
	at, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	at.Path, at.RawQuery, at.Scheme = "/", "", "https"
	return at.String(), nil
}

// Again loads the page anew.
func (p *Page) Again() {
	p.t.Helper()
	p.watch.expect(startLeading)
	if err := do(p, page.Reload, page.ReloadParams{}); err != nil {
		p.fatal("%v", err)
	}
	p.settle()
}

// settle waits until a navigation that has begun is over and nothing is asked of
// the network any more, streams apart.
func (p *Page) settle() {
	p.t.Helper()
	end := time.Now().Add(patience)
	for still := 0; still < 2; {
		time.Sleep(pause)
		if p.watch.quiet() && p.Evaluate("document.readyState") == "complete" {
			still++
		} else {
			still = 0
		}
		if time.Now().After(end) {
			p.fatal("the page never comes to rest; waiting for %s", p.watch.waiting())
		}
	}
}

// Evaluate gives the value of an expression in the page; it is for looking, not
// for doing. It works with JavaScript off too: the debugger is not the page.
func (p *Page) Evaluate(expression string) any {
	p.t.Helper()
	answer, err := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, ReturnByValue: new(true), AwaitPromise: new(true)})
	if err == nil && answer.ExceptionDetails != nil {
		err = fmt.Errorf("%s", answer.ExceptionDetails.Text)
		if answer.ExceptionDetails.Exception != nil {
			err = fmt.Errorf("%s", answer.ExceptionDetails.Exception.Description)
		}
	}
	if err != nil {
		if text := err.Error(); strings.Contains(text, "context") || strings.Contains(text, "target navigated") { // the page is just being replaced
			return nil
		}
		p.fatal("evaluating %.60s: %v", expression, err)
	}
	var value any
	if len(answer.Result.Value) > 0 {
		if err := json.Unmarshal(answer.Result.Value, &value); err != nil {
			p.fatal("evaluating %.60s: %v", expression, err)
		}
	}
	return value
}

func (p *Page) text(expression string) string {
	value, _ := p.Evaluate(expression).(string)
	return value
}

// Address is the whole address of the page.
func (p *Page) Address() string { return p.text("location.href") }

// Path is the address without its origin.
func (p *Page) Path() string { return p.text("location.pathname + location.search") }

// Origin is scheme, host and port.
func (p *Page) Origin() string { return p.text("location.origin") }

// Title is what the window is called.
func (p *Page) Title() string { return p.text("document.title") }

// Heading is the page's own first heading.
func (p *Page) Heading() string {
	return squeeze(p.text("document.querySelector('h1')?.innerText ?? ''"))
}

// Text is all that can be read on the page, or on the part that [Page.In] chose.
func (p *Page) Text() string {
	p.t.Helper()
	if p.within == nil {
		return squeeze(p.text("document.body?.innerText ?? ''"))
	}
	text, err := p.of(p.within, "function() { return this.innerText }")
	if err != nil {
		p.fatal("%v", err)
	}
	return squeeze(text)
}

// Count is how many elements a CSS selector matches.
func (p *Page) Count(css string) int {
	n, _ := p.Evaluate(fmt.Sprintf("document.querySelectorAll(%q).length", css)).(float64)
	return int(n)
}

// Focus is the role-free name of what has the focus: its id, or its text.
func (p *Page) Focus() string {
	return squeeze(p.text("(e => e === document.body ? '' : e.id || e.innerText || e.value || e.tagName)(document.activeElement)"))
}

// Sees waits until a text stands on the page.
func (p *Page) Sees(text string) {
	p.t.Helper()
	there := false
	p.Until(func() bool {
		there = strings.Contains(strings.ToLower(p.Text()), strings.ToLower(squeeze(text)))
		return there || p.Status() >= http.StatusInternalServerError
	})
	if !there {
		p.fatal("%q never stands on the page, which says:\n%s", text, short(p.Text()))
	}
}

// Misses checks that a text does not stand on the page now.
func (p *Page) Misses(text string) {
	p.t.Helper()
	if strings.Contains(strings.ToLower(p.Text()), strings.ToLower(squeeze(text))) {
		p.fatal("%q stands on the page", text)
	}
}

// Gone waits until a text stands on the page no longer.
func (p *Page) Gone(text string) {
	p.t.Helper()
	if !p.Until(func() bool { return !strings.Contains(strings.ToLower(p.Text()), strings.ToLower(squeeze(text))) }) {
		p.fatal("%q still stands on the page", text)
	}
}

// Until tries until something is so, at most 15 seconds.
func (p *Page) Until(is func() bool) bool {
	for end := time.Now().Add(patience); ; time.Sleep(3 * pause) {
		if is() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// Served is the HTML that the server sent for this page.
func (p *Page) Served() string {
	p.t.Helper()
	id := p.watch.served()
	answer, err := call(p, network.GetResponseBody, network.GetResponseBodyParams{RequestID: id})
	if err != nil {
		p.fatal("reading what was served: %v", err)
	}
	return string(answer.Body)
}

// Status is the HTTP status of this page.
func (p *Page) Status() int { return p.watch.lastStatus() }

// Header is a header of the answer that brought this page, by its name in small letters.
func (p *Page) Header(name string) string { return p.watch.header(name) }

func (p *Page) end() {
	p.t.Helper()
	if err := p.watch.verdict(); err != nil {
		p.t.Errorf("%v", err)
	}
	if p.t.Failed() && p.ctx.Err() == nil {
		p.leave()
	}
	p.cancel()
}

// leave keeps a picture and the page's HTML of a failed test.
func (p *Page) leave() {
	dir, err := os.MkdirTemp("", "handrail-browser-") // it outlives the test, for whoever looks into it
	if err != nil {
		return
	}
	if picture, err := p.shot(); err == nil {
		_ = os.WriteFile(filepath.Join(dir, "page.png"), picture, 0o600)
	}
	if answer, err := call(p, dom.GetOuterHTML, dom.GetOuterHTMLParams{NodeID: p.root()}); err == nil {
		_ = os.WriteFile(filepath.Join(dir, "page.html"), []byte(answer.OuterHTML), 0o600)
	}
	p.t.Logf("%s: what the page looked like is in %s", p.t.Name(), dir)
}

func (p *Page) fatal(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s (%s): %s", p.way, p.watch.at(), fmt.Sprintf(format, args...))
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }

func short(text string) string {
	if len(text) > 1200 {
		return text[:1200] + " …"
	}
	return text
}

// Prefer changes the reader's own choices for what is visited from now on: a
// language such as lt, and a theme; empty: as they are.
func (p *Page) Prefer(language, theme string) {
	if language != "" {
		p.way.Language = language
	}
	if theme != "" {
		p.way.Theme = theme
	}
}

// Links lists where the page leads to on its own site: paths with their queries.
func (p *Page) Links() []string {
	p.t.Helper()
	answer, _ := p.Evaluate("[...new Set([...document.querySelectorAll('a[href]:not([download])')].map(a => new URL(a.href)).filter(u => u.origin === location.origin).map(u => u.pathname + u.search))]").([]any)
	var links []string
	for _, one := range answer {
		if link, ok := one.(string); ok {
			links = append(links, link)
		}
	}
	return links
}

// HTML has html-validate judge a document that [Page.Fetch] brought.
func (p *Page) HTML(text string) []string {
	p.t.Helper()
	return p.chromium.checks.HTML(p.t, text)
}
