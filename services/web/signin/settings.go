package signin

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"handrail/services/web"
	"handrail/services/web/access"
)

// mostKeys is how many passkeys a person may have (own choice).
const mostKeys = 10

// settingsData is what the settings page shows.
type settingsData struct {
	Code      string
	Roles     []access.Role
	How       Method
	Began     time.Time
	Shared    bool
	Certain   bool   // proved lately by more than a PIN: passkeys and PIN can be changed
	ProveAt   string // where to do that
	Passkeys  bool   // can be used here
	Keys      []keyRow
	PIN       bool // can be used here
	HasPIN    bool
	Others    int  // other browsers in which the person is signed in
	EndsStaff bool // may end the sessions of others
	Wrong     string
	Done      string
}

type keyRow struct {
	ID          string
	Added, Used time.Time
}

func (g *Gate) settings(v *web.Visit) (web.Answer, error) {
	return g.settingsPage(v, "", done(v.FormValue("done")))
}

// done keeps what an address says to the list of what can have been done.
func done(what string) string {
	if slices.Contains([]string{"passkey", "passkey-removed", "pin", "pin-removed", "sessions", "computer", "staff"}, what) {
		return what
	}
	return ""
}

func wentTo(what string) web.Answer { return web.Go(SettingsPath + "?done=" + what) }

func (g *Gate) settingsPage(v *web.Visit, wrong, did string) (web.Answer, error) {
	s := g.session(v.Request)
	if s == nil {
		return web.Go(signInAt(SettingsPath)), nil
	}
	data := settingsData{
		Code: s.Code, Roles: s.Roles, How: s.How, Began: s.Began, Shared: s.Shared, Certain: g.certain(s), ProveAt: proveAt,
		Passkeys: g.offers(ByPasskey), PIN: g.offers(ByPIN), Wrong: wrong, Done: did, EndsStaff: v.May(access.EndSessions, nil) == nil,
	}
	keys, err := g.keysOf(v.Context(), s.Code)
	if err != nil {
		return nil, err
	}
	for id, k := range keys {
		data.Keys = append(data.Keys, keyRow{id, k.Added, k.Used})
	}
	slices.SortFunc(data.Keys, func(a, b keyRow) int { return a.Added.Compare(b.Added) })
	if data.HasPIN, err = g.hasPIN(v.Context(), s.Code); err != nil {
		return nil, err
	}
	if data.Others, err = g.countOthers(v.Context(), s); err != nil {
		return nil, err
	}
	status := 0
	if wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	return titled(v, "signin-settings", "signin.settings.title", status, data)
}

// proveAt is where a person proves who they are by more than a PIN.
const proveAt = Path + "?again=full&back=" + SettingsPath

// certain says whether a person may change what they sign in with: a PIN, or a
// session that somebody else could have found open, is not enough.
func (g *Gate) certain(s *session) bool {
	return s != nil && g.now().Sub(s.Fully) <= access.Fresh
}

// newPasskeyOptions gives the script what it asks the device to make.
func (g *Gate) newPasskeyOptions(v *web.Visit) (web.Answer, error) {
	s := g.session(v.Request)
	switch {
	case !g.offers(ByPasskey):
		return nil, web.ErrNoPage
	case !g.certain(s):
		return web.Go(proveAt), nil
	}
	h, err := g.holder(v.Context(), s.Code)
	if err != nil {
		return nil, err
	}
	options, data, err := g.keys.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return nil, fmt.Errorf("asking for a new passkey: %w", err)
	}
	if err := g.change(v.Request, func(s *session) bool { s.Making = data; return true }); err != nil {
		return nil, err
	}
	return answerJSON(options)
}

// newPasskey keeps what the device made.
func (g *Gate) newPasskey(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	var making *webauthn.SessionData
	var s *session
	err := g.change(v.Request, func(now *session) bool {
		s, making, now.Making = now, now.Making, nil
		return true
	})
	switch {
	case err != nil:
		return nil, err
	case !g.offers(ByPasskey):
		return nil, web.ErrNoPage
	case !g.certain(s):
		return web.Go(proveAt), nil
	case making == nil:
		return g.settingsPage(v, "passkey", "")
	}
	if err := g.addKey(v, s.Code, making); err != nil {
		g.log.WarnContext(v.Context(), "a passkey was not added", slog.String("staff", s.Code), slog.String("detail", err.Error()))
		return g.settingsPage(v, "passkey", "")
	}
	g.log.InfoContext(v.Context(), "a passkey was added", slog.String("staff", s.Code))
	return wentTo("passkey"), nil
}

func (g *Gate) addKey(v *web.Visit, code string, making *webauthn.SessionData) error {
	h, err := g.holder(v.Context(), code)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(v.PostFormValue("answer")))
	if err != nil {
		return errors.New("the answer cannot be read")
	}
	made, err := g.keys.CreateCredential(h, *making, parsed)
	if err != nil {
		return fmt.Errorf("checking a new passkey: %w", err)
	}
	owner, err := g.kept(v.Context(), kindPasskey, keyID(made.ID), &passkey{})
	switch {
	case err != nil:
		return err
	case owner != "" || len(h.keys) >= mostKeys:
		return errors.New("it is known already, or there are too many")
	}
	return g.keep(v.Context(), kindPasskey, keyID(made.ID), code, passkey{Credential: *made, Added: g.now()})
}

func (g *Gate) removePasskey(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	keys, err := g.keysOf(v.Context(), v.Person.Code)
	if err != nil {
		return nil, err
	}
	id := v.PostFormValue("key")
	if _, mine := keys[id]; !mine {
		return wentTo("passkey-removed"), nil // it is gone already, or was never this person's
	}
	if err := g.config.Store.DropCredential(v.Context(), kindPasskey, id); err != nil {
		return nil, fmt.Errorf("removing a passkey: %w", err)
	}
	g.log.InfoContext(v.Context(), "a passkey was removed", slog.String("staff", v.Person.Code))
	return wentTo("passkey-removed"), nil
}

func (g *Gate) newPIN(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	first, second := strings.ReplaceAll(v.PostFormValue("pin"), " ", ""), strings.ReplaceAll(v.PostFormValue("repeated"), " ", "")
	switch {
	case !g.offers(ByPIN):
		return nil, web.ErrNoPage
	case !g.certain(g.session(v.Request)):
		return web.Go(proveAt), nil
	case !acceptable(first):
		return g.settingsPage(v, "pin", "")
	case first != second:
		return g.settingsPage(v, "repeated", "")
	}
	if err := g.setPIN(v.Context(), v.Person.Code, first); err != nil {
		return nil, err
	}
	g.log.InfoContext(v.Context(), "a PIN was set", slog.String("staff", v.Person.Code))
	return wentTo("pin"), nil
}

func (g *Gate) removePIN(v *web.Visit) (web.Answer, error) {
	if !g.offers(ByPIN) {
		return nil, web.ErrNoPage
	}
	if err := g.config.Store.DropCredential(v.Context(), kindPIN, v.Person.Code); err != nil {
		return nil, fmt.Errorf("removing a PIN: %w", err)
	}
	g.log.InfoContext(v.Context(), "a PIN was removed", slog.String("staff", v.Person.Code))
	return wentTo("pin-removed"), nil
}

// endOthers ends the person's sessions in other browsers.
func (g *Gate) endOthers(v *web.Visit) (web.Answer, error) {
	mine := g.session(v.Request)
	if mine == nil {
		return web.Go(signInAt(SettingsPath)), nil
	}
	n, err := g.endThose(v.Context(), func(s *session) bool { return s.Code == mine.Code && s.ID != mine.ID })
	if err != nil {
		return nil, err
	}
	g.log.InfoContext(v.Context(), "somebody ended their other sessions", slog.String("staff", mine.Code), slog.Int("sessions", n))
	return wentTo("sessions"), nil
}

// endStaff ends the sessions of somebody who left or lost a device, and deletes what
// they sign in with here: the provider must let them in anew.
func (g *Gate) endStaff(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	code := strings.ToLower(strings.TrimSpace(v.PostFormValue("staff")))
	if !isCode(code) || code == v.Person.Code {
		return g.settingsPage(v, "staff", "")
	}
	known := g.staffOnly(v.Context(), code) // asked before it is forgotten
	if err := g.Forget(v.Context(), code); err != nil {
		return nil, err
	}
	g.log.InfoContext(v.Context(), "somebody was signed out everywhere", slog.String("staff", known), slog.String("by", v.Person.Code))
	return wentTo("staff"), nil
}
