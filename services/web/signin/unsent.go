package signin

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"handrail/services/web"
)

// unsentPath is where somebody decides about a form that a lock stopped.
const unsentPath = Path + "/unsent"

// unsentLife is how long such a form is kept (the lead's choice).
const unsentLife = 15 * time.Minute

// In the form that locks, the fields of the one that was not sent stand under their
// names with this before them, and its target under a name of its own.
const (
	unsentField = "unsent."
	unsentTo    = "unsent-to"
)

// unsent is a form that somebody filled in and that a lock stopped. It is kept in
// memory beside the session, one for each, until it is used, thrown away or too old, or
// the session ends: nobody but the person of that session gets it, and nobody while
// that is locked.
type unsent struct {
	To, From string // where it was to be sent, and the page that it stood on
	Fields   url.Values
	Pressed  bool // they had pressed its button; else they were still typing
	At       time.Time
}

func (u unsent) until() time.Time { return u.At.Add(unsentLife) }

// keepRefused keeps a form that came from a session which is locked, or whose person
// is to prove again who they are. What a page sends by itself is not kept.
func (g *Gate) keepRefused(v *web.Visit, from string) {
	if v.Live() || v.Form() != nil {
		return
	}
	g.keepUnsent(v.Request, unsent{To: v.URL.RequestURI(), From: from, Fields: v.PostForm, Pressed: true})
}

// keepTyped keeps what somebody was typing, which the page hands over in the request
// that locks.
func (g *Gate) keepTyped(v *web.Visit) {
	u := unsent{To: v.PostFormValue(unsentTo), From: v.Back("/"), Fields: url.Values{}}
	for name, values := range v.PostForm {
		if field, is := strings.CutPrefix(name, unsentField); is {
			u.Fields[field] = values
		}
	}
	if len(u.Fields) > 0 {
		g.keepUnsent(v.Request, u)
	}
}

// keepUnsent does not keep what people sign in with, which is typed in the settings.
// What was only typed does not take the place of what somebody wanted to send.
func (g *Gate) keepUnsent(r *http.Request, u unsent) {
	if !strings.HasPrefix(u.To, "/") || strings.HasPrefix(u.To, SettingsPath) {
		return
	}
	u.At = g.now()
	err := g.change(r, func(s *session) bool { //nolint:contextcheck // the request brings its own
		if old, has := g.unsent[s.ID]; has && old.Pressed && !u.Pressed && g.now().Before(old.until()) {
			return false
		}
		g.unsent[s.ID] = u
		id, at := s.ID, u.At // the timer must not hold the form that another took the place of
		time.AfterFunc(unsentLife, func() { g.forgetUnsent(id, at) })
		return false
	})
	if err != nil {
		g.log.ErrorContext(r.Context(), "a session could not be read")
	}
}

func (g *Gate) forgetUnsent(id string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.unsent[id].At.Equal(at) {
		delete(g.unsent, id)
	}
}

// unsentOf gives what is kept for a session, and with take forgets it; nil if there is
// nothing.
func (g *Gate) unsentOf(id string, take bool) *unsent {
	g.mu.Lock()
	defer g.mu.Unlock()
	u, has := g.unsent[id]
	old := has && !g.now().Before(u.until())
	if take || old {
		delete(g.unsent, id)
	}
	if !has || old {
		return nil
	}
	return &u
}

// mine gives what is kept for whoever visits: nothing while their session is locked.
func (g *Gate) mine(v *web.Visit, take bool) *unsent {
	s := g.session(v.Request)
	if s == nil || s.Locked {
		return nil
	}
	return g.unsentOf(s.ID, take)
}

// unsentData is what the page about a form that a lock stopped shows; without Fields
// it is gone.
type unsentData struct {
	From   string
	Fields url.Values
	Until  time.Time
}

// unsentPage asks what is to become of a form that somebody sent when they had to show
// first who they are.
func (g *Gate) unsentPage(v *web.Visit) (web.Answer, error) {
	u := g.mine(v, false)
	if u == nil || !u.Pressed {
		return web.Go("/"), nil
	}
	return titled(v, "signin-unsent", "signin.unsent.title", 0, unsentData{From: u.From, Fields: u.Fields, Until: u.until()})
}

// sendUnsent has the browser send the form where it was to go, once: there it meets
// every check that a form meets.
func (g *Gate) sendUnsent(v *web.Visit) (web.Answer, error) {
	u := g.mine(v, true)
	switch {
	case u != nil:
		return web.Again(u.To), nil
	case v.Person == nil:
		return web.Go("/"), nil // locked, or signed out
	}
	return titled(v, "signin-unsent", "signin.unsent.title", http.StatusGone, unsentData{From: "/"})
}

func (g *Gate) dropUnsent(v *web.Visit) (web.Answer, error) {
	u := g.mine(v, true)
	if u == nil {
		return web.Go("/"), nil
	}
	return web.Go(u.From), nil
}

// giveUnsent gives a page's script what to fill in again, once.
func (g *Gate) giveUnsent(v *web.Visit) (web.Answer, error) {
	u := g.mine(v, true)
	if u == nil {
		return nil, web.ErrNoPage
	}
	says, err := v.Say("signin.unsent.back")
	if err != nil {
		return nil, err
	}
	return answerJSON(map[string]any{"fields": u.Fields, "says": says})
}
