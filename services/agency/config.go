package agency

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/keyring"
	"handrail/services/agency/webhook"
)

// Names of the files in an agency's directory, beside those of its keys (package keyring).
const (
	CredsFile  = "nats.creds" //nolint:gosec // the name of a file
	TokenFile  = "token"      // bearer token of the agency's own systems
	SocketFile = "desk.sock"
)

// Pins are what the agency compared out of band when it joined: with them it
// needs to trust nobody about the log, the hub's voice or the directory.
type Pins struct {
	LogVKey string           `json:"log"`     // verifier key of the log, in signed-note form
	HubKey  events.PublicKey `json:"hub"`     // the hub's signing key
	Genesis string           `json:"genesis"` // lower-case hexadecimal SHA-256 of the data of entry 0
}

// Config is all that an agency service needs to run. Hub, Agency, Kind, Dir,
// NATS, Pins and Desk are required.
type Config struct {
	Dir    string // keys, credentials, journal and socket; the directory is the agency's own
	Hub    events.HubID
	Agency events.AgencyID
	Kind   events.AgencyKind
	NATS   string // URL of the broker
	Pins   Pins

	// Ledger is the URL of the hub's ledger, from which tiles and proofs are
	// fetched. Empty: nothing is, own deliveries stay unconnected, and the doctor says so.
	Ledger string

	// Listen is the loopback address for the agency's own systems, such as
	// 127.0.0.1:7081; port 0 takes a free one. Empty: no systems are served.
	Listen string

	// Webhook is the URL of the agency's own system that gets every delivery,
	// signed with the secret in WebhookSecretFile; https, or http to this machine.
	// Empty: none is posted.
	Webhook string

	// Transport says how the hub is reached: whose certificates are believed, and
	// through which proxy.
	Transport exchange.Transport

	// What protects the key files and the credentials for the broker: see [keyring.Config].
	PassphraseFile       string
	PassphraseCredential string

	Desk   Desk
	Logger *slog.Logger // nil: slog.Default()
}

func (c Config) check() error {
	switch {
	case new(events.HubID).UnmarshalText([]byte(c.Hub)) != nil:
		return errors.New("hub: an id of 1 to 32 of a-z, 0-9 and hyphen is needed")
	case new(events.AgencyID).UnmarshalText([]byte(c.Agency)) != nil || c.Agency == events.HubAgency:
		return errors.New("agency: an id of 1 to 32 of a-z, 0-9 and hyphen is needed, and not hub")
	case new(events.AgencyKind).UnmarshalText([]byte(c.Kind)) != nil:
		return errors.New("kind: it must be one of the kinds of organisation in the directory")
	case c.Dir == "" || c.NATS == "" || c.Desk == nil:
		return errors.New("dir, nats and desk are needed")
	case c.Ledger != "" && !isURL(c.Ledger):
		return errors.New("ledger: a URL such as https://hub.example is needed")
	case len(c.Pins.Genesis) != 64 || strings.Trim(c.Pins.Genesis, "0123456789abcdef") != "":
		return errors.New("pins: genesis is 64 lower-case hexadecimal digits")
	}
	for name, address := range map[string]string{"nats": c.NATS, "ledger": c.Ledger} {
		if err := exchange.CheckURL(address); address != "" && err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
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

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// witnesses says whether an agency of this kind cosigns checkpoints.
func (c Config) witnesses() bool { return slices.Contains(keyring.Uses(c.Kind), keyring.Witness) }

func (c Config) keyring() keyring.Config {
	return keyring.Config{
		Dir: c.Dir, Hub: c.Hub, Agency: c.Agency, Kind: c.Kind,
		PassphraseFile: c.PassphraseFile, PassphraseCredential: c.PassphraseCredential,
	}
}

func (c Config) path(file string) string { return filepath.Join(c.Dir, file) }

func (c Config) verifier() (tlog.Verifier, error) {
	log, err := note.NewVerifier(c.Pins.LogVKey)
	if err != nil {
		return tlog.Verifier{}, fmt.Errorf("reading the pinned log key: %w", err)
	}
	hub, err := tlog.HubVerifier(c.Hub, c.Pins.HubKey)
	if err != nil {
		return tlog.Verifier{}, fmt.Errorf("reading the pinned hub key: %w", err)
	}
	return tlog.Verifier{Hub: c.Hub, Recipient: c.Agency, Log: log, HubKey: hub}, nil
}

// readToken gives what the agency's own systems must show; empty if none are served.
func (c Config) readToken() (string, error) {
	if c.Listen == "" {
		return "", nil
	}
	token, err := readPrivate(c.path(TokenFile))
	if err != nil {
		return "", fmt.Errorf("loading the systems' token: %w", err)
	}
	text := strings.TrimSpace(string(token))
	if len(text) < 32 {
		return "", errors.New("loading the systems' token: at least 32 characters are needed")
	}
	return text, nil
}

// readPrivate reads a secret file and refuses it when anyone but its owner can.
func readPrivate(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the operator's configuration names the directory
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	if err := private(file); err != nil {
		return nil, err
	}
	secret := make([]byte, 4096)
	n, err := file.Read(secret)
	return secret[:n], err
}
