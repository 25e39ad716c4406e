package signin

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"handrail/services/web"
	"handrail/services/web/access"
)

func TestLeavingQuicklyEndsTheSessionAndShowsAPageOfNoSite(t *testing.T) {
	g, err := New(production())
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Config{Agency: "blue-harbour", Who: g.Who, SignIn: Path, Templates: []fs.FS{g.Templates()}, QuickExit: true})
	if err != nil {
		t.Fatal(err)
	}
	g.Register(site)
	site.Open("GET /begin", func(v *web.Visit) (web.Answer, error) {
		return web.Go(SettingsPath), g.begin(v, &session{Code: "worker-1", Roles: []access.Role{access.CaseWorker}, How: ByProvider, Seen: g.now()})
	})
	pages := site.Handler()
	ask := func(method, path string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w
	}
	mine := ask(http.MethodGet, "/begin").Result().Cookies()
	if w := ask(http.MethodGet, SettingsPath, mine...); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `action="/leave" data-quick-exit`) {
		t.Fatalf("settings: %d", w.Code)
	}
	if w := ask(http.MethodGet, "/leave", mine...); w.Code != http.StatusOK {
		t.Errorf("the empty page: %d", w.Code)
	}
	if w := ask(http.MethodGet, SettingsPath, mine...); w.Code != http.StatusOK {
		t.Errorf("whoever only looks at the empty page is signed out: %d", w.Code)
	}
	left := ask(http.MethodPost, "/leave", mine...)
	page := strings.ToLower(left.Body.String())
	if left.Code != http.StatusOK || left.Header().Get("Clear-Site-Data") != `"cache", "storage"` || left.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", left.Code, left.Header())
	}
	for _, mark := range []string{"handrail", "blue-harbour", "worker-1", "href=\"/", "<script", "<form"} {
		if strings.Contains(page, mark) {
			t.Errorf("the page tells of %s", mark)
		}
	}
	if w := ask(http.MethodGet, SettingsPath, mine...); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), Path) {
		t.Errorf("the session goes on: %d", w.Code)
	}
	if w := ask(http.MethodPost, "/leave", mine...); w.Code != http.StatusOK {
		t.Errorf("leaving once more: %d", w.Code)
	}
}
