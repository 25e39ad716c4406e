// Package systems serves an agency's own computer systems, as contracts/agency.openapi.yaml publishes it: they file forms,
// say what they know, ask what became of it, read what was sealed to the agency, and get what the hub delivered.
//
// Reaching it. Plain HTTP on a loopback address, with a bearer token. A request under an idempotency key is done once: the
// agency stores answer and effect in one transaction, and of key and body it keeps digests only. Nothing is kept here.
//
// Ordering. Deliveries are posted to the configured webhook in the order of their numbers, each at least once under one id,
// and the next only when the one before was taken. Sealed text is in none of them.
//
// Trust. An attacker who holds the token can speak as the agency, as far as its systems may, and open what was sealed to it,
// which the log shows. Who holds the webhook's secret can post to the agency's system what it takes for the agency's service.
package systems

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/webhook"
)

// Names of files in an agency's directory.
const (
	TokenFile         = "token" // bearer token of the agency's own systems
	WebhookSecretFile = "webhook.secret"
	WebhookRootsFile  = "webhook-ca.pem" // further roots to trust; may be left out
)

// Config says which systems are served. Dir is required.
type Config struct {
	Dir string // the agency's own, with the files above

	// Listen is the loopback address for the agency's own systems, such as
	// 127.0.0.1:7081; port 0 takes a free one. Empty: no systems are served.
	Listen string

	// Webhook is the URL of the agency's own system that gets every delivery,
	// signed with the secret in WebhookSecretFile; https, or http to this machine.
	// Empty: none is posted.
	Webhook string

	Now func() time.Time // nil: the agency's clock
}

func (c Config) check() error {
	if c.Webhook != "" {
		if err := webhook.CheckURL(c.Webhook); err != nil {
			return fmt.Errorf("webhook: %w", err)
		}
	}
	if c.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("listen: systems are served on a loopback address only; put a TLS proxy before it")
	}
	return nil
}

// Systems serves an agency's own systems. Make it with [New].
type Systems struct {
	agency *agency.Agency
	config Config
	token  string
	feed   *webhook.Feed // nil: no webhook is configured
	ready  chan struct{}
	at     string // set before ready is closed
}

// New reads the secrets. It fails on an address that others could listen on, a
// webhook that is not safe, and secrets that others can read. It starts nothing.
func New(a *agency.Agency, config Config) (*Systems, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("configuring the interface for systems: %w", err)
	}
	if config.Now == nil {
		config.Now = a.Now
	}
	s := &Systems{agency: a, config: config, ready: make(chan struct{})}
	var err error
	if config.Listen != "" {
		if s.token, err = config.readToken(); err != nil {
			return nil, fmt.Errorf("loading the systems' token: %w", err)
		}
	}
	if config.Webhook != "" {
		if s.feed, err = s.newFeed(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Run serves and posts until ctx ends, and returns nil then. Call it once, while the
// agency's journal is open.
func (s *Systems) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if s.config.Listen != "" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
		if err != nil {
			return fmt.Errorf("listening for systems: %w", err)
		}
		s.at = listener.Addr().String()
		s.agency.SystemsServedAt(s.at)
		group.Go(func() error { return s.agency.Serve(ctx, listener, s.withToken(s.routes())) })
	}
	close(s.ready)
	if s.feed != nil {
		group.Go(func() error { return s.feed.Run(ctx) })
		group.Go(func() error { return s.nudge(ctx) })
	}
	group.Go(func() error {
		<-ctx.Done()
		return nil
	})
	return group.Wait()
}

// Ready is closed once Run serves.
func (s *Systems) Ready() <-chan struct{} { return s.ready }

// Address is where Run serves, such as 127.0.0.1:7081; empty before [Systems.Ready],
// or when no systems are served.
func (s *Systems) Address() string {
	select {
	case <-s.ready:
		return s.at
	default:
		return ""
	}
}

// withToken lets only those pass who hold the systems' token.
func (s *Systems) withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !found || subtle.ConstantTimeCompare([]byte(given), []byte(s.token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			s.agency.Refuse(r.Context(), w, events.Refuse(agency.RuleTokenMissing, "", "send the systems' token: Authorization: Bearer ..."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c Config) readToken() (string, error) {
	token, err := c.readSecret(TokenFile)
	if err == nil && len(token) < 32 {
		err = errors.New("at least 32 characters are needed")
	}
	return token, err
}

// readSecret reads the line of a file, and refuses it when anyone but its owner can.
func (c Config) readSecret(name string) (string, error) {
	file, err := os.Open(filepath.Join(c.Dir, name)) //nolint:gosec // the operator's configuration names the directory
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // only read
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("reading the mode of %s: %w", name, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s is readable by others: run chmod 600 on it", name)
	}
	secret := make([]byte, 4096)
	n, err := file.Read(secret)
	return strings.TrimSpace(string(secret[:n])), err
}
