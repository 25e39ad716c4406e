package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"handrail/services/web"
)

// keyPatience is how long a device may take to ask its owner.
const keyPatience = 5 * time.Minute

var errReplayed = errors.New("the challenge was answered before")

// passkey is what is kept of one.
type passkey struct {
	Credential webauthn.Credential
	Added      time.Time
	Used       time.Time
}

// holder is a person as a passkey knows them: by a handle that says nothing.
type holder struct {
	handle []byte
	code   string
	keys   []webauthn.Credential
}

// WebAuthnID, WebAuthnName, WebAuthnDisplayName and WebAuthnCredentials are what the
// library asks; the device shows the staff code.
func (h holder) WebAuthnID() []byte { return h.handle }

// WebAuthnName is the staff code.
func (h holder) WebAuthnName() string { return h.code }

// WebAuthnDisplayName is the staff code.
func (h holder) WebAuthnDisplayName() string { return h.code }

// WebAuthnCredentials are the person's passkeys.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// newPasskeys gives nil where there can be none: nothing is kept, they are not
// wanted, or the site is called by a number, which browsers do not take.
func newPasskeys(c Config) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(c.Origin)
	if err != nil || c.Store == nil || !slices.Contains(c.Methods, ByPasskey) || net.ParseIP(u.Hostname()) != nil {
		return nil, nil //nolint:nilnil,nilerr // nil is the answer; the address was checked before
	}
	patience := webauthn.TimeoutConfig{Enforce: true, Timeout: keyPatience, TimeoutUVD: keyPatience}
	keys, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Handrail " + string(c.Agency), RPOrigins: []string{c.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: patience, Registration: patience},
		// Password managers answer with extensions that nobody asked for; none is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing passkeys: %w", err)
	}
	return keys, nil
}

func keyID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// keysOf gives a person's passkeys by id.
func (g *Gate) keysOf(ctx context.Context, code string) (map[string]passkey, error) {
	if !g.offers(ByPasskey) {
		return nil, nil
	}
	texts, err := g.config.Store.Credentials(ctx, kindPasskey, code)
	if err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	keys := map[string]passkey{}
	for id, text := range texts {
		var k passkey
		if err := json.Unmarshal(text, &k); err != nil {
			return nil, fmt.Errorf("reading passkeys: %w", err)
		}
		keys[id] = k
	}
	return keys, nil
}

func (g *Gate) holder(ctx context.Context, code string) (holder, error) {
	sum := sha256.Sum256([]byte("handrail passkey\x00" + string(g.config.Agency) + "\x00" + code))
	h := holder{handle: sum[:], code: code}
	keys, err := g.keysOf(ctx, code)
	for _, k := range keys {
		h.keys = append(h.keys, k.Credential)
	}
	return h, err
}

// asked is a challenge on its way to a device and back, sealed in a cookie.
type asked struct {
	Session webauthn.SessionData
	Code    string // whose passkey it must be; empty: the device says
}

// passkeyOptions gives the script what it asks the device for.
func (g *Gate) passkeyOptions(v *web.Visit) (web.Answer, error) {
	if !g.offers(ByPasskey) {
		return nil, web.ErrNoPage
	}
	var options *protocol.CredentialAssertion
	var data *webauthn.SessionData
	var code string
	var err error
	if s := g.session(v.Request); s != nil {
		code = s.Code
		var h holder
		if h, err = g.holder(v.Context(), code); err != nil {
			return nil, err
		}
		options, data, err = g.keys.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
	} else {
		options, data, err = g.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	}
	if err != nil {
		return nil, fmt.Errorf("asking for a passkey: %w", err)
	}
	if err := g.carry(v, "key", asked{*data, code}); err != nil {
		return nil, err
	}
	return answerJSON(options)
}

// passkeyAnswer takes what the device answered.
func (g *Gate) passkeyAnswer(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	var a asked
	s := g.session(v.Request)
	switch {
	case !g.offers(ByPasskey):
		return nil, web.ErrNoPage
	case !g.carried(v, "key", &a), a.Code != codeOf(s):
		return g.stop(v, troubleState, "", v.Back("/"))
	}
	code, err := g.checkKey(v.Context(), a, v.PostFormValue("answer"))
	if err != nil {
		return g.stop(v, troubleKey, code, v.Back("/"), slog.String("detail", err.Error()))
	}
	return g.letIn(v, s, code, ByPasskey)
}

func codeOf(s *session) string {
	if s == nil {
		return ""
	}
	return s.Code
}

// checkKey says whose passkey answered, and counts the use. A challenge counts once.
func (g *Gate) checkKey(ctx context.Context, a asked, answer string) (string, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return "", errors.New("the answer cannot be read")
	}
	id := keyID(parsed.RawID)
	var known passkey
	code, err := g.kept(ctx, kindPasskey, id, &known)
	if err != nil {
		return "", err
	}
	if code == "" || a.Code != "" && a.Code != code {
		return "", errors.New("the passkey is not known")
	}
	h, err := g.holder(ctx, code)
	if err != nil {
		return code, err
	}
	var used *webauthn.Credential
	if a.Code != "" {
		used, err = g.keys.ValidateLogin(h, a.Session, parsed)
	} else {
		_, used, err = g.keys.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return h, nil }, a.Session, parsed)
	}
	switch {
	case err != nil:
		return code, fmt.Errorf("checking a passkey: %w", err)
	case used.Authenticator.CloneWarning:
		return code, errors.New("the passkey counts backwards: it may have been copied")
	case !g.once(a.Session.Challenge):
		return code, errReplayed
	}
	known.Credential, known.Used = *used, g.now()
	return code, g.keep(ctx, kindPasskey, id, code, known)
}

// once says whether a challenge is answered for the first time.
func (g *Gate) once(challenge string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for c, until := range g.answered {
		if now.After(until) {
			delete(g.answered, c)
		}
	}
	if _, again := g.answered[challenge]; again {
		return false
	}
	g.answered[challenge] = now.Add(2 * wayLife)
	return true
}
