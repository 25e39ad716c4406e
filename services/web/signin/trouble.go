package signin

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"handrail/services/web"
)

// trouble is why somebody could not sign in: the end of the keys of two messages,
// what happened and what to do.
type trouble string

// The troubles.
const (
	troubleAway      trouble = "away"      // the provider does not answer
	troubleState     trouble = "state"     // it is not the sign-in that this browser began
	troubleRefused   trouble = "refused"   // the provider let nobody in
	troubleUntrusted trouble = "untrusted" // what it says cannot be believed
	troubleAgency    trouble = "agency"    // the person belongs to another agency
	troubleCode      trouble = "code"      // there is no staff code, or it is none
	troubleRoles     trouble = "roles"     // no role is known
	troubleOther     trouble = "other"     // somebody else proved who they are
	troubleStale     trouble = "stale"     // the provider's last word is too old for a passkey or PIN
	troubleKey       trouble = "key"       // the passkey is unknown or was not proved
)

const troublePath = Path + "/trouble"

func troubles() []trouble {
	return []trouble{
		troubleAway, troubleState, troubleRefused, troubleUntrusted, troubleAgency, troubleCode, troubleRoles, troubleOther, troubleStale, troubleKey,
	}
}

func (t trouble) status() int {
	switch t {
	case troubleAway:
		return http.StatusBadGateway
	case troubleState:
		return http.StatusBadRequest
	case troubleRefused, troubleUntrusted, troubleAgency, troubleCode, troubleRoles, troubleOther, troubleStale, troubleKey:
	}
	return http.StatusForbidden
}

func troubleOf(err error) (trouble, bool) {
	switch {
	case errors.Is(err, errAway):
		return troubleAway, true
	case errors.Is(err, errRefused):
		return troubleRefused, true
	case errors.Is(err, errUntrusted):
		return troubleUntrusted, true
	}
	return "", false
}

// troubleData is what the page of a trouble shows.
type troubleData struct {
	Trouble trouble
	Again   string // where to try once more
}

// stop leads to the page that says what went wrong and what to do, and logs it.
// Neither has more of the person than the staff code, if that is known. The page has
// an address of its own: what the provider answered stays in none.
func (g *Gate) stop(v *web.Visit, t trouble, code, back string, attrs ...slog.Attr) (web.Answer, error) {
	attrs = append(attrs, slog.String("reason", string(t)), slog.String("staff", code))
	g.log.LogAttrs(v.Context(), slog.LevelWarn, "a sign-in failed", attrs...)
	return web.Go(troublePath + "?" + url.Values{"why": {string(t)}, "back": {back}}.Encode()), nil
}

func (g *Gate) troublePage(v *web.Visit) (web.Answer, error) {
	t := trouble(v.FormValue("why"))
	if !slices.Contains(troubles(), t) {
		return nil, web.ErrNoPage
	}
	return titled(v, "signin-trouble", "signin.trouble."+string(t)+".title", t.status(), troubleData{Trouble: t, Again: signInAt(v.Back("/"))})
}

// titled shows a page whose title is a message without members.
func titled(v *web.Visit, template, title string, status int, data any) (web.Answer, error) {
	text, err := v.Say(title)
	if err != nil {
		return nil, err
	}
	return web.Show{Template: template, Title: text, Status: status, Data: data}, nil
}

func signInAt(back string) string {
	if back == "/" || back == "" {
		return Path
	}
	return Path + "?" + url.Values{"back": {back}}.Encode()
}
