package people

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"handrail/services/web/access"
)

func TestTheInventedPeopleStayOnThisMachine(t *testing.T) {
	for _, issuer := range []string{"http://people.example:7070", "http://192.0.2.1:7070", "https://localhost:7070", "http://localhost", "http://localhost:7070/x", "http://0.0.0.0:7070", "localhost:7070", ""} {
		if _, err := New(issuer, nil, nil); err == nil {
			t.Errorf("called %q", issuer)
		}
	}
	if _, err := New("http://localhost:7070", []Person{{Agency: agency, Code: "x", Roles: []access.Role{"king"}}}, nil); err == nil {
		t.Error("a role that there is not")
	}
	p, err := New("http://localhost:7070", invented(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, back := range []string{"http://elsewhere.example/x", "https://192.0.2.1/x", "http://localhost@elsewhere.example/", "javascript:alert(1)", "//localhost/x", ""} {
		if err := p.Register(Client{ID: "x", Redirect: back}); err == nil {
			t.Errorf("people are sent to %q", back)
		}
	}
	for _, host := range []string{"people.example:7070", "localhost:7071", "localhost", "192.0.2.1:7070", ""} {
		r := httptest.NewRequest(http.MethodGet, discoveryPath, nil)
		r.Host = host
		w := httptest.NewRecorder()
		if p.Handler().ServeHTTP(w, r); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("answered %d under the name %q", w.Code, host)
		}
	}
	everywhere, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	if err := p.Serve(ctx, everywhere); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("served to everybody: %v", err)
	}
}

// asking is a request that the provider answers, to be spoiled by a test.
func asking(p *Provider, redirect string) url.Values {
	return url.Values{
		"client_id": {"site"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}, "person": {string(agency) + "/" + p.people[0].Code},
	}
}

func (p *Provider) ask(r *http.Request) *httptest.ResponseRecorder {
	r.Host = strings.TrimPrefix(p.issuer, "http://")
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w
}

func TestNobodyIsSentToAnAddressThatIsNotRegistered(t *testing.T) {
	p := newSite(t, "")
	for name, spoil := range map[string]func(url.Values){
		"another address": func(q url.Values) { q.Set("redirect_uri", "http://localhost:9/elsewhere") },
		"no address":      func(q url.Values) { q.Del("redirect_uri") },
		"another site":    func(q url.Values) { q.Set("client_id", "other") },
	} {
		q := asking(p, siteBack)
		spoil(q)
		if w := p.ask(httptest.NewRequest(http.MethodGet, authorizePath+"?"+q.Encode(), nil)); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d, leading to %q", name, w.Code, w.Header().Get("Location"))
		}
	}
	for name, spoil := range map[string]func(url.Values){
		"no challenge":    func(q url.Values) { q.Del("code_challenge") },
		"plain challenge": func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"a token at once": func(q url.Values) { q.Set("response_type", "id_token") },
		"no openid":       func(q url.Values) { q.Set("scope", "email") },
	} {
		q := asking(p, siteBack)
		spoil(q)
		w := p.ask(httptest.NewRequest(http.MethodGet, authorizePath+"?"+q.Encode(), nil))
		if to := w.Header().Get("Location"); !strings.HasPrefix(to, siteBack+"?") || !strings.Contains(to, "error=invalid_request") || strings.Contains(to, "code=") {
			t.Errorf("%s: led to %q", name, to)
		}
	}
}

const siteBack = "http://localhost:7081/sign-in/callback"

func newSite(t *testing.T, secret string) *Provider {
	t.Helper()
	p, err := New("http://localhost:7070", invented(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Register(Client{ID: "site", Secret: secret, Redirect: siteBack, Agency: agency}); err != nil {
		t.Fatal(err)
	}
	return p
}

// The challenge and its verifier are those of RFC 7636, appendix B.
func TestACodeIsForItsSiteAndItsVerifierAndOnce(t *testing.T) {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	p := newSite(t, "the site's secret")
	if err := p.Register(Client{ID: "other", Secret: "another secret", Redirect: siteBack, Agency: agency}); err != nil {
		t.Fatal(err)
	}
	redeem := func(site, secret string, change func(url.Values)) (int, map[string]any) {
		w := p.ask(httptest.NewRequest(http.MethodGet, authorizePath+"?"+asking(p, siteBack).Encode(), nil))
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {siteBack}, "code_verifier": {verifier}}
		change(form)
		r := httptest.NewRequest(http.MethodPost, tokenPath, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(url.QueryEscape(site), url.QueryEscape(secret))
		w = p.ask(r)
		answer := map[string]any{}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return w.Code, answer
	}
	used := ""
	status, answer := redeem("site", "the site's secret", func(f url.Values) { used = f.Get("code") })
	if status != http.StatusOK || answer["id_token"] == nil {
		t.Fatalf("%d %v", status, answer["error"])
	}
	for name, c := range map[string]struct {
		site, secret string
		change       func(url.Values)
	}{
		"twice":            {"site", "the site's secret", func(f url.Values) { f.Set("code", used) }},
		"another verifier": {"site", "the site's secret", func(f url.Values) { f.Set("code_verifier", strings.Repeat("x", 43)) }},
		"no verifier":      {"site", "the site's secret", func(f url.Values) { f.Del("code_verifier") }},
		"another address":  {"site", "the site's secret", func(f url.Values) { f.Set("redirect_uri", siteBack+"x") }},
		"another site":     {"other", "another secret", func(url.Values) {}},
		"another secret":   {"site", "another secret", func(url.Values) {}},
		"no secret":        {"site", "", func(url.Values) {}},
		"an unknown site":  {"nobody", "", func(url.Values) {}},
		"another grant":    {"site", "the site's secret", func(f url.Values) { f.Set("grant_type", "password") }},
	} {
		if status, answer := redeem(c.site, c.secret, c.change); status < 400 || answer["id_token"] != nil {
			t.Errorf("%s: %d", name, status)
		}
	}
	p.now = func() time.Time { return time.Now().Add(-2 * time.Minute) }
	if status, _ := redeem("site", "the site's secret", func(url.Values) { p.now = time.Now }); status != http.StatusBadRequest {
		t.Errorf("two minutes later: %d", status)
	}
}
