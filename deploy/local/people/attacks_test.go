package people

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/services/web/signin"
)

// returned is the address at which the provider sends a browser back, as cw-1 and not yet followed.
func (b *browser) returned() string {
	b.door.t.Helper()
	who := b.get("/sign-in/provider?back=/inbox")
	return b.stay().get(who.picked(b.door.t, "blue-harbour/cw-1")).header.Get("Location")
}

func TestOnlyTheBrowserThatLeftComesBackAndOnlyOnce(t *testing.T) {
	d := newDoor(t, nil)
	b, other := d.browser(), d.browser()
	back := b.returned()
	if p := other.get(back); p.status != http.StatusBadRequest || !strings.Contains(p.text, "was not begun here") {
		t.Fatalf("a browser that never left came back: %d at %s", p.status, p.at)
	}
	other.get("/sign-in/provider") // another sign-in, whose cookie has another state
	if p := other.get(back); p.status != http.StatusBadRequest || other.jar.get(sessionCookie) != "" {
		t.Fatalf("a sign-in was put under somebody: %d at %s", p.status, p.at)
	}
	way := b.jar.get("__Host-handrail-blue-harbour.way")
	if p := b.get(back); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s: %s", p.at, p.text)
	}
	thief := d.browser()
	thief.jar.put("__Host-handrail-blue-harbour.way", way)
	if p := thief.get(back); p.status != http.StatusForbidden || thief.jar.get(sessionCookie) != "" {
		t.Errorf("a code was taken twice: %d at %s", p.status, p.at)
	}
}

func TestAnAnswerThatCannotBeRightIsNotTaken(t *testing.T) {
	d := newDoor(t, nil)
	for name, change := range map[string]func(url.Values){
		"another state":  func(q url.Values) { q.Set("state", "guessed") },
		"no state":       func(q url.Values) { q.Del("state") },
		"another issuer": func(q url.Values) { q.Set("iss", "http://localhost:1") },
		"no code":        func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") },
		"another code":   func(q url.Values) { q.Set("code", "guessed") },
	} {
		b := d.browser()
		u, err := url.Parse(b.returned())
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		change(query)
		u.RawQuery = query.Encode()
		if p := b.get(u.String()); p.status < 400 || p.status > 499 || b.jar.get(sessionCookie) != "" || strings.Contains(p.text, "guessed") {
			t.Errorf("%s: %d at %s", name, p.status, p.at)
		}
	}
	b := d.browser()
	back := b.returned()
	d.later(11 * time.Minute)
	if p := b.get(back); p.status != http.StatusBadRequest {
		t.Errorf("eleven minutes later: %d at %s", p.status, p.at)
	}
}

// exchange stands between a site and its provider and changes what the provider answers.
type exchange struct {
	mu     sync.Mutex
	change func(token map[string]any)
	down   bool
}

func (e *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down {
		return nil, errors.New("out of reach")
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || e.change == nil || r.URL.Path != tokenPath {
		return answer, err
	}
	defer answer.Body.Close()
	token := map[string]any{}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		return nil, err
	}
	e.change(token)
	text, err := json.Marshal(token)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return answer, err
}

func TestATokenCountsForTheSignInThatItWasMadeFor(t *testing.T) {
	between := &exchange{}
	d := newDoor(t, func(c *signin.Config) { c.Transport = between })
	if err := d.provider.Register(Client{ID: "another-site", Redirect: "http://localhost:9/sign-in/callback", Agency: agency}); err != nil {
		t.Fatal(err)
	}
	another := invented()[0]
	made := func(g grant) string {
		g.person, g.proved = another, d.config.Now()
		text, err := d.provider.idToken(g)
		if err != nil {
			t.Error(err)
		}
		return text
	}
	other, err := New("http://localhost:1", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.idToken(grant{person: another, client: d.config.ClientID, proved: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"another nonce": func(token map[string]any) {
			token["id_token"] = made(grant{client: d.config.ClientID, nonce: "of another sign-in"})
		},
		"another site":     func(token map[string]any) { token["id_token"] = made(grant{client: "another-site"}) },
		"another provider": func(token map[string]any) { token["id_token"] = foreign },
		"no signature": func(token map[string]any) {
			parts := strings.Split(token["id_token"].(string), ".")
			token["id_token"] = parts[0] + "." + parts[1] + "."
		},
		"no token": func(token map[string]any) { delete(token, "id_token") },
		"expired":  func(map[string]any) { d.later(6 * time.Minute) },
	} {
		between.mu.Lock()
		between.change = change
		between.mu.Unlock()
		b := d.browser()
		p := b.get(b.returned())
		if p.status != http.StatusForbidden || !strings.Contains(p.text, "The answer cannot be trusted") || b.jar.get(sessionCookie) != "" {
			t.Errorf("%s: %d at %s", name, p.status, p.at)
		}
	}
}

func TestAProviderThatIsAwayIsSaidAndComesBack(t *testing.T) {
	between := &exchange{down: true}
	d := newDoor(t, func(c *signin.Config) { c.Transport = between })
	b := d.browser()
	if p := b.get("/sign-in/provider?back=/inbox"); p.status != http.StatusBadGateway || !strings.Contains(p.text, "does not answer") || !strings.Contains(p.text, "/sign-in?back=%2Finbox") {
		t.Fatalf("%d at %s: %s", p.status, p.at, p.text)
	}
	between.mu.Lock()
	between.down = false
	between.mu.Unlock()
	d.later(4 * time.Second)
	b.in("cw-1", "/inbox")
}

// A provider keeps its own session: it must not let in whoever sits down where somebody signed out.
func TestTheProvidersOldWordDoesNotOpenWhatWasLeft(t *testing.T) {
	d := newDoor(t, nil)
	b, next := d.browser(), d.browser()
	b.in("cw-1", "/inbox")
	old := next.returned() // proved before
	d.later(2 * time.Second)
	b.post("/sign-out", nil)
	p := next.get(old)
	if !strings.HasPrefix(p.at.String(), d.provider.Issuer()) || p.at.Query().Get("prompt") != "login" {
		t.Fatalf("an old proof opened %s", p.at)
	}
	if p := next.get(p.picked(t, "blue-harbour/cw-1")); p.text != "cw-1 is at /inbox" {
		t.Errorf("a new proof ended at %s", p.at)
	}
}

// Visits that are under way while a session ends must not write it back.
func TestASessionThatEndedStaysEnded(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	token := b.jar.get(sessionCookie)
	var visits sync.WaitGroup
	for i := range 8 {
		visits.Go(func() {
			for range 20 {
				d.later(6 * time.Second) // so that each visit is written down
				other := d.browser()
				other.jar.put(sessionCookie, token)
				if i == 0 {
					other.post("/sign-out", nil)
				} else {
					other.stay().get("/inbox")
				}
			}
		})
	}
	visits.Wait()
	b.jar.put(sessionCookie, token)
	if p := b.get("/inbox"); p.at.Path != "/sign-in" {
		t.Errorf("it opens %s again", p.at)
	}
}

func TestATokenFromBeforeSigningInIsWorthNothingAfter(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.jar.put(sessionCookie, "planted")
	b.in("cw-1", "/inbox")
	first := b.jar.get(sessionCookie)
	if first == "planted" || len(first) < 40 {
		t.Fatal("the token was not the site's")
	}
	b.in("lead-1", "/inbox")
	old := d.browser()
	for _, token := range []string{"planted", first, ""} {
		old.jar.put(sessionCookie, token)
		if p := old.get("/inbox"); p.at.Path != "/sign-in" {
			t.Errorf("an old token opens %s", p.at)
		}
	}
	bare := d.browser()
	bare.jar.put("handrail-blue-harbour.session", b.jar.get(sessionCookie))
	bare.jar.put("__Host-handrail-red-bridge.session", b.jar.get(sessionCookie))
	if p := bare.get("/inbox"); p.at.Path != "/sign-in" {
		t.Errorf("a cookie of another name opens %s", p.at)
	}
}

func TestFormsFromElsewhereAndWaysToElsewhereAreRefused(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	for _, path := range []string{"/sign-out", "/lock", "/settings/sessions", "/settings/pin", "/sign-in/pin", "/sign-in/passkey/options"} {
		if p := b.post(path, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example"); p.status != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d", path, p.status)
		}
	}
	if p := b.get("/inbox"); p.at.Path != "/inbox" {
		t.Fatalf("signed out from elsewhere: %s", p.at)
	}
	for _, back := range []string{"//elsewhere.example", "https://elsewhere.example", `/\elsewhere.example`, "/\t/elsewhere.example", "inbox"} {
		for _, path := range []string{"/sign-in?", "/lock?", "/sign-in/provider?hint=cw-1&"} {
			p := b.get(path + url.Values{"back": {back}}.Encode())
			if !strings.HasPrefix(p.at.String(), d.origin) || p.status != http.StatusOK {
				t.Errorf("%s with %q led to %s", path, back, p.at)
			}
		}
	}
}

// The log says who, how and when, and nothing that signs in or names anybody.
func TestTheLogHasCodesOnly(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	b.post("/sign-out", nil)
	b.get("/sign-in/callback?state=secret-state&code=secret-code")
	b.get("/sign-in/provider?hint=Full+Name")
	text := d.log.String()
	for _, want := range []string{"somebody signed in", "staff=cw-1", "how=provider", "somebody signed out", "reason=state"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q: %s", want, text)
		}
	}
	for _, never := range []string{"secret-", "Full", "Cookie", "eyJ"} {
		if strings.Contains(text, never) {
			t.Errorf("the log has %q: %s", never, text)
		}
	}
}
