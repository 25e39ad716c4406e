package agencytest

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing/fstest"
	"time"

	"handrail/services/web"
	"handrail/services/web/access"
)

// Door lets in whom a test names: see [As]. It takes the place of signing in.
type Door struct{}

// whoIs is the request's context key of who visits.
type whoIs struct{}

// Who implements the pages' door.
func (Door) Who(r *http.Request) *access.Person {
	p, _ := r.Context().Value(whoIs{}).(*access.Person)
	return p
}

// Register adds nothing: nobody signs in.
func (Door) Register(*web.Site) {}

// Templates are none.
func (Door) Templates() fs.FS { return fstest.MapFS{} }

// Staff is a member of the agency's staff who has just proved who they are.
func Staff(code string, roles ...access.Role) *access.Person {
	return &access.Person{Agency: Own, Code: code, Roles: roles, Proved: time.Now()}
}

// Page asks for a page in English, as a person; nil is nobody.
func Page(pages http.Handler, who *access.Person, path string) *httptest.ResponseRecorder {
	return visit(pages, who, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
}

// Send sends a form as the browser does.
func Send(pages http.Handler, who *access.Person, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return visit(pages, who, r)
}

func visit(pages http.Handler, who *access.Person, r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, As(who, r))
	return w
}

// As is a request of somebody who is signed in.
func As(who *access.Person, r *http.Request) *http.Request {
	if who == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), whoIs{}, who))
}

// Signed serves pages to one person, as to a browser that is signed in.
func Signed(pages http.Handler, who *access.Person) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pages.ServeHTTP(w, As(who, r)) })
}
