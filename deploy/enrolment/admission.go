package enrolment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"handrail/contracts/words"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

const (
	admissionForm = "handrail admission v1"
	caFile        = "hub-ca.pem" // the authority of the hub's certificates, in an agency's folder
)

// Admission is the hub's answer to a request: where it is reached, what to pin, and
// the token that makes the agency's own key good at the broker.
type Admission struct {
	Form    string            `json:"form"`
	Hub     events.HubID      `json:"hub"`
	Agency  events.AgencyID   `json:"agency"`
	Kind    events.AgencyKind `json:"kind"`
	Broker  string            `json:"broker"`
	Path    string            `json:"path,omitzero"`
	Ledger  string            `json:"ledger"`
	CA      string            `json:"ca,omitzero"` // PEM; none: the system's authorities
	LogKey  string            `json:"log_key"`
	HubKey  events.PublicKey  `json:"hub_key"`
	Genesis string            `json:"genesis"` // hexadecimal SHA-256; a foreign mission's own listing instead
	Token   string            `json:"token"`   // for the broker; worth nothing without the agency's own key
}

// Words are the same for every agency that reaches the hub at these addresses, but
// foreign missions, each of which has its own. They commit to the hub, the log's
// key, the hub's key, the digest of genesis, both addresses and the authority of
// their certificates: whoever changes one of these on the way could show the agency
// another log, or read along.
func (a Admission) Words() []string {
	return pinWords(a.Hub, a.LogKey, a.HubKey, a.Genesis, a.Broker, a.Ledger, a.CA)
}

func pinWords(hub events.HubID, logKey string, hubKey events.PublicKey, genesis, broker, ledger, ca string) []string {
	return words.Of(words.Pins, hub.Origin(), logKey, string(hubKey), genesis, broker, ledger, ca)
}

// WordsOf are the words of what an agency that has joined pins: what it reads to
// one that is joining.
func WordsOf(folder string) ([]string, error) {
	f, err := local.ReadAgencyFile(folder)
	if err != nil {
		return nil, fmt.Errorf("reading an agency's pins: %w", err)
	}
	ca := ""
	if way := f.Transport(folder); way.CAFile != "" {
		text, err := os.ReadFile(way.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading an agency's pins: %w", err)
		}
		ca = string(text)
	}
	return pinWords(f.Hub, f.LogKey, f.HubKey, f.Genesis, f.Broker, f.Ledger, ca), nil
}

// ReadAdmission reads an admission and checks its addresses.
func ReadAdmission(path string) (Admission, error) {
	var a Admission
	if err := readFile(path, &a); err != nil {
		return a, fmt.Errorf("reading an admission: %w", err)
	}
	if a.Form != admissionForm || len(a.Genesis) != 64 {
		return a, errors.New("this is not an admission to a hub")
	}
	for _, address := range []string{a.Broker, a.Ledger} {
		if err := exchange.CheckURL(address); err != nil {
			return a, fmt.Errorf("an address in the admission: %w", err)
		}
	}
	return a, nil
}

// Write stores the admission for its way to the agency.
func (a Admission) Write(path string) error { return writeFile(path, a) }

// Site is what the agency adds to the admission.
type Site struct {
	Listen         string // loopback host:port for its own systems; empty: none
	Proxy          string // http://host:port, if only that gets out
	PassphraseFile string
}

// Accept writes into the agency's folder what its service starts with. The caller
// answers for the words having been compared. Repeated, or with a renewed token,
// it replaces the credentials; it refuses to change pins.
func Accept(folder string, a Admission, s Site) (local.AgencyFile, error) {
	r, err := ReadRequest(filepath.Join(folder, RequestFile))
	if err != nil {
		return local.AgencyFile{}, fmt.Errorf("this folder has not asked to join: %w", err)
	}
	if a.Hub != r.Hub || a.Agency != r.Listing.Agency || a.Kind != r.Listing.Kind {
		return local.AgencyFile{}, fmt.Errorf("the admission is for %s, a %s, at the hub %s; this folder is of %s, a %s, at %s", a.Agency, a.Kind, a.Hub, r.Listing.Agency, r.Listing.Kind, r.Hub)
	}
	file := local.AgencyFile{
		Hub: a.Hub, Agency: a.Agency, Kind: a.Kind, Broker: a.Broker, Ledger: a.Ledger, Path: a.Path, Listen: s.Listen,
		LogKey: a.LogKey, HubKey: a.HubKey, Genesis: a.Genesis, Proxy: s.Proxy, PassphraseFile: s.PassphraseFile,
	}
	before, err := local.ReadAgencyFile(folder)
	switch {
	case err == nil && (before.LogKey != a.LogKey || before.HubKey != a.HubKey || before.Genesis != a.Genesis):
		return file, errors.New("this agency has joined a hub with other keys: an agency's pins never change")
	case err == nil:
		file = before
		file.Broker, file.Ledger, file.Path = a.Broker, a.Ledger, a.Path
	case !errors.Is(err, fs.ErrNotExist):
		return file, err
	}
	if err := writeCreds(folder, file, a.Token); err != nil {
		return file, err
	}
	file.CA = ""
	if a.CA != "" {
		file.CA = caFile
		if err := os.WriteFile(filepath.Join(folder, caFile), []byte(a.CA), 0o600); err != nil {
			return file, fmt.Errorf("storing the hub's authority: %w", err)
		}
	}
	return file, local.WriteAgencyFile(folder, file) // last: with it the folder is an agency's
}

// writeCreds joins the agency's own key with the hub's token, protected as the
// other keys are.
func writeCreds(folder string, file local.AgencyFile, token string) error {
	var protect seal.Passphrase
	var err error
	if path := passphraseOf(folder, file.PassphraseFile); path != "" {
		if protect, err = seal.ReadPassphrase(path); err != nil {
			return err
		}
	}
	_, _, _, userFile := keysOf(folder)
	seed, err := seal.ReadSecret(userFile, protect)
	if err != nil {
		return fmt.Errorf("reading the key for the broker: %w", err)
	}
	user, err := exchange.ParseUserKey(seed)
	if err != nil {
		return err
	}
	creds, err := user.Credentials(token)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, local.CredsFile)
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("storing the credentials: %w", err)
	}
	if err := errors.Join(seal.WriteSecret(fresh, creds, protect), os.Rename(fresh, path)); err != nil {
		return fmt.Errorf("storing the credentials: %w", err)
	}
	return nil
}

// Unchanged says whether an agency that has joined pins already what the admission
// says: then nothing is left to compare.
func Unchanged(folder string, a Admission) bool {
	pinned, err := WordsOf(folder)
	return err == nil && slices.Equal(pinned, a.Words())
}
