package signin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"handrail/services/web"
	"handrail/services/web/access"
)

// What a lock stopped leaves the memory with its session, however that ends.
func TestNothingUnsentOutlivesItsSession(t *testing.T) {
	g, err := New(production())
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Config{Agency: "blue-harbour", Who: g.Who, SignIn: Path})
	if err != nil {
		t.Fatal(err)
	}
	g.Register(site)
	site.Open("GET /begin", func(v *web.Visit) (web.Answer, error) {
		return web.Go("/"), g.begin(v, &session{Code: "worker-1", Roles: []access.Role{access.CaseWorker}, How: ByProvider, Seen: g.now()})
	})
	ask := func(method, path string, cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		return w.Result()
	}
	for name, end := range map[string]func(mine []*http.Cookie){
		"signing out":              func(mine []*http.Cookie) { ask(http.MethodPost, "/sign-out", mine...) },
		"leaving at once":          func(mine []*http.Cookie) { ask(http.MethodPost, "/leave", mine...) },
		"another session, as here": func(mine []*http.Cookie) { ask(http.MethodGet, "/begin", mine...) },
		"the duty lead": func([]*http.Cookie) {
			if n, err := g.EndSessions(t.Context(), "worker-1"); n == 0 || err != nil {
				t.Errorf("%d sessions ended, %v", n, err)
			}
		},
		"a quarter of an hour": func([]*http.Cookie) {
			for id, u := range g.unsent {
				g.forgetUnsent(id, u.At)
			}
		},
	} {
		mine := ask(http.MethodGet, "/begin").Cookies()
		r := httptest.NewRequest(http.MethodPost, "/say", nil)
		for _, c := range mine {
			r.AddCookie(c)
		}
		g.keepUnsent(r, unsent{To: "/say", Fields: url.Values{"text": {"words"}}, Pressed: true})
		if len(g.unsent) != 1 {
			t.Fatalf("%d are kept", len(g.unsent))
		}
		end(mine)
		if len(g.unsent) != 0 {
			t.Errorf("%s leaves it in memory", name)
		}
	}
	g.keepUnsent(httptest.NewRequest(http.MethodPost, "/say", nil), unsent{To: "/say", Pressed: true})
	if len(g.unsent) != 0 {
		t.Error("it is kept for nobody")
	}
}
