package signin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-webauthn/webauthn/webauthn"

	"handrail/services/web"
	"handrail/services/web/access"
)

// recordKey is under what a session manager keeps our record.
const recordKey = "record"

// touch is how exactly the last visit is kept.
const touch = 5 * time.Second

// session is one browser in which somebody signed in.
type session struct {
	ID     string // for the person's own list; says nothing
	Code   string
	Roles  []access.Role
	How    Method // of the last proof
	Shared bool

	Began  time.Time
	Seen   time.Time // the last visit, streams aside
	Proved time.Time // for what is sealed; zero at a shared computer until asked again
	Fully  time.Time // the last proof by provider or passkey
	Locked bool

	Making *webauthn.SessionData // a passkey that is being made
}

// cookieName is that of the session's cookie. Agencies of a demo share one host
// name, and browsers do not tell cookies of two ports apart: hence the agency. A dot
// cannot be part of an agency's id.
func (g *Gate) cookieName(what string) string {
	return "__Host-handrail-" + string(g.config.Agency) + "." + what
}

// cookie sends one of this site's cookies; it ends with the browser if its life is 0,
// and at once if that is negative.
func (g *Gate) cookie(v *web.Visit, what, value string, life time.Duration) {
	v.SetCookie(&http.Cookie{Name: g.cookieName(what), Value: value, MaxAge: int(life / time.Second)}) //nolint:gosec // the site makes it Secure, HttpOnly and SameSite
}

func newSessions(life time.Duration) *scs.SessionManager {
	// scs.New would start a store of its own, with a goroutine that nothing ends.
	return &scs.SessionManager{Lifetime: life, Codec: scs.GobCodec{}, Store: &kept{records: map[string]record{}}}
}

func (g *Gate) token(r *http.Request) string {
	if c, err := r.Cookie(g.cookieName("session")); err == nil {
		return c.Value
	}
	return ""
}

// session gives what is kept of a request's session, locked or not; nil if there is
// none or its time is over.
func (g *Gate) session(r *http.Request) *session {
	var found *session
	err := g.change(r, func(s *session) bool { found = s; return false }) //nolint:contextcheck // the request brings its own
	if err != nil {
		g.log.ErrorContext(r.Context(), "a session could not be read")
		return nil
	}
	return found
}

// change lets a function see a request's session and store it if it says so. It is
// not called when there is no session. Nobody else sees or ends it meanwhile.
func (g *Gate) change(r *http.Request, do func(*session) bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	ctx, s, err := g.load(r)
	if err != nil || s == nil {
		return err
	}
	if !do(s) {
		return nil
	}
	_, err = g.store(ctx, s)
	return err
}

// load needs mu. A session that is over is deleted; one that was idle is locked.
func (g *Gate) load(r *http.Request) (context.Context, *session, error) {
	ctx, err := g.sessions.Load(r.Context(), g.token(r))
	if err != nil {
		return nil, nil, fmt.Errorf("reading a session: %w", err)
	}
	text := g.sessions.GetBytes(ctx, recordKey)
	if text == nil {
		return ctx, nil, nil
	}
	s := &session{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, nil, fmt.Errorf("reading a session: %w", err)
	}
	now := g.now()
	if now.Sub(s.Began) >= g.config.Life {
		return ctx, nil, g.destroy(ctx, s)
	}
	if !s.Locked && now.Sub(s.Seen) >= g.idle(s) {
		s.Locked, g.left[s.Code] = true, now
		if _, err := g.store(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	return ctx, s, nil
}

// store needs mu.
func (g *Gate) store(ctx context.Context, s *session) (token string, err error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("storing a session: %w", err)
	}
	g.sessions.Put(ctx, recordKey, text)
	if token, _, err = g.sessions.Commit(ctx); err != nil {
		return "", fmt.Errorf("storing a session: %w", err)
	}
	return token, nil
}

func (g *Gate) idle(s *session) time.Duration {
	if s.Shared {
		return g.config.SharedIdle
	}
	return g.config.Idle
}

// begin ends whatever session the browser had and gives it a new one under a new
// token, so that a token from before signing in is worth nothing after.
func (g *Gate) begin(v *web.Visit, s *session) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.ID, s.Began = rand.Text()[:12], g.now()
	ctx, old, err := g.load(v.Request)
	if err != nil {
		return err
	}
	if old != nil {
		if err := g.destroy(ctx, old); err != nil {
			return err
		}
	}
	if ctx, err = g.sessions.Load(v.Context(), ""); err != nil {
		return fmt.Errorf("beginning a session: %w", err)
	}
	return g.hand(ctx, v, s)
}

// prove notes in the running session that the person proved who they are, and
// unlocks it. The token changes. It gives nil if it is no session of that person.
func (g *Gate) prove(v *web.Visit, code string, how Method) (*session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ctx, s, err := g.load(v.Request)
	if err != nil || s == nil || s.Code != code {
		return nil, err
	}
	if err := g.sessions.RenewToken(ctx); err != nil {
		return nil, fmt.Errorf("renewing a session: %w", err)
	}
	s.proved(how, g.now())
	return s, g.hand(ctx, v, s)
}

func (s *session) proved(how Method, now time.Time) {
	s.How, s.Seen, s.Proved, s.Locked = how, now, now, false
	if how != ByPIN {
		s.Fully = now
	}
}

// hand needs mu: it stores a session and sends its token. The cookie ends with the
// browser, or with the session here, whichever is first.
func (g *Gate) hand(ctx context.Context, v *web.Visit, s *session) error {
	token, err := g.store(ctx, s)
	if err != nil {
		return err
	}
	g.cookie(v, "session", token, 0)
	return nil
}

// end ends the request's session, here and in the browser.
func (g *Gate) end(v *web.Visit) (*session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cookie(v, "session", "", -time.Second)
	ctx, s, err := g.load(v.Request)
	if err != nil || s == nil {
		return nil, err
	}
	g.left[s.Code] = g.now()
	return s, g.destroy(ctx, s)
}

// destroy needs mu: it deletes a session and all that is kept for it.
func (g *Gate) destroy(ctx context.Context, s *session) error {
	delete(g.unsent, s.ID)
	if err := g.sessions.Destroy(ctx); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// EndSessions ends every session of a person, wherever they are, and says how many. It
// is for somebody who left or whose device is lost; what they have to sign in with
// stays: see [Gate.Forget].
func (g *Gate) EndSessions(ctx context.Context, code string) (int, error) {
	return g.endThose(ctx, func(s *session) bool { return s.Code == code })
}

func (g *Gate) endThose(ctx context.Context, which func(*session) bool) (ended int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	err = g.each(ctx, func(ctx context.Context, s *session) error {
		if !which(s) {
			return nil
		}
		ended++
		g.left[s.Code] = g.now()
		return g.destroy(ctx, s)
	})
	return ended, err
}

// each needs mu.
func (g *Gate) each(ctx context.Context, do func(context.Context, *session) error) error {
	err := g.sessions.Iterate(ctx, func(ctx context.Context) error {
		s := &session{}
		if err := json.Unmarshal(g.sessions.GetBytes(ctx, recordKey), s); err != nil {
			return fmt.Errorf("reading a session: %w", err)
		}
		return do(ctx, s)
	})
	if err != nil {
		return fmt.Errorf("going through the sessions: %w", err)
	}
	return nil
}

// countOthers says in how many other browsers a person is signed in.
func (g *Gate) countOthers(ctx context.Context, mine *session) (n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	err = g.each(ctx, func(_ context.Context, s *session) error {
		if s.Code == mine.Code && s.ID != mine.ID {
			n++
		}
		return nil
	})
	return n, err
}
