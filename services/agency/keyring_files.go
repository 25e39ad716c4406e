package agency

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// ListingsFile has every listing that this agency said of itself, a JSON object a
// line. Nothing in it is secret. With it an agency that lost its journal can follow
// its own changes of keys, of which the log keeps digests only.
const ListingsFile = "listings.jsonl"

// passphrase reads what protects the key files, from where the configuration says;
// else from systemd's credential of that name, if there is one.
func (c Config) passphrase() (seal.Passphrase, error) {
	path := c.PassphraseFile
	if folder := os.Getenv("CREDENTIALS_DIRECTORY"); path == "" && folder != "" { // where systemd puts the secrets of a unit; no secret itself
		name := c.PassphraseCredential
		if name == "" {
			name = "passphrase"
		}
		path = filepath.Join(folder, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && c.PassphraseCredential == "" { //nolint:gosec // the service manager names the folder
			return seal.Passphrase{}, nil
		}
	}
	switch {
	case path == "" && c.PassphraseCredential != "":
		return seal.Passphrase{}, errors.New("reading the passphrase: it is a credential of systemd, and this process was not given any")
	case path == "":
		return seal.Passphrase{}, nil
	case !filepath.IsAbs(path):
		path = c.path(path)
	}
	p, err := seal.ReadPassphrase(path)
	if err != nil {
		return p, fmt.Errorf("reading the passphrase of the key files: %w", err)
	}
	return p, nil
}

// make makes new keys of the uses, in files of their own, and gives the listing
// with them and the old ones for the rest. Files and listing are durable when it
// returns.
func (k *keyring) make(uses []KeyUse) (events.Listing, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var set [3]heldKey
	for i, use := range []KeyUse{KeySigning, KeySealing, KeyWitness} {
		if !slices.Contains(k.config.uses(), use) {
			continue
		}
		set[i] = k.inForce(use)
		if !slices.Contains(uses, use) {
			continue
		}
		file, err := k.write(use)
		if err == nil {
			set[i], err = k.load(use, file) // what can be read again is what is listed
		}
		if err != nil {
			return events.Listing{}, fmt.Errorf("making a new %s key: %w", use, err)
		}
		k.held = append(k.held, set[i])
	}
	l := seal.NewListing(k.config.Agency, k.config.Kind, set[0].signing, set[1].sealing, set[2].public, k.config.Hub.Origin())
	own := k.own
	if !slices.Contains(own, l) {
		own = append(slices.Clip(own), l)
	}
	if err := k.config.writeListings(own); err != nil {
		return l, fmt.Errorf("keeping the new listing: %w", err)
	}
	k.own = own
	return l, nil
}

// write makes one key and writes its file.
func (k *keyring) write(use KeyUse) (file string, err error) {
	switch use {
	case KeySigning:
		key, err := seal.NewSigningKey(rand.Reader)
		if err != nil {
			return "", err
		}
		file = use.fileOf(string(key.ID()))
		return file, key.SaveWith(k.config.path(file), k.pass)
	case KeySealing:
		key, err := seal.NewSealingKey(rand.Reader)
		if err != nil {
			return "", err
		}
		file = use.fileOf(string(key.ID()))
		return file, key.SaveWith(k.config.path(file), k.pass)
	default:
		secret, verifier, err := tlog.NewWitnessKey(k.config.Hub.Origin(), k.config.Agency, rand.Reader)
		if err != nil {
			return "", err
		}
		file = use.fileOf(witnessID(verifier))
		return file, seal.WriteSecret(k.config.path(file), []byte(secret+"\n"), k.pass)
	}
}

// arrange gives the keys in force the plain names and every other one the name of
// its id, one rename after the other: whenever the process dies between two, the
// next start finds every key and goes on. A file's time says since when its key is
// set aside.
func (k *keyring) arrange(now time.Time, step func(string)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.listed == nil {
		return nil
	}
	for _, use := range k.config.uses() {
		wanted, held := k.find(use, use.of(*k.listed))
		if !held || wanted.file == use.file() {
			continue
		}
		for i := range k.held {
			if k.held[i].use == use && k.held[i].file == use.file() {
				if err := os.Chtimes(k.config.path(use.file()), now, now); err != nil {
					return fmt.Errorf("setting a key aside: %w", err)
				}
				if err := k.rename(&k.held[i], use.fileOf(k.held[i].id)); err != nil {
					return err
				}
			}
		}
		step("old key set aside")
		at := slices.IndexFunc(k.held, func(h heldKey) bool { return h.use == use && h.id == wanted.id })
		if err := k.rename(&k.held[at], use.file()); err != nil {
			return err
		}
		step("new key in place")
	}
	return nil
}

func (k *keyring) rename(key *heldKey, to string) error {
	if _, err := os.Lstat(k.config.path(to)); err == nil {
		return fmt.Errorf("renaming a key file: there is a %s already", to)
	}
	if err := os.Rename(k.config.path(key.file), k.config.path(to)); err != nil {
		return fmt.Errorf("renaming a key file: %w", err)
	}
	key.file = to
	return syncFolder(k.config.Dir)
}

// destroy overwrites and removes the file of a key that is neither in force nor
// said, and forgets the key.
func (k *keyring) destroy(use KeyUse, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := slices.IndexFunc(k.held, func(h heldKey) bool { return h.use == use && h.id == id })
	if at < 0 {
		return nil
	}
	key := k.held[at]
	if key.file == use.file() || k.listed == nil || key.public == use.of(*k.listed) || k.next != nil && key.public == use.of(*k.next) {
		return errors.New("destroying a key: it is in force")
	}
	if err := wipe(k.config.path(key.file)); err != nil {
		return fmt.Errorf("destroying a key: %w", err)
	}
	k.held = slices.Delete(k.held, at, at+1)
	return syncFolder(k.config.Dir)
}

// wipe overwrites a file and removes it. What a disk or a backup keeps of it apart
// is not reached.
func wipe(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // a key file of the agency's own directory
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Remove(path)
}

func syncFolder(path string) error {
	dir, err := os.Open(path) //nolint:gosec // the agency's own directory
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// readListings reads the listings file. Each line proves itself; one that does not
// is no listing of this agency, and refused.
func (c Config) readListings() ([]events.Listing, error) {
	text, err := os.ReadFile(c.path(ListingsFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading this agency's listings: %w", err)
	}
	var all []events.Listing
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var l events.Listing
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("reading this agency's listings: %s is damaged", ListingsFile)
		}
		if err := seal.CheckListing(l, c.Hub.Origin()); err != nil || l.Agency != c.Agency {
			return nil, fmt.Errorf("reading this agency's listings: %s has one that is not of this agency", ListingsFile)
		}
		all = append(all, l)
	}
	return all, nil
}

func (c Config) writeListings(all []events.Listing) error {
	var text bytes.Buffer
	for _, l := range all {
		line, err := json.Marshal(l, json.Deterministic(true))
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	return writeWhole(c.path(ListingsFile), text.Bytes())
}

// creds reads the credentials for the broker, which a passphrase may protect.
func (c Config) creds() ([]byte, error) {
	pass, err := c.passphrase()
	if err != nil {
		return nil, err
	}
	return seal.ReadSecret(c.path(CredsFile), pass)
}
