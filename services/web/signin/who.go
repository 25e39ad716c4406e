package signin

import (
	"net/http"
	"strings"

	"handrail/services/web/access"
)

// Who tells who makes a request: nobody if they did not sign in, or their session
// is over or locked. A visit keeps the session from locking; a stream that stays
// open, and what a page asks by itself, does not.
func (g *Gate) Who(r *http.Request) *access.Person {
	var p *access.Person
	err := g.change(r, func(s *session) bool { //nolint:contextcheck // the request brings its own
		if s.Locked {
			return false
		}
		p = &access.Person{Agency: g.config.Agency, Code: s.Code, Roles: s.Roles, Proved: s.Proved, Shared: s.Shared}
		if byItself(r) || g.now().Sub(s.Seen) < touch {
			return false
		}
		s.Seen = g.now()
		return true
	})
	if err != nil {
		g.log.ErrorContext(r.Context(), "a session could not be read")
		return nil
	}
	return p
}

// byItself says whether a page asks without its reader's doing.
func byItself(r *http.Request) bool {
	return r.URL.Path == Path+"/left" || strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}
