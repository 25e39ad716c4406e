package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"handrail/services/web"
)

// How often a PIN may be wrong (the lead's choice; NIST SP 800-63B-4 allows up to
// 100 in a row).
const (
	pinTries = 5                // until it rests
	pinRest  = 15 * time.Minute // for so long
	pinLast  = 25               // in a row altogether: then it is deleted
)

// How long a PIN is: digits, which every phone's keyboard offers in large.
const (
	pinShortest = 6
	pinLongest  = 12
)

// pin is what is kept of a PIN: enough to check it, and how it was tried.
type pin struct {
	Salt, Hash []byte
	Tries      int // wrong ones in a row
	Until      time.Time
	Set        time.Time
}

// hash is Argon2id with 19 MiB and two passes (OWASP's least). Six digits fall to
// whoever has the journal all the same, in hours; see the package's comment.
func (p *pin) hash(digits string) []byte {
	return argon2.IDKey([]byte(digits), p.Salt, 2, 19<<10, 1, 32)
}

// acceptable says whether digits may be a PIN: long enough, and neither one digit
// over and over nor a run such as 123456.
func acceptable(digits string) bool {
	if len(digits) < pinShortest || len(digits) > pinLongest || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	steps := map[byte]bool{}
	for i := range len(digits) - 1 {
		steps[digits[i+1]-digits[i]] = true
	}
	return len(steps) > 1 || !steps[0] && !steps[1] && !steps[255]
}

func (g *Gate) hasPIN(ctx context.Context, code string) (bool, error) {
	if !g.offers(ByPIN) {
		return false, nil
	}
	staff, err := g.kept(ctx, kindPIN, code, &pin{})
	return staff != "", err
}

func (g *Gate) setPIN(ctx context.Context, code, digits string) error {
	g.pins.Lock()
	defer g.pins.Unlock()
	p := pin{Salt: make([]byte, 16), Set: g.now()}
	_, _ = rand.Read(p.Salt) // never fails
	p.Hash = p.hash(digits)
	return g.keep(ctx, kindPIN, code, code, p)
}

// tryPIN counts a try before it looks whether it is right, so that a crash or a
// second try beside it is no way around the count. until is set if the PIN rests.
func (g *Gate) tryPIN(ctx context.Context, code, digits string) (right bool, until time.Time, err error) {
	g.pins.Lock()
	defer g.pins.Unlock()
	p, now := pin{Salt: make([]byte, 16)}, g.now()
	staff, err := g.kept(ctx, kindPIN, code, &p)
	switch {
	case err != nil:
		return false, until, err
	case staff == "": // takes as long as a PIN that is wrong
		_ = p.hash(digits)
		return false, until, nil
	case now.Before(p.Until):
		return false, p.Until, nil
	}
	p.Tries++
	if p.Tries%pinTries == 0 {
		p.Until = now.Add(pinRest)
	}
	if err := g.keep(ctx, kindPIN, code, code, p); err != nil {
		return false, until, err
	}
	if subtle.ConstantTimeCompare(p.hash(digits), p.Hash) == 1 {
		p.Tries, p.Until = 0, time.Time{}
		return true, until, g.keep(ctx, kindPIN, code, code, p)
	}
	if p.Tries >= pinLast {
		g.log.WarnContext(ctx, "a PIN was wrong too often and is deleted", slog.String("staff", code))
		if err := g.config.Store.DropCredential(ctx, kindPIN, code); err != nil {
			return false, until, fmt.Errorf("deleting a PIN: %w", err)
		}
	}
	if now.Before(p.Until) {
		return false, p.Until, nil
	}
	return false, until, nil
}

// pinAnswer takes a PIN: of the person whose session it is, or, at a known shared
// computer, of whoever types their code with it.
func (g *Gate) pinAnswer(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	s := g.session(v.Request)
	data, err := g.pageData(v, s, v.PostFormValue("again") == "full")
	if err != nil {
		return nil, err
	}
	if !data.PIN {
		return web.Go(signInAt(data.Back)), nil
	}
	code := strings.ToLower(strings.TrimSpace(v.PostFormValue("code")))
	if s != nil {
		code = s.Code
	}
	right, until, err := false, time.Time{}, error(nil)
	if isCode(code) {
		right, until, err = g.tryPIN(v.Context(), code, strings.ReplaceAll(v.PostFormValue("pin"), " ", ""))
	}
	switch {
	case err != nil:
		return nil, err
	case right:
		return g.letIn(v, s, code, ByPIN)
	}
	data.Code, data.Wrong, data.Until = code, until.IsZero(), until
	g.log.WarnContext(v.Context(), "a sign-in failed", slog.String("reason", "pin"), slog.String("staff", g.staffOnly(v.Context(), code)))
	return titled(v, "signin-page", "signin."+string(data.Mode)+".title", data.status(), data)
}

// staffOnly gives a code for the log if it is somebody's here: what else was typed
// into the field may be anything.
func (g *Gate) staffOnly(ctx context.Context, code string) string {
	if staff, err := g.kept(ctx, kindVouched, code, &vouched{}); err == nil && isCode(code) {
		return staff
	}
	return ""
}
