package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"handrail/services/web"
	"handrail/services/web/access"
)

func newSite(t *testing.T, who *access.Person) *web.Site {
	t.Helper()
	site, err := web.New(web.Config{
		Agency: "blue-harbour", SignIn: "/sign-in", Who: func(*http.Request) *access.Person { return who },
		Menu: []web.MenuEntry{{Path: "/", Key: "web.home", Act: access.SeeInbox}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func get(site *web.Site, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.Handler().ServeHTTP(w, r)
	return w
}

func TestAPageIsClosedToWhoeverIsNotSignedIn(t *testing.T) {
	site := newSite(t, nil)
	site.Page("GET /inbox", access.SeeInbox, func(*web.Visit) (web.Answer, error) { return web.Go("/elsewhere"), nil })
	w := get(site, "/inbox?x=1")
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != "/sign-in?back=%2Finbox%3Fx%3D1" {
		t.Errorf("answered %d, leading to %q", w.Code, got)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	site := newSite(t, &access.Person{Agency: "blue-harbour", Code: "cw-1", Roles: []access.Role{access.CaseWorker}, Proved: time.Now()})
	w := get(site, "/nowhere", "Accept-Language", "en")
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "There is no such page") {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'; script-src 'self';",
	} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestAFormFromAnotherSiteIsNotTaken(t *testing.T) {
	site := newSite(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/language", strings.NewReader("language=en"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	site.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("answered %d", w.Code)
	}
}
