package signin

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"handrail/services/web"
)

// mode is why somebody is asked who they are.
type mode string

// The modes.
const (
	modeIn    mode = "in"    // nobody is signed in here
	modeLock  mode = "lock"  // somebody is, and went away
	modeAgain mode = "again" // somebody is, and asks for what is sealed
)

// pageData is what the page of signing in shows, in each of its modes.
type pageData struct {
	Mode     mode
	Code     string // whose session it is, or what was typed
	Back     string
	Full     bool // a PIN is not enough
	Shared   bool // at a computer that others use too
	PIN      bool // can be used here
	Passkey  bool
	Provider string // where to go
	AtShared string // where to go at a computer that others use too, which is not known yet
	Wrong    bool   // the PIN or the code
	Until    time.Time
	Kept     time.Time // until when what a lock stopped is kept; zero: nothing is
}

// signInPage asks who somebody is. To whoever is signed in already it is the page
// where they prove it again, if they were led here for that.
func (g *Gate) signInPage(v *web.Visit) (web.Answer, error) {
	s, again := g.session(v.Request), v.FormValue("again")
	switch {
	case s == nil:
	case s.Locked:
		return web.Go(lockAt(v.Back("/"))), nil
	case again == "":
		return web.Go(v.Back("/")), nil
	}
	data, err := g.pageData(v, s, again == "full")
	if err != nil {
		return nil, err
	}
	return titled(v, "signin-page", "signin."+string(data.Mode)+".title", 0, data)
}

func (g *Gate) pageData(v *web.Visit, s *session, full bool) (pageData, error) {
	data := pageData{Mode: modeIn, Back: v.Back("/"), Full: full, Shared: g.computer(v) != "", Passkey: g.offers(ByPasskey)}
	to := url.Values{"back": {data.Back}}
	data.Provider = Path + "/provider?" + to.Encode()
	if s == nil {
		data.PIN = data.Shared && g.offers(ByPIN)
		if !data.Shared && g.config.Store != nil {
			to.Set("shared", "1")
			data.AtShared = Path + "/provider?" + to.Encode()
		}
		return data, nil
	}
	data.Mode, data.Code, data.Shared = modeAgain, s.Code, s.Shared
	if s.Locked {
		data.Mode, data.Full = modeLock, false
		if u := g.unsentOf(s.ID, false); u != nil {
			data.Kept = u.until()
		}
	}
	has, err := g.hasPIN(v.Context(), s.Code)
	if err != nil {
		return data, err
	}
	keys, err := g.keysOf(v.Context(), s.Code)
	data.PIN, data.Passkey = has && !data.Full, data.Passkey && len(keys) > 0
	return data, err
}

func lockAt(back string) string { return "/lock?" + url.Values{"back": {back}}.Encode() }

// lockPage asks the person of a locked session to prove who they are.
func (g *Gate) lockPage(v *web.Visit) (web.Answer, error) {
	s := g.session(v.Request)
	switch {
	case s == nil:
		return web.Go(signInAt(v.Back("/"))), nil
	case !s.Locked:
		return web.Go(v.Back("/")), nil
	}
	data, err := g.pageData(v, s, false)
	if err != nil {
		return nil, err
	}
	return titled(v, "signin-page", "signin.lock.title", 0, data)
}

// lockNow locks the session, for somebody who leaves the desk or has left it, and
// keeps what they had typed. A form that cannot be read locks all the same.
func (g *Gate) lockNow(v *web.Visit) (web.Answer, error) {
	unreadable := v.Form()
	err := g.change(v.Request, func(s *session) bool {
		s.Locked, g.left[s.Code] = true, g.now()
		return true
	})
	if unreadable == nil {
		g.keepTyped(v)
	}
	return web.Go(lockAt(v.Back("/"))), err
}

// signOut ends the session.
func (g *Gate) signOut(v *web.Visit) (web.Answer, error) {
	s, err := g.end(v)
	if err != nil {
		return nil, err
	}
	if s != nil {
		g.log.InfoContext(v.Context(), "somebody signed out", slog.String("staff", s.Code))
	}
	v.AnswerHeader().Set("Clear-Site-Data", `"cache"`) // so that the back button shows nothing
	return web.Go(Path), nil
}

// timeLeft tells a page in how many seconds its session locks, 0 if it did, and where
// what a lock stopped was to be sent. It is no visit.
func (g *Gate) timeLeft(v *web.Visit) (web.Answer, error) {
	var told struct {
		Left   int    `json:"left"`
		Unsent string `json:"unsent,omitzero"`
	}
	if s := g.session(v.Request); s != nil && !s.Locked {
		told.Left = int((g.idle(s) - g.now().Sub(s.Seen)).Seconds()) + 1
		if u := g.unsentOf(s.ID, false); u != nil {
			told.Unsent = u.To
		}
	}
	return answerJSON(told)
}

// stillHere is a visit by somebody who is typing, and shows nothing.
func (g *Gate) stillHere(v *web.Visit) (web.Answer, error) { return g.timeLeft(v) }

func answerJSON(value any) (web.Answer, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("answering a script: %w", err)
	}
	return web.File{Name: "answer.json", Type: "application/json", Body: text}, nil
}

// known gives the roles of somebody who proved who they are without the provider,
// if its last word is not too old. A provider that answers can be asked, so its word
// ages sooner: whoever it dismissed is out then.
func (g *Gate) known(v *web.Visit, code string) (vouched, trouble, error) {
	var word vouched
	staff, err := g.kept(v.Context(), kindVouched, code, &word)
	switch {
	case err != nil:
		return word, "", err
	case staff == "" || g.now().Sub(word.At) > g.config.TrustAway:
		return word, troubleStale, nil
	case len(word.Roles) == 0:
		return word, troubleRoles, nil
	case g.now().Sub(word.At) > g.config.Trust && g.provider.answers(v.Context()):
		return word, troubleStale, nil
	}
	return word, "", nil
}

// letIn admits somebody who proved who they are by passkey or PIN.
func (g *Gate) letIn(v *web.Visit, s *session, code string, how Method) (web.Answer, error) {
	p := proof{code: code, how: how, shared: g.computer(v) != "", again: s != nil, back: v.Back("/")}
	if s == nil {
		word, problem, err := g.known(v, code)
		if err != nil {
			return nil, err
		}
		if problem != "" {
			return g.stop(v, problem, code, p.back)
		}
		p.roles = word.Roles
	} else {
		p.roles, p.shared = s.Roles, s.Shared
	}
	return g.admit(v, p)
}

// tooMany is the status of a PIN that may not be tried now.
func (d pageData) status() int {
	if !d.Until.IsZero() {
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}
