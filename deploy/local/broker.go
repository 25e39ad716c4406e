package local

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"

	"handrail/events/exchange"
)

const (
	brokerPatience = 10 * time.Second
	maxPayload     = 1 << 20 // bytes: an event of 768 KiB can be delivered with its proof

	// ClientPortAny lets the system choose a free port; see [Broker.ClientURL].
	ClientPortAny = -1
)

// BrokerOptions say who may use the broker and where it keeps its streams.
type BrokerOptions struct {
	Dir           string            // streams are kept in Dir/jetstream, accounts in Dir/accounts; all of it may be wiped while the broker is stopped
	Host          string            // empty means 127.0.0.1; one that is not loopback needs TLS
	Port          int               // TCP port, or ClientPortAny
	OperatorJWT   string            // signs the accounts
	SystemAccount string            // public key of the account for the server's own messages
	Accounts      map[string]string // every account's JWT by public key, the system account's too
	TLS           BrokerTLS         // certificate for clients; none: plain NATS, on loopback only
	WebSocket     string            // host:port for clients behind proxies, with the same certificate; empty: none
	Log           *slog.Logger      // gets warnings and errors; nil is silent
}

// BrokerTLS names the broker's certificate and its key, in PEM.
type BrokerTLS struct {
	CertFile string `json:"cert,omitzero"`
	KeyFile  string `json:"key,omitzero"` // 0600
}

// Broker is an embedded NATS server with JetStream. It is disposable: nothing that counts is only here, so it writes
// with the default sync interval and may lose its disk.
//
// An attacker who controls it can delay, drop and repeat messages and see who writes when. It cannot forge an event or
// read what is sealed.
type Broker struct {
	server *server.Server
	claim  *Claim
}

// StartBroker blocks until the broker takes connections. Errors: [ErrBusy] when another process uses the directory,
// accounts that do not decode, an address that is not loopback or is taken.
func StartBroker(options BrokerOptions) (*Broker, error) {
	claim, err := ClaimDir(context.Background(), options.Dir)
	if err != nil {
		return nil, err
	}
	running, err := startServer(options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the broker: %w", err), claim.Release())
	}
	return &Broker{server: running, claim: claim}, nil
}

func startServer(options BrokerOptions) (*server.Server, error) {
	config, err := options.server()
	if err != nil {
		return nil, err
	}
	if err := options.keepAccounts(config); err != nil {
		return nil, err
	}
	s, err := server.NewServer(config)
	if err != nil {
		return nil, err
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	fatal := make(chan string, 1)
	s.SetLogger(brokerLog{log: log, fatal: fatal}, false, false)
	if err := loadAccounts(s, options.Accounts); err != nil {
		s.Shutdown()
		return nil, err
	}
	go s.Start()
	deadline := time.Now().Add(brokerPatience)
	for !s.ReadyForConnections(50 * time.Millisecond) {
		select {
		case reason := <-fatal:
			s.Shutdown()
			return nil, errors.New(reason)
		default:
		}
		if time.Now().After(deadline) {
			s.Shutdown()
			return nil, fmt.Errorf("it takes no connections after %s", brokerPatience)
		}
	}
	return s, nil
}

// loadAccounts has the server know every account before anybody can connect. It
// would load each when its first user comes; when many come at once, it may build
// the hub's account twice, and an agency that is built between the two is left
// without its way to the hub's streams until the server ends.
func loadAccounts(s *server.Server, accounts map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(accounts)) {
		if _, err := s.LookupAccount(key); err != nil {
			return fmt.Errorf("loading account %s: %w", key, err)
		}
	}
	return nil
}

func (o BrokerOptions) server() (*server.Options, error) {
	host := cmp.Or(o.Host, "127.0.0.1")
	if !exchange.Loopback(host) && o.TLS.CertFile == "" {
		return nil, fmt.Errorf("%q is not a loopback address: a broker that others reach needs a certificate", host)
	}
	operator, err := jwt.DecodeOperatorClaims(o.OperatorJWT)
	if err != nil {
		return nil, fmt.Errorf("reading the operator: %w", err)
	}
	config := &server.Options{
		ServerName:       "handrail",
		Host:             host,
		Port:             o.Port,
		MaxPayload:       maxPayload,
		JetStream:        true,
		StoreDir:         filepath.Clean(o.Dir),
		TrustedOperators: []*jwt.OperatorClaims{operator},
		SystemAccount:    o.SystemAccount,
		// A later default would change the ack subjects that accounts import.
		FeatureFlags: map[string]bool{server.FeatureFlagJsAckFormatV2: false},
		NoSigs:       true, // signals are the process's, not the server's
	}
	if o.TLS.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(o.TLS.CertFile, o.TLS.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the broker's certificate: %w", err)
		}
		config.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		config.TLS, config.TLSTimeout = true, brokerPatience.Seconds()
	}
	return config, o.listenWebSocket(config)
}

// listenWebSocket adds the listener for sites from which only HTTPS gets out.
func (o BrokerOptions) listenWebSocket(config *server.Options) error {
	if o.WebSocket == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(o.WebSocket)
	if err != nil {
		return fmt.Errorf("reading the address for WebSocket: %w", err)
	}
	if config.TLSConfig == nil && !exchange.Loopback(host) {
		return fmt.Errorf("%q is not a loopback address: a broker that others reach needs a certificate", host)
	}
	config.Websocket.Host, config.Websocket.TLSConfig, config.Websocket.NoTLS = host, config.TLSConfig, config.TLSConfig == nil
	if config.Websocket.Port, err = strconv.Atoi(port); err != nil {
		return fmt.Errorf("reading the address for WebSocket: %w", err)
	}
	return nil
}

// ClientURL is where clients connect: nats://host:port.
func (b *Broker) ClientURL() string { return b.server.ClientURL() }

// Stop ends all connections, closes the streams and gives the directory up. Calling it again does nothing.
func (b *Broker) Stop() error {
	if !b.server.Running() {
		return nil
	}
	b.server.Shutdown()
	b.server.WaitForShutdown()
	return b.claim.Release()
}

// brokerLog passes on what an operator must see. The server's messages name subjects and connections, never content.
type brokerLog struct {
	log   *slog.Logger
	fatal chan<- string
}

func (l brokerLog) Warnf(format string, args ...any) {
	l.write(slog.LevelWarn, fmt.Sprintf(format, args...))
}

func (l brokerLog) Errorf(format string, args ...any) {
	l.write(slog.LevelError, fmt.Sprintf(format, args...))
}

// Fatalf is how the server says that it cannot start; it expects the process to end, which is not a library's to do.
func (l brokerLog) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	l.write(slog.LevelError, reason)
	select {
	case l.fatal <- reason:
	default:
	}
}

func (brokerLog) Noticef(string, ...any) {}
func (brokerLog) Debugf(string, ...any)  {}
func (brokerLog) Tracef(string, ...any)  {}

func (l brokerLog) write(level slog.Level, text string) {
	l.log.LogAttrs(context.Background(), level, "broker", slog.String("text", text))
}
