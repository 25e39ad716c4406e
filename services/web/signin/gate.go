package signin

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-webauthn/webauthn/webauthn"

	"handrail/events"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Path is where people sign in, unlock and prove again who they are: what a site
// names as its SignIn.
const Path = "/sign-in"

// SettingsPath is where people look after their own passkeys, PIN and sessions.
const SettingsPath = "/settings"

// Method is a way to prove who one is.
type Method string

// The methods. The provider is always one: it alone says who works here.
const (
	ByProvider Method = "provider"
	ByPasskey  Method = "passkey"
	ByPIN      Method = "pin"
)

// Config is what a gate needs. Agency, Origin, Issuer and ClientID are required.
type Config struct {
	Agency events.AgencyID
	Origin string // what browsers call this site: https://pages.example, or http://localhost:7081

	// Issuer names the OpenID provider; https, or http on this machine. ClientID and
	// the first line of SecretFile (for its owner only) are how the provider knows
	// this site; without a file the site is a public client, which PKCE protects.
	Issuer     string
	ClientID   string
	SecretFile string
	Scopes     []string // besides openid

	// CodeClaim, RolesClaim and AgencyClaim name the members of the ID token that give
	// the staff code, the roles and the agency; a dot leads into an object. Empty:
	// handrail_code, handrail_roles, handrail_agency.
	CodeClaim   string
	RolesClaim  string
	AgencyClaim string

	// RolesFile is the agency's own list of roles for people to whom the provider
	// gives none: YAML, code to roles. Empty: there is none.
	RolesFile string

	// Methods are offered besides the provider; nil: passkeys and PIN. Both need Store.
	Methods []Method
	Store   Store // nil: the provider only

	Transport http.RoundTripper // to the provider; nil: http.DefaultTransport
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now

	Idle       time.Duration // without a visit until the session locks; 0: 15 minutes
	SharedIdle time.Duration // the same at a shared computer; 0: 3 minutes
	Life       time.Duration // of a session, whatever happens; 0: 12 hours

	// Trust is how long after the provider's last word about a person their passkey or
	// PIN signs in while the provider answers, TrustAway while it does not; 0: 72 hours
	// and 14 days. TrustAway counts as Trust if it is shorter.
	Trust     time.Duration
	TrustAway time.Duration
}

// Gate knows who is signed in. Make it with [New]; it is for concurrent use.
type Gate struct {
	config   Config
	log      *slog.Logger
	now      func() time.Time
	provider *provider
	keys     *webauthn.WebAuthn // nil: no passkeys
	roles    roleList
	seal     *sealer

	mu       sync.Mutex // held from reading a session to storing it, so that an ended one cannot come back
	sessions *scs.SessionManager
	left     map[string]time.Time // by staff code: when a session of theirs last locked or was signed out
	answered map[string]time.Time // challenges that a passkey answered, until they expire
	unsent   map[string]unsent    // by session: a form that a lock stopped

	pins sync.Mutex // held while a PIN is tried: a second try waits for the count of the first
}

//go:embed templates/*.html
var templates embed.FS

// New reads the secret and the list of roles and checks every address. It does not
// ask the provider: a site starts, and shows who is on its way, while that is away.
func New(config Config) (*Gate, error) {
	config.CodeClaim = cmp.Or(config.CodeClaim, "handrail_code")
	config.RolesClaim = cmp.Or(config.RolesClaim, "handrail_roles")
	config.AgencyClaim = cmp.Or(config.AgencyClaim, "handrail_agency")
	config.Idle = cmp.Or(config.Idle, 15*time.Minute)
	config.SharedIdle = cmp.Or(config.SharedIdle, 3*time.Minute)
	config.Life = cmp.Or(config.Life, 12*time.Hour)
	config.Trust = cmp.Or(config.Trust, 72*time.Hour)
	config.TrustAway = max(cmp.Or(config.TrustAway, 14*24*time.Hour), config.Trust)
	config.Log = cmp.Or(config.Log, slog.New(slog.DiscardHandler))
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Methods == nil {
		config.Methods = []Method{ByPasskey, ByPIN}
	}
	if config.Agency == "" || config.ClientID == "" {
		return nil, errors.New("sign-in: the agency and the client id are needed")
	}
	g := &Gate{
		config: config, log: config.Log.With(slog.String("agency", string(config.Agency))), now: config.Now,
		left: map[string]time.Time{}, answered: map[string]time.Time{}, unsent: map[string]unsent{}, sessions: newSessions(config.Life),
	}
	var err error
	if g.provider, err = newProvider(config); err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	if g.roles, err = readRoles(config.RolesFile); err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	if g.seal, err = newSealer(); err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	if g.keys, err = newPasskeys(config); err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	return g, nil
}

// Templates are this package's, for a site's configuration.
func (g *Gate) Templates() fs.FS { return templates }

// Register adds the pages of signing in and the settings to a site whose SignIn is
// [Path] and whose Who is [Gate.Who].
func (g *Gate) Register(site *web.Site) {
	site.Open("GET "+Path, g.signInPage)
	site.Open("GET "+Path+"/provider", g.toProvider)
	site.Open("GET "+CallbackPath, g.fromProvider)
	site.Open("POST "+Path+"/passkey/options", g.passkeyOptions)
	site.Open("POST "+Path+"/passkey", g.passkeyAnswer)
	site.Open("POST "+Path+"/pin", g.pinAnswer)
	site.Open("GET "+troublePath, g.troublePage)
	site.Open("GET "+Path+"/left", g.timeLeft)
	site.Open("POST "+Path+"/here", g.stillHere)
	site.Refused(g.keepRefused)
	site.Open("GET "+unsentPath, g.unsentPage)
	site.Open("POST "+unsentPath+"/go", g.sendUnsent)
	site.Open("POST "+unsentPath+"/drop", g.dropUnsent)
	site.Open("POST "+unsentPath+"/back", g.giveUnsent)
	site.Open("GET /lock", g.lockPage)
	site.Open("POST /lock", g.lockNow)
	site.Open("POST /sign-out", g.signOut)
	site.Open("POST /leave", g.leaveQuickly)
	site.Open("GET /leave", g.emptyPage)

	site.Page("GET "+SettingsPath, access.OwnSettings, g.settings)
	site.Page("POST "+SettingsPath+"/passkeys/options", access.OwnSettings, g.newPasskeyOptions)
	site.Page("POST "+SettingsPath+"/passkeys", access.OwnSettings, g.newPasskey)
	site.Page("POST "+SettingsPath+"/passkeys/remove", access.OwnSettings, g.removePasskey)
	site.Page("POST "+SettingsPath+"/pin", access.OwnSettings, g.newPIN)
	site.Page("POST "+SettingsPath+"/pin/remove", access.OwnSettings, g.removePIN)
	site.Page("POST "+SettingsPath+"/sessions", access.OwnSettings, g.endOthers)
	site.Page("POST "+SettingsPath+"/computer", access.OwnSettings, g.computerIsOwn)
	site.Page("POST "+SettingsPath+"/staff", access.EndSessions, g.endStaff)
}

// offers says whether people can use a method here.
func (g *Gate) offers(m Method) bool {
	switch m {
	case ByProvider:
		return true
	case ByPasskey:
		return g.keys != nil
	case ByPIN:
		return g.config.Store != nil && slices.Contains(g.config.Methods, ByPIN)
	}
	return false
}
