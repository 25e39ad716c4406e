package signin

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/oauth2"

	"handrail/services/web"
	"handrail/services/web/access"
)

// slack is how far the provider's clock may be behind ours when it says when it
// last asked somebody (own choice).
const slack = time.Minute

// way is a sign-in on its way to the provider and back. It travels sealed in the
// browser's cookie.
type way struct {
	State, Nonce, Verifier string

	Back   string
	Shared bool   // at a computer that others use too
	Fresh  bool   // the provider must ask the person now
	Code   string // who must come back, when the session of that person is proved again
	Began  time.Time
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// toProvider sends somebody to the provider. In a session that is locked or to be
// proved again, and at a shared computer, the provider must ask the person, however
// lately it did.
func (g *Gate) toProvider(v *web.Visit) (web.Answer, error) {
	w := way{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Back: v.Back("/"),
		// A link from elsewhere does not turn somebody's computer into a shared one.
		Shared: v.FormValue("shared") == "1" && v.Header.Get("Sec-Fetch-Site") != "cross-site" || g.computer(v) != "", Began: g.now(),
	}
	hint := v.FormValue("hint")
	if s := g.session(v.Request); s != nil && hint == "" {
		w.Code, w.Shared, hint = s.Code, w.Shared || s.Shared, s.Code
	}
	w.Fresh = w.Shared || w.Code != ""
	return g.leave(v, w, hint)
}

func (g *Gate) leave(v *web.Visit, w way, hint string) (web.Answer, error) {
	if !isCode(hint) {
		hint = ""
	}
	address, err := g.provider.leave(v.Context(), w, hint, g.config.Life)
	if err != nil {
		return g.failed(v, err, hint, w.Back)
	}
	if err := g.carry(v, "way", w); err != nil {
		return nil, err
	}
	return web.Away(address), nil
}

// fromProvider takes somebody back from the provider. Only the browser that left
// for it can come back, once, and only with the token of that very sign-in.
func (g *Gate) fromProvider(v *web.Visit) (web.Answer, error) {
	var w way
	query := v.URL.Query()
	switch {
	case !g.carried(v, "way", &w), g.now().Sub(w.Began) > wayLife, !same(w.State, query.Get("state")):
		return g.stop(v, troubleState, "", "/")
	case query.Has("iss") && query.Get("iss") != g.provider.issuer:
		return g.stop(v, troubleUntrusted, "", w.Back)
	case query.Get("code") == "":
		return g.stop(v, troubleRefused, "", w.Back)
	}
	said, err := g.provider.redeem(v.Context(), w, query.Get("code"))
	if err != nil {
		return g.failed(v, err, "", w.Back)
	}
	code, roles, problem := g.person(said.claims)
	if problem == troubleRoles {
		// Whoever lost their last role loses what they signed in with while they had it.
		if err := g.Forget(v.Context(), code); err != nil {
			return nil, err
		}
	}
	if problem != "" {
		return g.stop(v, problem, code, w.Back)
	}
	return g.vouchedFor(v, w, code, roles, said.proved)
}

// vouchedFor lets in whom the provider vouched for, if it asked them lately enough.
func (g *Gate) vouchedFor(v *web.Visit, w way, code string, roles []access.Role, proved time.Time) (web.Answer, error) {
	switch {
	case w.Fresh && proved.Before(w.Began.Add(-slack)):
		return g.stop(v, troubleUntrusted, code, w.Back, slog.String("detail", "the provider did not ask again"))
	case !w.Fresh && g.leftAfter(code, proved):
		// The provider still knows somebody who has left this site, or let it lock.
		w.State, w.Nonce, w.Verifier, w.Fresh, w.Began = rand.Text(), rand.Text(), oauth2.GenerateVerifier(), true, g.now()
		return g.leave(v, w, code)
	case w.Code != "" && w.Code != code:
		return g.stop(v, troubleOther, code, w.Back)
	}
	if g.config.Store != nil {
		if err := g.keep(v.Context(), kindVouched, code, code, vouched{roles, g.now()}); err != nil {
			return nil, err
		}
	}
	if w.Shared {
		if err := g.shareComputer(v, code); err != nil {
			return nil, err
		}
	}
	return g.admit(v, proof{code: code, roles: roles, how: ByProvider, shared: w.Shared, again: w.Code != "", back: w.Back})
}

// leftAfter says whether a session of a person locked or was signed out since the
// second in which the provider asked them: it counts in whole ones.
func (g *Gate) leftAfter(code string, since time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.left[code].Before(since.Add(time.Second))
}

// proof is that somebody proved who they are.
type proof struct {
	code   string
	roles  []access.Role
	how    Method
	shared bool
	again  bool // in their own session, rather than for a new one
	back   string
}

// admit is the one place where a session begins, is unlocked or is proved again.
func (g *Gate) admit(v *web.Visit, p proof) (web.Answer, error) {
	if p.again {
		s, err := g.prove(v, p.code, p.how)
		if err != nil {
			return nil, err
		}
		if s != nil {
			g.log.InfoContext(v.Context(), "somebody proved again who they are", slog.String("staff", p.code), slog.String("how", string(p.how)))
			if u := g.unsentOf(s.ID, false); u != nil && u.Pressed {
				return web.Go(unsentPath), nil
			}
			return web.Go(cmp.Or(p.back, "/")), nil
		}
	}
	s := &session{Code: p.code, Roles: p.roles, Shared: p.shared}
	s.proved(p.how, g.now())
	if p.shared {
		s.Proved = time.Time{} // what is sealed asks again, whoever sits there by then
	}
	if err := g.begin(v, s); err != nil {
		return nil, err
	}
	g.log.InfoContext(v.Context(), "somebody signed in", slog.String("staff", p.code), slog.String("how", string(p.how)), slog.Bool("shared", p.shared))
	return web.Go(cmp.Or(p.back, "/")), nil
}

// failed answers an error of the provider, and leaves others to the site.
func (g *Gate) failed(v *web.Visit, err error, code, back string) (web.Answer, error) {
	t, known := troubleOf(err)
	if !known {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	return g.stop(v, t, code, back, slog.String("detail", err.Error()))
}
