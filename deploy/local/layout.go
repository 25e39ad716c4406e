package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
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
	Broker   string          `json:"broker"`   // host:port
	Ledger   string          `json:"ledger"`   // host:port
	Genesis  string          `json:"genesis"`  // hexadecimal SHA-256 of the genesis event's data
	Auditor  events.AgencyID `json:"auditor"`  // the agency id that audits
	Agencies []Address       `json:"agencies"` // in the order of their founding
}

// Address is where one agency's systems find its service.
type Address struct {
	Agency events.AgencyID   `json:"agency"`
	Kind   events.AgencyKind `json:"kind"`
	Intake string            `json:"intake"` // host:port; empty for an agency that has no service here
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

// writeJSON stores a value for its owner only.
func writeJSON(path string, value any) error {
	text, err := json.Marshal(value, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
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
	var s RetentionSettings
	return s, readJSON(filepath.Join(l.Hub(), retentionFile), &s)
}

// BrokerAccounts of this data directory.
func (l Layout) BrokerAccounts() (BrokerAccounts, error) {
	var a BrokerAccounts
	return a, readJSON(filepath.Join(l.Hub(), accountsFile), &a)
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
