package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/ledger/audit"
)

// Founding says which hub to set up in a data directory, and with whom.
type Founding struct {
	Hub     events.HubID
	Profile string // name@version of the country profile
	Members []Member

	TLS BrokerTLS // certificate of broker and ledger; none: they stay on this machine
	CA  string    // file of the authority that signed it, for the members' services
}

// Member is one founding agency. Served members get an address for their
// service; the others are in the directory and collect deliveries.
type Member struct {
	Agency events.AgencyID
	Kind   events.AgencyKind
	Served bool
}

// Names of the files in the operator's folder.
const (
	logKeyFile     = "log.key"
	hubKeyFile     = "signing.pem"
	accountsFile   = "accounts.json"
	hubCredsFile   = "nats.creds" //nolint:gosec // the name of a file
	genesisFile    = "genesis.json"
	missionsDir    = "missions" // the listings of founding foreign missions, which genesis does not hold
	operatorFile   = "operator.json"
	AgencyFileName = "agency.json" // describes an agency in its folder
	SigningKeyFile = "signing.pem" // an agency's signing key, in its folder
	SealingKeyFile = "sealing.pem"
	WitnessKeyFile = "witness.key" // an agency's key for cosigning checkpoints, in its folder; of those that witness
	UserKeyFile    = "nats.nk"     // an agency's own key at the broker, in its folder
	CredsFile      = "nats.creds"  //nolint:gosec // the name of a file
	TokenFile      = "token"       // lets an agency's own systems in, in its folder
)

// AgencyFile is what an agency's folder says of itself and of its hub. The pins
// are compared out of band when an agency joins; here one machine makes both.
// Files are named as they stand in the folder, or by a whole path.
type AgencyFile struct {
	Hub     events.HubID      `json:"hub"`
	Agency  events.AgencyID   `json:"agency"`
	Kind    events.AgencyKind `json:"kind"`
	Broker  string            `json:"broker"` // URL
	Ledger  string            `json:"ledger"` // URL
	Listen  string            `json:"listen"` // host:port of the intake for the agency's own systems
	LogKey  string            `json:"log_key"`
	HubKey  events.PublicKey  `json:"hub_key"`
	Genesis string            `json:"genesis"`

	CA    string `json:"ca,omitzero"`    // file of the authority that signs the hub's certificates; none: the system's
	Proxy string `json:"proxy,omitzero"` // http://host:port of the site's own proxy, if only that gets out
	Path  string `json:"path,omitzero"`  // of the broker's WebSocket

	PassphraseFile       string `json:"passphrase_file,omitzero"`       // opens the key files; for its owner only
	PassphraseCredential string `json:"passphrase_credential,omitzero"` // the same as a credential of systemd, by its name
	Webhook              string `json:"webhook,omitzero"`               // URL that gets every delivery; its secret is webhook.secret

	Pages PagesFile `json:"pages,omitzero"`
}

// Transport is how an agency of a folder reaches its hub.
func (f AgencyFile) Transport(folder string) exchange.Transport {
	ca := f.CA
	if ca != "" && !filepath.IsAbs(ca) {
		ca = filepath.Join(folder, ca)
	}
	return exchange.Transport{CAFile: ca, Proxy: f.Proxy, Path: f.Path}
}

// Enrol sets up a hub in an empty data directory: every key, account and
// address that its services start with. It starts nothing. Files with secrets
// are readable by their owner only.
func Enrol(ctx context.Context, l Layout, f Founding) error {
	for _, dir := range []string{l.Hub(), l.Broker(), filepath.Dir(l.Log("x"))} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("setting up the hub: %w", err)
		}
	}
	directions, err := addresses(ctx, f)
	if err != nil {
		return err
	}
	genesis, missions, err := found(l, f)
	if err != nil {
		return fmt.Errorf("founding the directory: %w", err)
	}
	if err := grant(l, f); err != nil {
		return fmt.Errorf("making the broker's accounts: %w", err)
	}
	data, err := events.Encode(genesis)
	if err != nil {
		return fmt.Errorf("founding the directory: %w", err)
	}
	digest := sha256.Sum256(data)
	directions.Genesis = hex.EncodeToString(digest[:])
	pins, err := writeMissions(l, missions)
	if err != nil {
		return fmt.Errorf("founding the directory: %w", err)
	}
	for _, m := range f.Members {
		address, _ := directions.Address(m.Agency)
		if err := writeJSON(filepath.Join(l.Agency(m.Agency), AgencyFileName), AgencyFile{
			Hub: f.Hub, Agency: m.Agency, Kind: m.Kind,
			Broker: directions.BrokerURL(), Ledger: directions.LedgerURL(), Listen: address.Intake,
			LogKey: genesis.Log, HubKey: genesis.Signing, Genesis: cmp.Or(pins[m.Agency], directions.Genesis),
			CA: f.CA,
		}); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(l.Hub(), genesisFile), data, 0o600); err != nil {
		return fmt.Errorf("founding the directory: %w", err)
	}
	return writeJSON(l.directions(), directions)
}

func addresses(ctx context.Context, f Founding) (Directions, error) {
	d := Directions{Hub: f.Hub, TLS: f.TLS, CA: f.CA}
	var err error
	if d.Broker, err = freeAddress(ctx); err != nil {
		return d, err
	}
	if d.Ledger, err = freeAddress(ctx); err != nil {
		return d, err
	}
	for _, m := range f.Members {
		address := Address{Agency: m.Agency, Kind: m.Kind}
		if m.Served {
			if address.Intake, err = freeAddress(ctx); err != nil {
				return d, err
			}
		}
		if m.Kind == events.Auditor {
			d.Auditor = m.Agency
		}
		d.Agencies = append(d.Agencies, address)
	}
	return d, nil
}

// found makes every key and the payloads that list the public ones: genesis, and
// one of its own for each foreign mission.
func found(l Layout, f Founding) (*events.DirectoryFounded, []*events.DirectoryListed, error) {
	origin := f.Hub.Origin()
	logKey, logVerifier, err := tlog.NewLogKey(origin, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(l.Hub(), logKeyFile), []byte(logKey+"\n"), 0o600); err != nil {
		return nil, nil, err
	}
	hubKey, err := seal.NewSigningKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if err := hubKey.Save(filepath.Join(l.Hub(), hubKeyFile)); err != nil {
		return nil, nil, err
	}
	texts, err := mou.ProfileTexts(f.Profile)
	if err != nil {
		return nil, nil, err
	}
	var missions []*events.DirectoryListed
	genesis := &events.DirectoryFounded{Log: logVerifier, Signing: hubKey.Public(), Profile: f.Profile, Text: mou.ProfileDigest(texts)}
	for _, m := range f.Members {
		listing, err := keys(l.Agency(m.Agency), m, origin)
		if err != nil {
			return nil, nil, fmt.Errorf("making the keys of %s: %w", m.Agency, err)
		}
		if m.Kind == events.ForeignMission {
			missions = append(missions, &events.DirectoryListed{Log: genesis.Log, Signing: genesis.Signing, Profile: genesis.Profile, Text: genesis.Text, Agencies: []events.Listing{listing}})
			continue
		}
		genesis.Agencies = append(genesis.Agencies, listing)
	}
	return genesis, missions, nil
}

// keys makes one agency's keys in its own folder and lists the public ones.
func keys(dir string, m Member, origin string) (events.Listing, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return events.Listing{}, err
	}
	signing, err := seal.NewSigningKey(rand.Reader)
	if err != nil {
		return events.Listing{}, err
	}
	sealing, err := seal.NewSealingKey(rand.Reader)
	if err != nil {
		return events.Listing{}, err
	}
	witness, err := witnessKey(dir, m, origin)
	if err != nil {
		return events.Listing{}, err
	}
	return seal.NewListing(m.Agency, m.Kind, signing, sealing, witness, origin), errors.Join(
		signing.Save(filepath.Join(dir, SigningKeyFile)),
		sealing.Save(filepath.Join(dir, SealingKeyFile)),
		os.WriteFile(filepath.Join(dir, TokenFile), []byte(NewToken()+"\n"), 0o600))
}

// witnessKey makes the key with which an agency cosigns checkpoints, and gives
// what its listing says of it; empty for a kind that does not witness.
func witnessKey(dir string, m Member, origin string) (string, error) {
	if m.Kind == events.Auditor || m.Kind == events.ForeignMission {
		return "", nil
	}
	secret, verifier, err := tlog.NewWitnessKey(origin, m.Agency, rand.Reader)
	if err != nil {
		return "", err
	}
	return verifier, os.WriteFile(filepath.Join(dir, WitnessKeyFile), []byte(secret+"\n"), 0o600)
}

// ReadAgencyFile reads what an agency's folder says of itself.
func ReadAgencyFile(folder string) (AgencyFile, error) {
	var file AgencyFile
	err := readJSON(filepath.Join(folder, AgencyFileName), &file)
	return file, err
}

// WriteAgencyFile stores what an agency's folder says of itself.
func WriteAgencyFile(folder string, file AgencyFile) error {
	return writeJSON(filepath.Join(folder, AgencyFileName), file)
}

// Auditor is the auditor of a folder; hub replaces the ledger's address in it
// unless empty.
func Auditor(folder, hub string) (*audit.Auditor, error) {
	file, err := ReadAgencyFile(folder)
	if err != nil {
		return nil, fmt.Errorf("this is not an auditor's folder: %w", err)
	}
	if hub != "" {
		file.Ledger = hub
	}
	return audit.New(audit.Config{
		Ledger: file.Ledger, Hub: file.Hub, Agency: file.Agency, KeyFile: filepath.Join(folder, SigningKeyFile),
		LogKey: file.LogKey, HubKey: file.HubKey, Genesis: file.Genesis, Transport: file.Transport(folder),
	})
}
