package agency

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/keyring"
)

// Names of the files in an agency's directory, beside those of its keys (package keyring).
const (
	CredsFile  = "nats.creds" //nolint:gosec // the name of a file
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
