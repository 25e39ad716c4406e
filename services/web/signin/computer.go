package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"handrail/services/web"
)

// computerLife is how long a computer stays known as a shared one.
const computerLife = 365 * 24 * time.Hour

// shared is a computer that several people use: its cookie's digest is kept, so that
// a PIN is worth something only at a computer where somebody signed in by more.
type shared struct{ At time.Time }

// computer gives the id of the shared computer that a visit comes from; empty if it
// comes from another, or nothing is kept here.
func (g *Gate) computer(v *web.Visit) string {
	c, err := v.Cookie(g.cookieName("computer"))
	if err != nil || c.Value == "" {
		return ""
	}
	id := digest(c.Value)
	var s shared
	if staff, err := g.kept(v.Context(), kindComputer, id, &s); err != nil || staff == "" || g.now().Sub(s.At) > computerLife {
		return ""
	}
	return id
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// shareComputer makes this computer a known shared one, if it is none yet. Only
// somebody whom the provider vouches for can do that.
func (g *Gate) shareComputer(v *web.Visit, staff string) error {
	if g.config.Store == nil || g.computer(v) != "" {
		return nil
	}
	token := rand.Text() + rand.Text()
	if err := g.keep(v.Context(), kindComputer, digest(token), staff, shared{g.now()}); err != nil {
		return err
	}
	g.cookie(v, "computer", token, computerLife)
	return nil
}

// computerIsOwn makes a shared computer one person's again: from now on sessions
// here last as long as elsewhere, and no PIN signs in. A PIN is not enough to say so.
func (g *Gate) computerIsOwn(v *web.Visit) (web.Answer, error) {
	if !g.certain(g.session(v.Request)) {
		return web.Go(proveAt), nil
	}
	if id := g.computer(v); id != "" {
		if err := g.config.Store.DropCredential(v.Context(), kindComputer, id); err != nil {
			return nil, fmt.Errorf("forgetting a computer: %w", err)
		}
	}
	g.cookie(v, "computer", "", -time.Second)
	err := g.change(v.Request, func(s *session) bool { s.Shared = false; return true })
	return wentTo("computer"), err
}
