package drive

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	logs "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// How long after a press something may take to begin: by what leads to another page,
// and by anything else.
const (
	startLeading = 1500 * time.Millisecond
	startOther   = 60 * time.Millisecond
)

// watch hears everything that happens to a page and keeps what a test must know.
type watch struct {
	mu       sync.Mutex
	open     map[network.RequestID]asking // asked and not answered
	loading  bool
	begins   time.Time // until when something may still begin that a press asked for
	url      string
	document network.RequestID
	answered *network.Response
	marks    *marks
	expected []*regexp.Regexp
	faults   []string
	requests []Request
}

// asking is a request on its way, and by which page.
type asking struct {
	what string
	by   cdp.LoaderID
}

// Request is one thing that a page asked for.
type Request struct {
	Method, URL, Kind string
	Status            int
}

// marks are texts about a person that a test typed.
type marks struct {
	mu  sync.Mutex
	all []string
}

func newWatch() *watch { return &watch{open: map[network.RequestID]asking{}, marks: &marks{}} }

// hear runs on the goroutine that reads the browser's messages: it only notes.
func (w *watch) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.asked(e)
	case *network.EventResponseReceived:
		w.got(e)
	case *network.EventLoadingFinished:
		delete(w.open, e.RequestID)
	case *network.EventLoadingFailed:
		delete(w.open, e.RequestID)
	case *network.EventResponseReceivedExtraInfo:
		w.leaks("a header of an answer", headers(e.Headers))
	case *network.EventRequestWillBeSentExtraInfo:
		w.leaks("a header of a request", headers(e.Headers))
	case *page.EventFrameStartedLoading, *page.EventFrameStartedNavigating:
		w.loading, w.begins = true, time.Time{}
	case *page.EventFrameStoppedLoading:
		w.loading = false
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			w.url = e.Frame.URL
			w.leaks("the address", e.Frame.URL+e.Frame.URLFragment)
			maps.DeleteFunc(w.open, func(_ network.RequestID, a asking) bool { return a.by != e.Frame.LoaderID }) // whoever asked is gone
		}
	default:
		w.complained(event)
	}
}

func (w *watch) asked(e *network.EventRequestWillBeSent) {
	if strings.HasPrefix(e.Request.URL, "data:") {
		return
	}
	w.begins = time.Time{}
	w.open[e.RequestID] = asking{e.Request.Method + " " + e.Request.URL, e.LoaderID}
	w.requests = append(w.requests, Request{Method: e.Request.Method, URL: e.Request.URL, Kind: string(e.Type)})
	w.leaks("an address", e.Request.URL+e.Request.URLFragment)
	if e.Type == network.ResourceTypeDocument {
		w.document, w.answered = e.RequestID, nil
		return
	}
	if own, other := origin(e.DocumentURL), origin(e.Request.URL); own != other && own != "" {
		w.faults = append(w.faults, fmt.Sprintf("a page of %s asks %s: %s", own, other, e.Request.URL))
	}
}

func (w *watch) got(e *network.EventResponseReceived) {
	if e.RequestID == w.document {
		w.answered = e.Response
	}
	if strings.HasPrefix(e.Response.MimeType, "text/event-stream") {
		delete(w.open, e.RequestID) // it never ends, and that is well
	}
	for i := len(w.requests) - 1; i >= 0; i-- {
		if w.requests[i].URL == e.Response.URL && w.requests[i].Status == 0 {
			w.requests[i].Status = int(e.Response.Status)
			break
		}
	}
}

// complained notes what the browser holds against the page.
func (w *watch) complained(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			var said []string
			for _, arg := range e.Args {
				said = append(said, arg.Description+string(arg.Value))
			}
			w.fault("console: " + strings.Join(said, " "))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		w.fault("uncaught: " + text)
	case *logs.EventEntryAdded:
		if e.Entry.Level == logs.EntryLevelError && !w.aboutDocument(e.Entry) {
			w.fault(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			w.fault(fmt.Sprintf("blocked by the content security policy: %s %s", d.ViolatedDirective, d.BlockedURL))
		}
	}
}

// aboutDocument says whether an entry only repeats that a page was answered with
// an error, which the test sees by itself.
func (w *watch) aboutDocument(e *logs.Entry) bool {
	return e.Source == logs.EntrySourceNetwork && e.NetworkRequestID == w.document
}

func (w *watch) fault(text string) {
	if !slices.ContainsFunc(w.expected, func(r *regexp.Regexp) bool { return r.MatchString(text) }) {
		w.faults = append(w.faults, text)
	}
}

// leaks notes a typed text that stands where everybody can read it.
func (w *watch) leaks(where, text string) {
	w.marks.mu.Lock()
	defer w.marks.mu.Unlock()
	plain, err := url.QueryUnescape(text)
	if err != nil {
		plain = text
	}
	for _, mark := range w.marks.all {
		if strings.Contains(strings.ToLower(plain+" "+text), strings.ToLower(mark)) {
			w.faults = append(w.faults, fmt.Sprintf("%s holds what was typed about a person (%d letters)", where, len(mark)))
		}
	}
}

func headers(h network.Headers) string {
	var b strings.Builder
	for name, value := range h {
		fmt.Fprintf(&b, "%s: %v\n", name, value)
	}
	return b.String()
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// mark keeps a text that may stand in no address, title or header from now on.
// Shorter ones are of too many things.
func (w *watch) mark(text string) {
	const shortest = 5
	if len(text) >= shortest {
		w.marks.mu.Lock()
		defer w.marks.mu.Unlock()
		w.marks.all = append(w.marks.all, text)
	}
}

// expect says within which time what is done next may make the page ask for something.
func (w *watch) expect(within time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begins = time.Now().Add(within)
}

// quiet says whether nothing is under way.
func (w *watch) quiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.loading && len(w.open) == 0 && time.Now().After(w.begins)
}

func (w *watch) waiting() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, one := range w.open {
		all = append(all, one.what)
	}
	return fmt.Sprintf("%s (loading: %v)", strings.Join(all, ", "), w.loading)
}

func (w *watch) at() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.url
}

func (w *watch) served() network.RequestID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.document
}

func (w *watch) lastStatus() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answered == nil {
		return 0
	}
	return int(w.answered.Status)
}

func (w *watch) header(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answered == nil {
		return ""
	}
	for key, value := range w.answered.Headers {
		if strings.EqualFold(key, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// verdict is everything that was found against the page.
func (w *watch) verdict() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []error
	for _, fault := range slices.Compact(w.faults) {
		all = append(all, errors.New(fault))
	}
	w.faults = nil
	return errors.Join(all...)
}

// Expect says that a complaint that matches is what the test wants, from now on.
func (p *Page) Expect(pattern string) {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	p.watch.expected = append(p.watch.expected, regexp.MustCompile(pattern))
}

// Mark keeps a text that may stand in no address, title or header from now on, as
// what was typed with [Page.Fill].
func (p *Page) Mark(text string) { p.watch.mark(text) }

// Requests lists what the page asked for so far.
func (p *Page) Requests() []Request {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	return slices.Clone(p.watch.requests)
}
