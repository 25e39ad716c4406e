package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// Layout says where everything of one data directory stands. Each service reads
// its own folder and no other.
type Layout struct{ Root string }

// Hub is the folder of the hub's operator: log key, hub key, broker accounts.
func (l Layout) Hub() string { return filepath.Join(l.Root, "hub") }

// Agency is the folder of one agency: its keys, its credentials, its journal.
func (l Layout) Agency(id events.AgencyID) string {
	return filepath.Join(l.Root, "agencies", string(id))
}

// Postgres is the folder of the private cluster.
func (l Layout) Postgres() string { return filepath.Join(l.Root, "postgres") }

// Broker is the folder of the broker's storage; it can be wiped at any time.
func (l Layout) Broker() string { return filepath.Join(l.Root, "broker") }

// Log is the file that the output of one service goes to.
func (l Layout) Log(service string) string { return filepath.Join(l.Root, "logs", service+".log") }

// Directions tell a command on this machine where the services of a data
// directory are. They hold nothing secret.
type Directions struct {
	Hub      events.HubID    `json:"hub"`
	Broker   string          `json:"broker"`          // host:port
	Ledger   string          `json:"ledger"`          // host:port
	Genesis  string          `json:"genesis"`         // hexadecimal SHA-256 of the genesis event's data
	Auditor  events.AgencyID `json:"auditor"`         // the agency id that audits
	Start    string          `json:"start,omitzero"`  // host:port of the start page; empty: people are served no pages
	Issuer   string          `json:"issuer,omitzero"` // host:port of the development identity provider
	Agencies []Address       `json:"agencies"`        // in the order of their founding

	TLS       BrokerTLS `json:"tls,omitzero"`       // certificate of broker and ledger; needed off this machine
	CA        string    `json:"ca,omitzero"`        // file of the authority that signed it, handed to agencies; empty: a public one
	WebSocket string    `json:"websocket,omitzero"` // host:port of the broker for sites behind proxies
	Public    Public    `json:"public,omitzero"`
}

// Public is where agencies elsewhere find the hub, if not at the addresses that
// its services listen on. With a broker address the broker is not this program's:
// a nats-server as deploy/nats describes it.
type Public struct {
	Broker string `json:"broker,omitzero"` // URL: tls:// or wss://
	Path   string `json:"path,omitzero"`   // of the WebSocket
	Ledger string `json:"ledger,omitzero"` // URL: https://
}

// BrokerURL is where the broker is reached.
func (d Directions) BrokerURL() string {
	if d.Public.Broker != "" {
		return d.Public.Broker
	}
	if d.TLS.CertFile != "" {
		return "tls://" + d.Broker
	}
	return "nats://" + d.Broker
}

// LedgerURL is where the ledger is reached.
func (d Directions) LedgerURL() string {
	if d.Public.Ledger != "" {
		return d.Public.Ledger
	}
	if d.TLS.CertFile != "" {
		return "https://" + d.Ledger
	}
	return "http://" + d.Ledger
}

// Transport is how the hub's own services and commands reach broker and ledger.
func (d Directions) Transport() exchange.Transport {
	return exchange.Transport{CAFile: d.CA, Path: d.Public.Path}
}

// Address is where one agency's systems find its service.
type Address struct {
	Agency events.AgencyID   `json:"agency"`
	Kind   events.AgencyKind `json:"kind"`
	Intake string            `json:"intake"`         // host:port; empty for an agency that has no service here
	Pages  string            `json:"pages,omitzero"` // host:port of the pages for its people
}

func (l Layout) directions() string { return filepath.Join(l.Root, "hub.json") }

// Directions reads where the services of this data directory are.
func (l Layout) Directions() (Directions, error) {
	var d Directions
	err := readJSON(l.directions(), &d)
	if errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("no hub is set up in %s: run `handrail demo`, or name another directory with --data", l.Root)
	}
	return d, err
}

// Address of one agency's service.
func (d Directions) Address(id events.AgencyID) (Address, bool) {
	i := slices.IndexFunc(d.Agencies, func(a Address) bool { return a.Agency == id })
	if i < 0 {
		return Address{}, false
	}
	return d.Agencies[i], true
}

// Register notes an agency in the directions, or the address of its service if
// that is not known yet. It changes nothing else of one that stands there.
func (l Layout) Register(a Address) error {
	d, err := l.Directions()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(d.Agencies, func(b Address) bool { return b.Agency == a.Agency })
	switch {
	case i < 0:
		d.Agencies = append(d.Agencies, a)
	case a.Intake == "" || d.Agencies[i].Intake == a.Intake:
		return nil
	default:
		d.Agencies[i].Intake = a.Intake
	}
	return writeJSON(l.directions(), d)
}

// writeJSON stores a value for its owner only.
func writeJSON(path string, value any) error {
	text, err := json.Marshal(value, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := seal.ReplaceSecret(path, append(text, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// LedgerSettings are what the ledger is told when it starts, beyond directions.
type LedgerSettings struct {
	Database string `json:"database"` // connection string of the role handrail_ledger
}

// LedgerSettings of this data directory, as its last start wrote them.
func (l Layout) LedgerSettings() (LedgerSettings, error) {
	var s LedgerSettings
	return s, readJSON(filepath.Join(l.Hub(), "ledger.json"), &s)
}

// RetentionSettings are what the retention job is told. The ledger does not read
// them: it may not do what the job does.
type RetentionSettings struct {
	Database string `json:"database"` // connection string of the role handrail_retention
}

const retentionFile = "retention.json"

// RetentionSettings of this data directory, as its last start wrote them.
func (l Layout) RetentionSettings() (RetentionSettings, error) {
	return ReadRetentionSettings(filepath.Join(l.Hub(), retentionFile))
}

// ReadRetentionSettings reads them from where a machine without the data directory
// keeps them. Without an address it fails: libpq's variables would choose one.
func ReadRetentionSettings(file string) (RetentionSettings, error) {
	var s RetentionSettings
	if err := readJSON(file, &s); err != nil {
		return s, err
	}
	if s.Database == "" {
		return s, fmt.Errorf("reading %s: it names no database", file)
	}
	return s, nil
}

// BrokerAccounts of this data directory.
func (l Layout) BrokerAccounts() (BrokerAccounts, error) {
	var a BrokerAccounts
	return a, readJSON(filepath.Join(l.Hub(), accountsFile), &a)
}

// Genesis reads the payload that founds the hub's directory, and the digest of
// its data, which agencies pin.
func (l Layout) Genesis() (*events.DirectoryFounded, string, error) {
	data, err := os.ReadFile(filepath.Join(l.Hub(), genesisFile))
	if err != nil {
		return nil, "", fmt.Errorf("reading genesis: %w", err)
	}
	payload, err := events.Decode(events.TypeDirectoryFounded, data)
	if err != nil {
		return nil, "", fmt.Errorf("reading genesis: %w", err)
	}
	founded, ok := payload.(*events.DirectoryFounded)
	if !ok {
		return nil, "", errors.New("reading genesis: the file founds nothing")
	}
	digest := sha256.Sum256(data)
	return founded, hex.EncodeToString(digest[:]), nil
}

// LogKey is the file with the log's secret key.
func (l Layout) LogKey() string { return filepath.Join(l.Hub(), logKeyFile) }

// HubKey is the file with the hub's secret signing key.
func (l Layout) HubKey() string { return filepath.Join(l.Hub(), hubKeyFile) }

// HubCreds is the file with the hub's credentials at the broker.
func (l Layout) HubCreds() string { return filepath.Join(l.Hub(), hubCredsFile) }

func readJSON(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
