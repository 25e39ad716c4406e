package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// CallbackPath is where the provider sends people back.
const CallbackPath = Path + "/callback"

// providerPatience is how long one question to the provider may take.
const providerPatience = 10 * time.Second

// providerRest is how long a provider that did not answer is left alone, so that
// people who wait for it do not queue up behind one another.
const providerRest = 3 * time.Second

// Errors about the provider, told apart because people do something else about each.
var (
	errAway      = errors.New("the provider does not answer")
	errRefused   = errors.New("the provider did not take the code")
	errUntrusted = errors.New("the provider's token is not to be believed")
)

// provider is the OpenID provider as its configuration names it. It is asked about
// itself at the first sign-in, and again until it answers.
type provider struct {
	issuer string
	client *http.Client
	config oauth2.Config
	verify oidc.Config

	now func() time.Time

	mu     sync.Mutex
	found  *oidc.Provider
	failed time.Time // when it last did not answer
}

func newProvider(c Config) (*provider, error) {
	if err := safeAddress(c.Issuer); err != nil {
		return nil, fmt.Errorf("the issuer: %w", err)
	}
	if err := safeAddress(c.Origin); err != nil {
		return nil, fmt.Errorf("the origin: %w", err)
	}
	if u, err := url.Parse(c.Origin); err != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("the origin: a scheme, a host and perhaps a port are wanted, and nothing behind them")
	}
	secret, err := readSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	return &provider{
		issuer: c.Issuer, now: c.Now,
		client: &http.Client{
			Transport: c.Transport, Timeout: providerPatience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		config: oauth2.Config{ClientID: c.ClientID, ClientSecret: secret, RedirectURL: c.Origin + CallbackPath, Scopes: append([]string{oidc.ScopeOpenID}, c.Scopes...)},
		verify: oidc.Config{ClientID: c.ClientID, Now: c.Now},
	}, nil
}

// safeAddress says what is wrong with an address; plain HTTP is for this machine.
func safeAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return errors.New("an address such as https://login.example is needed")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http" || !loopback(u.Hostname()):
		return errors.New("it must begin with https; http is for this machine only")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// readSecret reads the first line of a file that only its owner may read.
func readSecret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	file, err := os.Open(path) //nolint:gosec // the operator's configuration names the file
	if err != nil {
		return "", fmt.Errorf("reading the client's secret: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("reading the client's secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", errors.New("the file of the client's secret is readable by others: run chmod 600 on it")
	}
	text, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return "", fmt.Errorf("reading the client's secret: %w", err)
	}
	secret, _, _ := strings.Cut(string(text), "\n")
	if secret = strings.TrimSpace(secret); secret == "" {
		return "", errors.New("the file of the client's secret is empty")
	}
	return secret, nil
}

// ask finds out once where the provider's pages and keys are.
func (p *provider) ask(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.found != nil:
		return p.found, nil
	case p.now().Sub(p.failed) < providerRest:
		return nil, errAway
	}
	// Whoever hangs up must not make the provider look away to those behind them.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), providerPatience)
	defer done()
	found, err := p.discover(ctx)
	if err != nil {
		p.failed = p.now()
		return nil, fmt.Errorf("%w: %w", errAway, err)
	}
	p.found = found
	return found, nil
}

func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the provider about itself: %w", err)
	}
	var places struct {
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
		Keys      string `json:"jwks_uri"`
	}
	if err := found.Claims(&places); err != nil {
		return nil, fmt.Errorf("asking the provider about itself: %w", err)
	}
	for _, place := range []string{places.Authorize, places.Token, places.Keys} {
		if err := safeAddress(place); err != nil {
			return nil, fmt.Errorf("an address that the provider names: %w", err)
		}
	}
	return found, nil
}

// answerPatience is how long the provider may take to show that it is there, before
// its absence lets somebody in.
const answerPatience = 5 * time.Second

// answers says whether the provider is there now, whatever it said of itself before.
// Whoever hangs up while it is asked does not make it look away.
func (p *provider) answers(ctx context.Context) bool {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), answerPatience)
	defer done()
	_, err := p.discover(ctx)
	return err == nil
}

// leave gives the address at the provider where a person proves who they are.
func (p *provider) leave(ctx context.Context, w way, hint string, life time.Duration) (string, error) {
	found, err := p.ask(ctx)
	if err != nil {
		return "", err
	}
	config := p.config
	config.Endpoint = found.Endpoint()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(w.Verifier), oidc.Nonce(w.Nonce)}
	if w.Fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	} else {
		options = append(options, oauth2.SetAuthURLParam("max_age", fmt.Sprint(int(life.Seconds()))))
	}
	if hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", hint))
	}
	return config.AuthCodeURL(w.State, options...), nil
}

// told is what an ID token says.
type told struct {
	claims claims
	proved time.Time // when the provider last asked the person
}

// redeem exchanges a code for an ID token and checks it: signature, issuer,
// audience, expiry and nonce.
func (p *provider) redeem(ctx context.Context, w way, code string) (told, error) {
	found, err := p.ask(ctx)
	if err != nil {
		return told{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	config := p.config
	config.Endpoint = found.Endpoint()
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(w.Verifier))
	if err != nil {
		answer, answered := errors.AsType[*oauth2.RetrieveError](err)
		if answered && answer.Response.StatusCode < http.StatusInternalServerError {
			return told{}, fmt.Errorf("%w: status %d", errRefused, answer.Response.StatusCode)
		}
		return told{}, errAway
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return told{}, fmt.Errorf("%w: there is none", errUntrusted)
	}
	id, err := found.Verifier(&p.verify).Verify(ctx, raw)
	if err != nil {
		return told{}, fmt.Errorf("%w: %w", errUntrusted, err)
	}
	t := told{claims: claims{}}
	if err := id.Claims(&t.claims); err != nil {
		return told{}, fmt.Errorf("%w: %w", errUntrusted, err)
	}
	if party := t.claims.text("azp"); !same(id.Nonce, w.Nonce) || party != "" && party != config.ClientID {
		return told{}, fmt.Errorf("%w: it belongs to another sign-in", errUntrusted)
	}
	seconds, ok := t.claims["auth_time"].(float64)
	if !ok {
		return told{}, fmt.Errorf("%w: it does not say when the person was asked", errUntrusted)
	}
	t.proved = time.Unix(int64(seconds), 0)
	return t, nil
}
