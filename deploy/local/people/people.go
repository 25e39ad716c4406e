// Package people is the identity provider of a demonstration: it asks no password but "who are you?", and lets everybody
// on this machine be anybody of a list of invented people.
//
// It is a real OpenID provider otherwise: discovery, authorization code with PKCE, signed ID tokens. So it must not be
// reachable: it serves on loopback addresses only, answers requests for a loopback name only, and sends people back to
// loopback addresses only, those that the demonstration registered. Its keys live in memory and end with it.
//
// An attacker who reaches it is every person of every agency that trusts it. No production site does: see the flags of
// `handrail serve`.
package people

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"handrail/events"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Person is somebody invented.
type Person struct {
	Agency events.AgencyID
	Code   string // 1 to 32 of a-z, 0-9 and hyphen
	Roles  []access.Role
}

// Client is a site that sends its people here.
type Client struct {
	ID       string
	Secret   string          // empty: a public client, which only PKCE protects
	Redirect string          // the one address that people are sent back to; on this machine
	Agency   events.AgencyID // whose people are offered first
}

// Provider is the identity provider. Make it with [New], register clients, then [Provider.Serve].
type Provider struct {
	issuer  string
	people  []Person
	handler http.Handler
	signer  jose.Signer
	public  jose.JSONWebKeySet
	now     func() time.Time

	mu      sync.Mutex
	clients map[string]Client
	codes   map[string]grant
}

// New makes a provider that is called issuer, such as http://localhost:7070, and
// knows these people. It fails on an issuer that is not on this machine.
func New(issuer string, people []Person, log *slog.Logger) (*Provider, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "http" || u.Port() == "" || u.Path != "" || !loopback(u.Hostname()) {
		return nil, errors.New("the issuer of the invented people must be http, a loopback name and a port, and nothing else")
	}
	for _, p := range people {
		if p.Agency == "" || p.Code == "" || slices.ContainsFunc(p.Roles, func(r access.Role) bool { return !r.Known() }) {
			return nil, fmt.Errorf("the invented person %q needs an agency, a code and known roles", p.Code)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the provider's key: %w", err)
	}
	private := jose.JSONWebKey{Key: key, KeyID: rand.Text()[:8], Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("making the provider's signer: %w", err)
	}
	p := &Provider{
		issuer: issuer, people: slices.Clone(people), signer: signer, public: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}},
		now: time.Now, clients: map[string]Client{}, codes: map[string]grant{},
	}
	site, err := web.New(web.Config{
		Agency: "people", SignIn: "/", Log: log, Templates: templates(),
		Who: func(*http.Request) *access.Person { return nil },
	})
	if err != nil {
		return nil, fmt.Errorf("making the provider's pages: %w", err)
	}
	p.handler = p.onlyHere(u.Port(), p.routes(site))
	return p, nil
}

// Issuer is how sites name this provider.
func (p *Provider) Issuer() string { return p.issuer }

// Register makes a site known, or changes it. It fails on an address to send people
// back to that is not on this machine.
func (p *Provider) Register(c Client) error {
	u, err := url.Parse(c.Redirect)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !loopback(u.Hostname()) || u.Fragment != "" || u.User != nil {
		return errors.New("the invented people are sent back to this machine only")
	}
	if c.ID == "" {
		return errors.New("a site needs an id")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c.ID] = c
	return nil
}

// Handler answers everything; requests that are not for a loopback name are refused.
func (p *Provider) Handler() http.Handler { return p.handler }

// Serve answers on a listener until the context ends. It refuses a listener that
// other machines could reach.
func (p *Provider) Serve(ctx context.Context, l net.Listener) error {
	if address, ok := l.Addr().(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		return errors.Join(errors.New("the invented people are served on a loopback address only"), l.Close())
	}
	server := &http.Server{Handler: p.handler, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing here is worth waiting for
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the invented people: %w", err)
	}
	return nil
}

// onlyHere refuses what a page from elsewhere could make a browser ask under a name
// of its own that leads here.
func (p *Provider) onlyHere(port string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, at, err := net.SplitHostPort(r.Host)
		if err != nil || at != port || !loopback(host) {
			http.Error(w, http.StatusText(http.StatusMisdirectedRequest), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
