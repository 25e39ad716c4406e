// Package keyring holds an agency's own secrets: the key that it signs with, the keys that it is sealed to, and the key with
// which its witness cosigns the log; and it says which of them counts.
//
// Files. All lie in the agency's own folder and are written for its owner only (0600); [Open] refuses a key that others can
// read. The keys in force are signing.pem, sealing.pem and witness.key; one that is not in force yet, or not any more, bears
// its id in the name: sealing-0123456789abcdef.pem. listings.jsonl has every listing that this agency said of itself, and no
// secret. Under a passphrase every key that is made from then on is encrypted (age, scrypt); those of before stay as they are.
//
// Which key counts. What the directory lists is in force, whatever the files are called. Before there is a directory, or if it
// lists a key that is not here ([Keyring.Lacks]), the one with the plain name is. New keys are said with the old signing key;
// what is said behind them is signed with the new one ([Keyring.Speaker]), which is heard from the hub's receipt on
// ([Keyring.Voice]). Refused, the new keys end as replaced ones do. What was sealed to a key that counts no more is read until
// [Keyring.Destroy], which is due [AfterLife] later; what was said with it is verified for good.
//
// Crash. [Keyring.Make] returns once files and listing are durable: so nothing is said of a key that could be lost. Each file
// is there whole or not at all. A process that dies before leaves keys that nobody heard of, and they end as replaced ones
// do. [Keyring.Arrange] renames one file after the other: whenever the process dies between two, the next start finds every
// key and goes on. What [Keyring.Destroy] overwrote and could not remove, the next Open removes.
//
// Trust. An encrypted file gives nothing away without its passphrase; a plain one is the key. Who holds signing.pem can speak
// as the agency and replace its keys, until it is suspended or revoked, and reads nothing. Who holds a sealing key reads what
// was sealed to it, and says nothing. Who holds witness.key can cosign another log in this agency's name, and in no other's.
// Who can write listings.jsonl and the journal can show the agency's people statements that it never made; the hub hears none
// of them. Copies that a disk or a backup keeps of a destroyed file are not reached.
package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// Config says whose keys they are, and where. All but the passphrase is required.
type Config struct {
	Dir    string // the agency's own folder
	Hub    events.HubID
	Agency events.AgencyID
	Kind   events.AgencyKind

	// PassphraseFile is a file for its owner only whose first line protects the key
	// files; a relative path is of Dir. PassphraseCredential is the name of a
	// credential that systemd passes instead. Without both, a credential named
	// passphrase is taken if there is one; else key files are plain.
	PassphraseFile       string
	PassphraseCredential string
}

func (c Config) path(file string) string { return filepath.Join(c.Dir, file) }

// Keyring is an agency's keys. It is safe for use by several goroutines.
type Keyring struct {
	config Config
	pass   seal.Passphrase

	mu      sync.RWMutex
	held    []heldKey
	listed  *events.Listing  // as the directory has it now; nil: not yet
	next    *events.Listing  // said, and unanswered
	own     []events.Listing // all that are known, to verify what was signed with keys that are gone
	assumed events.KeyID     // see Assume; else empty
	taken   bool             // see Usurp
	turns   int              // how often InTurn was asked
}

// heldKey is one secret, and the file that it lies in.
type heldKey struct {
	use    Use
	id     string // hexadecimal SHA-256 of the public key; of the verifier key for a witness
	public string // as a listing has it
	file   string // name in the agency's folder
	locked bool   // the file is encrypted with a passphrase

	signing seal.SigningKey
	sealing seal.SealingKey
	witness tlog.WitnessKey
}

// Open reads every key file of the folder, and the listings. Errors: a key is
// missing, damaged, of another agency or readable by others; [seal.ErrPassphrase].
func Open(c Config) (*Keyring, error) {
	pass, err := c.passphrase()
	if err != nil {
		return nil, err
	}
	k := &Keyring{config: c, pass: pass}
	for _, use := range Uses(c.Kind) {
		files, err := c.files(use)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			key, err := k.load(use, file)
			if err != nil {
				return nil, fmt.Errorf("loading the %s key: %w", use, err)
			}
			k.held = append(k.held, key)
		}
	}
	k.own, err = c.readListings()
	return k, err
}

// files names the key files of a use, the one of the key in force first. One that was
// being destroyed is none.
func (c Config) files(use Use) ([]string, error) {
	stem, end := use.stem()
	names, err := fs.Glob(os.DirFS(c.Dir), stem+"-*"+end)
	if err != nil {
		return nil, fmt.Errorf("looking for key files: %w", err)
	}
	var files []string
	for _, name := range names {
		if !wiped(c.path(name)) {
			files = append(files, name)
		} else if err := os.Remove(c.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("removing a key file that was destroyed: %w", err)
		}
	}
	if _, err := os.Lstat(c.path(use.File())); err == nil || len(files) == 0 {
		files = slices.Insert(files, 0, use.File())
	}
	return files, nil
}

// load reads one key file.
func (k *Keyring) load(use Use, file string) (heldKey, error) {
	path := k.config.path(file)
	key := heldKey{use: use, file: file}
	var err error
	if key.locked, err = seal.IsLocked(path); err != nil {
		return key, err
	}
	switch use {
	case Signing:
		if key.signing, err = seal.LoadSigningKeyWith(path, k.pass); err == nil {
			key.public, key.id = string(key.signing.Public()), string(key.signing.ID())
		}
	case Sealing:
		if key.sealing, err = seal.LoadSealingKeyWith(path, k.pass); err == nil {
			key.public, key.id = string(key.sealing.Public()), string(key.sealing.ID())
		}
	case Witness:
		if key.witness, err = k.loadWitness(path); err == nil {
			key.public, key.id = key.witness.VKey(), witnessID(key.witness.VKey())
		}
	}
	return key, err
}

func (k *Keyring) loadWitness(path string) (tlog.WitnessKey, error) {
	secret, err := seal.ReadSecret(path, k.pass)
	if err != nil {
		return tlog.WitnessKey{}, err
	}
	key, err := tlog.ParseWitnessKey(strings.TrimSpace(string(secret)))
	if err == nil && key.Verifier().Name() != tlog.WitnessName(k.config.Hub.Origin(), k.config.Agency) {
		err = errors.New("it is of another agency or hub")
	}
	return key, err
}

// witnessID names a witness key.
func witnessID(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return hex.EncodeToString(sum[:])
}
