package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"handrail/services/web/access"
	"handrail/services/web/language"
)

// maxForm is how much a form may hold, in bytes: sections of one case (as the
// agency's own limit).
const maxForm = 1 << 20

// Visit is one request for a page.
type Visit struct {
	*http.Request

	Person *access.Person // nil: nobody is signed in
	Words  *language.Words
	Theme  string // auto, light, dark, contrast
	Now    time.Time

	site *Site
	w    http.ResponseWriter
}

func (s *Site) visit(w http.ResponseWriter, r *http.Request) *Visit {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return &Visit{
		Request: r, Person: s.config.Who(r), Now: s.config.Now(), Theme: themeOf(r),
		Words: s.book.Best(cookie(r, languageCookie), r.Header.Get("Accept-Language")), site: s, w: w,
	}
}

// May says whether the person may do an act about a case, or, if of is nil, at all.
// The error, if any, is answered as it is: it shows what stands against it, or
// leads to where the person proves again who they are.
func (v *Visit) May(act access.Act, of *access.Case) error {
	if verdict := access.May(v.Person, v.site.config.Agency, act, of, v.Now); verdict != access.Allowed {
		return denial{verdict}
	}
	return nil
}

// Say gives a message in the reader's language; see [language.Words.Say]. A message
// that is missing is shown as an error page by whoever returns the error.
func (v *Visit) Say(key string, members ...any) (string, error) { return v.Words.Say(key, members...) }

// Form reads what a form sent. The error says that it was too large or unreadable.
func (v *Visit) Form() error {
	if err := v.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return ErrLarge
		}
		return ErrUnreadable
	}
	return nil
}

// AnswerHeader is that of the answer, for pages that must say more than the site does.
func (v *Visit) AnswerHeader() http.Header { return v.w.Header() }

// SetCookie sends a cookie of the site: for its own origin only, never to scripts.
func (v *Visit) SetCookie(c *http.Cookie) { http.SetCookie(v.w, hostOnly(c)) }

// Live says whether the request comes from the page itself and wants a part of it.
func (v *Visit) Live() bool { return v.Header.Get("HX-Request") == "true" }

// Back is the path that the query parameter back names, if it is one of this site,
// else the given one.
func (v *Visit) Back(otherwise string) string { return local(v.FormValue("back"), otherwise) }

func local(path, otherwise string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return otherwise
	}
	return path
}

func (v *Visit) serve(page Page) {
	answer, err := page(v)
	if err != nil {
		answer = v.site.failure(v, err)
	}
	v.answer(answer)
}
