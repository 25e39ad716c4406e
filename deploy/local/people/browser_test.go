package people

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/web"
	"handrail/services/web/access"
	"handrail/services/web/signin"
)

const agency = events.AgencyID("blue-harbour")

func invented() []Person {
	return []Person{
		{Agency: agency, Code: "cw-1", Roles: []access.Role{access.CaseWorker}},
		{Agency: agency, Code: "lead-1", Roles: []access.Role{access.DutyLead}},
		{Agency: agency, Code: "idle-1"},
		{Agency: agency, Code: "Full Name", Roles: []access.Role{access.CaseWorker}},
		{Agency: "red-bridge", Code: "cw-1", Roles: []access.Role{access.CaseWorker}},
	}
}

// door is a site with its sign-in, the provider behind it, and a clock that a test can move.
type door struct {
	t        *testing.T
	provider *Provider
	gate     *signin.Gate
	origin   string
	log      *bytes.Buffer
	ahead    atomic.Int64
	store    *shelf
	config   signin.Config
}

func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

func newProvider(t *testing.T, now func() time.Time) *Provider {
	t.Helper()
	l, issuer := listen(t)
	p, err := New(issuer, invented(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p.now = now
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

// newDoor opens a site at a provider; change may alter the sign-in's configuration.
func newDoor(t *testing.T, change func(*signin.Config)) *door {
	t.Helper()
	d := &door{t: t, log: &bytes.Buffer{}, store: &shelf{values: map[[2]string]kept{}}}
	now := func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }
	d.provider = newProvider(t, now)
	l, origin := listen(t)
	d.origin = origin
	log := slog.New(slog.NewTextHandler(&guardedWriter{to: d.log}, nil))
	d.config = signin.Config{
		Agency: agency, Origin: origin, Issuer: d.provider.Issuer(), ClientID: "blue-harbour-pages", Store: d.store, Log: log, Now: now,
	}
	if change != nil {
		change(&d.config)
	}
	if err := d.provider.Register(Client{ID: d.config.ClientID, Redirect: origin + "/sign-in/callback", Agency: agency}); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.gate, err = signin.New(d.config); err != nil {
		t.Fatal(err)
	}
	d.serve(l, log)
	return d
}

func (d *door) serve(l net.Listener, log *slog.Logger) {
	d.t.Helper()
	site, err := web.New(web.Config{Agency: agency, SignIn: signin.Path, Who: d.gate.Who, Templates: []fs.FS{d.gate.Templates()}, Log: log, Now: d.config.Now})
	if err != nil {
		d.t.Fatal(err)
	}
	d.gate.Register(site)
	show := func(v *web.Visit) (web.Answer, error) {
		return web.File{Name: "x", Type: "text/plain", Body: []byte(v.Person.Code + " is at " + v.URL.RequestURI())}, nil
	}
	site.Page("GET /{$}", access.SeeInbox, show)
	site.Page("GET /inbox", access.SeeInbox, show)
	site.Page("GET /sealed", access.OpenSealed, show)
	take := func(v *web.Visit) (web.Answer, error) {
		err := v.Form()
		return web.File{Name: "x", Type: "text/plain", Body: []byte(v.Person.Code + " sent " + v.PostForm.Encode() + " to " + v.URL.RequestURI())}, err
	}
	site.Page("POST /say", access.SeeInbox, take)
	site.Page("POST /sealed", access.OpenSealed, take)
	server := httptest.NewUnstartedServer(site.Handler())
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	d.t.Cleanup(server.Close)
}

func (d *door) later(by time.Duration) { d.ahead.Add(int64(by)) }

// browser is a real HTTP client with cookies that follows the site and the provider, and obeys the rules of __Host-.
type browser struct {
	door *door
	http *http.Client
	jar  *jar
}

func (d *door) browser() *browser {
	j := &jar{t: d.t, cookies: map[string]string{}}
	b := &browser{door: d, jar: j, http: &http.Client{Jar: j, Timeout: 20 * time.Second}}
	b.http.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if len(via) > 12 {
			return errors.New("led in circles")
		}
		return nil
	}
	return b
}

// page is what a browser ends at.
type page struct {
	status int
	at     *url.URL
	text   string
	header http.Header
}

func (b *browser) do(r *http.Request, err error) page {
	b.door.t.Helper()
	if err != nil {
		b.door.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", "en")
	answer, err := b.http.Do(r)
	if err != nil {
		b.door.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.door.t.Fatal(err)
	}
	return page{answer.StatusCode, answer.Request.URL, string(text), answer.Header}
}

func (b *browser) get(path string) page {
	b.door.t.Helper()
	return b.do(http.NewRequestWithContext(b.door.t.Context(), http.MethodGet, b.door.whole(path), nil))
}

func (b *browser) post(path string, form url.Values, header ...string) page {
	b.door.t.Helper()
	r, err := http.NewRequestWithContext(b.door.t.Context(), http.MethodPost, b.door.whole(path), strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.door.origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
	}
	return b.do(r, err)
}

// stay makes the next answers be shown as they are, redirects too.
func (b *browser) stay() *browser {
	still := *b.http
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{b.door, &still, b.jar}
}

func (d *door) whole(path string) string {
	if strings.HasPrefix(path, "http") {
		return path
	}
	return d.origin + path
}

// in signs in and must end at the page that was wanted.
func (b *browser) in(code, back string) {
	b.door.t.Helper()
	p := b.get("/sign-in/provider?" + url.Values{"hint": {code}, "back": {back}}.Encode())
	if p.status != http.StatusOK || p.at.RequestURI() != back {
		b.door.t.Fatalf("signing in as %s ended at %s with %d: %s", code, p.at, p.status, p.text)
	}
}

// picked is the provider's address for a person on its page.
func (p page) picked(t *testing.T, person string) string {
	t.Helper()
	for part := range strings.SplitSeq(p.text, `href="`) {
		address, _, _ := strings.Cut(part, `"`)
		address = html.UnescapeString(address)
		if u, err := url.Parse(address); err == nil && u.Query().Get("person") == person {
			return p.at.ResolveReference(u).String()
		}
	}
	t.Fatalf("there is no %s to choose at %s: %s", person, p.at, p.text)
	return ""
}

// jar keeps cookies by host, as browsers do: ports share them, and this machine counts as safe.
type jar struct {
	t       *testing.T
	mu      sync.Mutex
	cookies map[string]string
}

func (j *jar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			j.t.Errorf("a cookie that other places could get: %s", c.Name)
		}
		if c.MaxAge < 0 {
			delete(j.cookies, c.Name)
			continue
		}
		j.cookies[c.Name] = c.Value
	}
}

func (j *jar) Cookies(*url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []*http.Cookie
	for name, value := range j.cookies {
		list = append(list, &http.Cookie{Name: name, Value: value})
	}
	return list
}

func (j *jar) get(name string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cookies[name]
}

func (j *jar) put(name, value string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cookies[name] = value
}

const sessionCookie = "__Host-handrail-blue-harbour.session"

// shelf keeps credentials in memory.
type shelf struct {
	mu     sync.Mutex
	values map[[2]string]kept
}

type kept struct {
	staff string
	value []byte
}

func (s *shelf) KeepCredential(_ context.Context, kind, id, staff string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[[2]string{kind, id}] = kept{staff, value}
	return nil
}

func (s *shelf) Credential(_ context.Context, kind, id string) (string, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.values[[2]string{kind, id}]
	return k.staff, k.value, nil
}

func (s *shelf) Credentials(_ context.Context, kind, staff string) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := map[string][]byte{}
	for name, k := range s.values {
		if name[0] == kind && k.staff == staff {
			list[name[1]] = k.value
		}
	}
	return list, nil
}

func (s *shelf) DropCredential(_ context.Context, kind, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, [2]string{kind, id})
	return nil
}

// guardedWriter lets a log be read while it is written.
type guardedWriter struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (w *guardedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}
