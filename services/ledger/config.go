package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/events"
	"handrail/events/exchange"
)

// Config is what a ledger needs to run. Zero values of the optional fields work.
type Config struct {
	Hub            events.HubID
	DatabaseURL    string             // connects as handrail_ledger; URL or keyword form
	Exchange       exchange.HubConfig // the broker and the hub's credentials
	LogKeyFile     string             // secret of the log key in signed-note form, 0600
	SigningKeyFile string             // the hub's Ed25519 key, PKCS#8 PEM, 0600

	Listen      string // address of the HTTP interface; empty: none. One that is not a loopback address needs both files below
	TLSCertFile string // its certificate with the chain behind it, PEM; empty: plain HTTP. Renewed files are read within a minute
	TLSKeyFile  string // the certificate's key, PEM, 0600

	Log       *slog.Logger     // nil: silent
	Window    uint64           // deliveries sent beyond an agency's reported position, which it says at most once a second; 0: 2048, half of what the broker keeps for it
	MaxBatch  int              // submissions in one transaction; 0: 256
	LookEvery time.Duration    // longest time between two looks at the clocks of cases; 0: 3 s. The database takes a ledger that is silent for three times as long, at least 10 s, for dead
	Clock     func() time.Time // nil: time.Now
}

const (
	defaultWindow    = 2048
	defaultMaxBatch  = 256
	defaultLookEvery = 3 * time.Second
	leastSilence     = 10 * time.Second
)

func (c Config) withDefaults() (Config, error) {
	if c.Hub == "" || c.DatabaseURL == "" || c.LogKeyFile == "" || c.SigningKeyFile == "" {
		return c, errors.New("a ledger needs a hub id, a database, a log key file and a signing key file")
	}
	if err := c.checkListening(); err != nil {
		return c, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.LookEvery <= 0 {
		c.LookEvery = defaultLookEvery
	}
	if c.MaxBatch <= 0 {
		c.MaxBatch = defaultMaxBatch
	}
	return c, nil
}

// loadLogKey reads the log's signer. It refuses a file that others may read.
func loadLogKey(path string) (note.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the log key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading the log key: %w: its group or others may read it; set its mode to 0600", fs.ErrPermission)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own configuration names it
	if err != nil {
		return nil, fmt.Errorf("reading the log key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("reading the log key: %w", err)
	}
	return signer, nil
}
