package enrolment

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// Asking says who asks to join which hub.
type Asking struct {
	Hub            events.HubID
	Agency         events.AgencyID
	Kind           events.AgencyKind
	PassphraseFile string // protects the keys that are made; empty: the file modes alone do
}

// ErrJoined says that the folder belongs to an agency that has joined already.
var ErrJoined = errors.New("the agency of this folder has joined already")

// Ask makes an agency's keys in its folder, which is closed to everybody else, and
// the request for them. Repeated, it keeps every key that is there and ends what
// was begun. Errors: [ErrJoined]; a folder with a request of somebody else.
func Ask(folder string, a Asking) (Request, error) {
	if err := a.check(); err != nil {
		return Request{}, err
	}
	if _, err := os.Stat(filepath.Join(folder, local.AgencyFileName)); err == nil {
		return Request{}, ErrJoined
	}
	if r, err := ReadRequest(filepath.Join(folder, RequestFile)); err == nil {
		if r.Hub != a.Hub || r.Listing.Agency != a.Agency || r.Listing.Kind != a.Kind {
			return r, fmt.Errorf("%s holds the keys of %s, a %s, for the hub %s: choose another folder", folder, r.Listing.Agency, r.Listing.Kind, r.Hub)
		}
		return r, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.Chmod(folder, 0o700)); err != nil { //nolint:gosec // the owner must enter it
		return Request{}, fmt.Errorf("making the agency's folder: %w", err)
	}
	r, err := a.make(folder)
	if err != nil {
		return r, fmt.Errorf("making the agency's keys: %w", err)
	}
	return r, writeFile(filepath.Join(folder, RequestFile), r)
}

func (a Asking) check() error {
	switch {
	case new(events.HubID).UnmarshalText([]byte(a.Hub)) != nil:
		return errors.New("the hub's id is 1 to 32 of a-z, 0-9 and hyphen; its operator tells it")
	case new(events.AgencyID).UnmarshalText([]byte(a.Agency)) != nil || a.Agency == events.HubAgency:
		return errors.New("the agency's id is 1 to 32 of a-z, 0-9 and hyphen, such as harbour-shelter; hub is the hub")
	case new(events.AgencyKind).UnmarshalText([]byte(a.Kind)) != nil:
		return fmt.Errorf("the agency's kind is one of %s", strings.Join(a.Kind.Codes(), ", "))
	}
	return nil
}

func (a Asking) make(folder string) (Request, error) {
	var protect seal.Passphrase
	if a.PassphraseFile != "" {
		var err error
		if protect, err = seal.ReadPassphrase(a.PassphraseFile); err != nil {
			return Request{}, err
		}
	}
	signingFile, sealingFile, witnessFile, userFile := keysOf(folder)
	signing, err := kept(signingFile, protect, seal.LoadSigningKeyWith, seal.NewSigningKey, seal.SigningKey.SaveWith)
	if err != nil {
		return Request{}, err
	}
	sealing, err := kept(sealingFile, protect, seal.LoadSealingKeyWith, seal.NewSealingKey, seal.SealingKey.SaveWith)
	if err != nil {
		return Request{}, err
	}
	verifier, err := a.witness(witnessFile, protect)
	if err != nil {
		return Request{}, err
	}
	user, err := userKey(userFile, protect)
	if err != nil {
		return Request{}, err
	}
	if err := token(folder); err != nil {
		return Request{}, err
	}
	r := Request{Form: requestForm, Hub: a.Hub, User: user.Public(), Listing: seal.NewListing(a.Agency, a.Kind, signing, sealing, verifier, a.Hub.Origin())}
	r.Proof = base64.StdEncoding.EncodeToString(signing.SignBytes(r.text()))
	return r, r.Check()
}

// witness gives the verifier of the key with which the agency cosigns; empty for
// a kind that does not.
func (a Asking) witness(file string, protect seal.Passphrase) (string, error) {
	if a.Kind == events.Auditor || a.Kind == events.ForeignMission {
		return "", nil
	}
	content, err := seal.ReadSecret(file, protect)
	if errors.Is(err, fs.ErrNotExist) {
		secret, verifier, err := tlog.NewWitnessKey(a.Hub.Origin(), a.Agency, rand.Reader)
		if err != nil {
			return "", err
		}
		return verifier, seal.WriteSecret(file, []byte(secret+"\n"), protect)
	}
	if err != nil {
		return "", err
	}
	key, err := tlog.ParseWitnessKey(strings.TrimSpace(string(content)))
	if err != nil {
		return "", err
	}
	return key.VKey(), nil
}

// kept is the key of a file, which is made when there is none.
func kept[K any](file string, protect seal.Passphrase, load func(string, seal.Passphrase) (K, error), make func(io.Reader) (K, error), save func(K, string, seal.Passphrase) error) (K, error) {
	key, err := load(file, protect)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = make(rand.Reader); err != nil {
		return key, err
	}
	return key, save(key, file, protect)
}

func userKey(file string, protect seal.Passphrase) (exchange.UserKey, error) {
	seed, err := seal.ReadSecret(file, protect)
	if err == nil {
		return exchange.ParseUserKey(seed)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return exchange.UserKey{}, err
	}
	key, err := exchange.NewUserKey()
	if err != nil {
		return key, err
	}
	return key, seal.WriteSecret(file, key.Seed(), protect)
}

// Renew makes a new key for the broker in the folder of an agency that has joined,
// and a request for it with the listing of the keys in force. Until the hub's
// operator answers, the service goes on with the credentials of before.
func Renew(folder string) (Request, error) {
	file, err := local.ReadAgencyFile(folder)
	if err != nil {
		return Request{}, fmt.Errorf("renewing the access of an agency that has joined: %w", err)
	}
	if err := os.Remove(filepath.Join(folder, local.UserKeyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Request{}, fmt.Errorf("renewing an agency's access: %w", err)
	}
	r, err := Asking{Hub: file.Hub, Agency: file.Agency, Kind: file.Kind, PassphraseFile: passphraseOf(folder, file.PassphraseFile)}.make(folder)
	if err != nil {
		return r, fmt.Errorf("renewing an agency's access: %w", err)
	}
	return r, writeFile(filepath.Join(folder, RequestFile), r)
}

// passphraseOf is the file that an agency's description names, from its folder.
func passphraseOf(folder, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(folder, name)
}

// token makes the secret with which the agency's own systems come in, if it is missing.
func token(folder string) error {
	f, err := os.OpenFile(filepath.Join(folder, local.TokenFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the agency names its folder
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(local.NewToken() + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}
