package agency

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// KeyUse is what one of an agency's keys is for.
type KeyUse string

// The uses.
const (
	KeySigning KeyUse = "signing"
	KeySealing KeyUse = "sealing"
	KeyWitness KeyUse = "witness"
)

// heldKey is one secret of the agency, and the file that it lies in.
type heldKey struct {
	use    KeyUse
	id     string // hexadecimal SHA-256 of the public key; of the verifier key for a witness
	public string // as a listing has it
	file   string // name in the agency's folder
	locked bool   // the file is encrypted with a passphrase

	signing seal.SigningKey
	sealing seal.SealingKey
	witness tlog.WitnessKey
}

// keyring holds the agency's own secrets. Which of them counts is for the
// directory to say: what the log lists is in force, whatever the files are named.
// A listing that this agency said and that has no answer yet is next: what is said
// behind it is signed with its key and waits.
type keyring struct {
	config Config
	pass   seal.Passphrase

	mu     sync.RWMutex
	held   []heldKey
	listed *events.Listing  // as the directory has it now; nil: not yet
	next   *events.Listing  // said, and unanswered
	own    []events.Listing // all that are known, to verify what was signed with keys that are gone
	heard  events.KeyID     // the signing key that the hub heeds, while a new journal's directory does not list it yet; else empty
	taken  bool             // somebody else changed the keys; nobody here knows to which
	turn   bool             // the last position was signed with the key in force
	turns  int              // how many were told before there was a directory
}

// stem and end of the names of a use's files: the key in force lies in <stem><end>,
// any other one in <stem>-<id><end>.
func (u KeyUse) stem() (stem, end string) {
	if u == KeyWitness {
		return "witness", ".key"
	}
	return string(u), ".pem"
}

func (u KeyUse) file() string { stem, end := u.stem(); return stem + end }

func (u KeyUse) fileOf(id string) string { stem, end := u.stem(); return stem + "-" + id[:16] + end }

// of gives the key that a listing has for a use.
func (u KeyUse) of(l events.Listing) string {
	switch u {
	case KeySigning:
		return string(l.Signing)
	case KeySealing:
		return string(l.Sealing)
	default:
		return l.Witness
	}
}

// uses are those that an agency of a kind has keys for.
func (c Config) uses() []KeyUse {
	if c.witnesses() {
		return []KeyUse{KeySigning, KeySealing, KeyWitness}
	}
	return []KeyUse{KeySigning, KeySealing}
}

// loadKeys reads every key file of the agency's folder. It refuses files that
// others can read.
func (c Config) loadKeys() (*keyring, error) {
	pass, err := c.passphrase()
	if err != nil {
		return nil, err
	}
	k := &keyring{config: c, pass: pass}
	for _, use := range c.uses() {
		stem, end := use.stem()
		names, err := filepath.Glob(filepath.Join(c.Dir, stem+"-*"+end))
		if err != nil {
			return nil, fmt.Errorf("looking for key files: %w", err)
		}
		if _, err := os.Lstat(c.path(use.file())); err == nil || len(names) == 0 {
			names = slices.Insert(names, 0, c.path(use.file()))
		}
		for _, name := range names {
			key, err := k.load(use, filepath.Base(name))
			if err != nil {
				return nil, fmt.Errorf("loading the %s key: %w", use, err)
			}
			k.held = append(k.held, key)
		}
	}
	k.own, err = c.readListings()
	return k, err
}

// load reads one key file.
func (k *keyring) load(use KeyUse, file string) (heldKey, error) {
	path := k.config.path(file)
	key := heldKey{use: use, file: file}
	var err error
	if key.locked, err = seal.IsLocked(path); err != nil {
		return key, err
	}
	switch use {
	case KeySigning:
		if key.signing, err = seal.LoadSigningKeyWith(path, k.pass); err == nil {
			key.public, key.id = string(key.signing.Public()), string(key.signing.ID())
		}
	case KeySealing:
		if key.sealing, err = seal.LoadSealingKeyWith(path, k.pass); err == nil {
			key.public, key.id = string(key.sealing.Public()), string(key.sealing.ID())
		}
	case KeyWitness:
		if key.witness, err = k.loadWitness(path); err == nil {
			key.public, key.id = key.witness.VKey(), witnessID(key.witness.VKey())
		}
	}
	return key, err
}

// witnessID names a witness key.
func witnessID(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return hex.EncodeToString(sum[:])
}

func (k *keyring) loadWitness(path string) (tlog.WitnessKey, error) {
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

// find gives the held key of a use that a listing names. Keyring.mu is held.
func (k *keyring) find(use KeyUse, public string) (heldKey, bool) {
	at := slices.IndexFunc(k.held, func(h heldKey) bool { return h.use == use && h.public == public })
	if at < 0 {
		return heldKey{}, false
	}
	return k.held[at], true
}

// inForce gives the key of a use that the directory lists; before there is a
// directory, or if it lists another than this agency has, the one whose file has
// the plain name. Keyring.mu is held.
func (k *keyring) inForce(use KeyUse) heldKey {
	if k.listed != nil {
		if key, held := k.find(use, use.of(*k.listed)); held {
			return key
		}
	}
	first := -1
	for i, key := range k.held {
		switch {
		case key.use != use:
		case key.file == use.file():
			return key
		case first < 0:
			first = i
		}
	}
	if first < 0 {
		return heldKey{}
	}
	return k.held[first]
}

// voice is the key with which this agency is heard now.
func (k *keyring) voice() seal.SigningKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.inForce(KeySigning).signing
}

// speaker is the key with which the next statement is signed: while new keys were
// said and wait for the ledger's answer, that is the new one.
func (k *keyring) speaker() seal.SigningKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.held {
		if key.use == KeySigning && key.id == string(k.heard) {
			return key.signing
		}
	}
	if k.next != nil {
		if key, held := k.find(KeySigning, string(k.next.Signing)); held {
			return key.signing
		}
	}
	return k.inForce(KeySigning).signing
}

// sealer is the agency's own sealing key in force.
func (k *keyring) sealer() seal.SealingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.inForce(KeySealing).sealing
}

// opener gives the sealing key of an id, if this agency still has it.
func (k *keyring) opener(id events.KeyID) (seal.SealingKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	at := slices.IndexFunc(k.held, func(h heldKey) bool { return h.use == KeySealing && h.id == string(id) })
	if at < 0 {
		return seal.SealingKey{}, false
	}
	return k.held[at].sealing, true
}

// cosigner is the witness key in force.
func (k *keyring) cosigner() tlog.WitnessKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.inForce(KeyWitness).witness
}

// public gives a signing key of this agency, of now or of before.
func (k *keyring) public(id events.KeyID) (events.PublicKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.held {
		if key.use == KeySigning && key.id == string(id) {
			return events.PublicKey(key.public), true
		}
	}
	for _, l := range k.own {
		if listed, err := seal.SigningKeyID(l.Signing); err == nil && listed == id {
			return l.Signing, true
		}
	}
	return "", false
}

// verifiers are for every witness key of this agency, of now and of before.
func (k *keyring) verifiers() note.Verifiers {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var all []note.Verifier
	seen := map[string]bool{}
	add := func(verifier string) {
		if v, err := tlog.NewWitnessVerifier(verifier); err == nil && !seen[verifier] {
			seen[verifier] = true
			all = append(all, v)
		}
	}
	for _, key := range k.held {
		if key.use == KeyWitness {
			add(key.public)
		}
	}
	for _, l := range k.own {
		add(l.Witness)
	}
	return note.VerifierList(all...)
}

// waiting says whether new keys were said and have no answer yet.
func (k *keyring) waiting() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.next != nil
}

// await notes a listing that this agency said, until settled. nil: none waits.
func (k *keyring) await(l *events.Listing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = l
}

// list takes what the directory says of this agency into force.
func (k *keyring) list(l *events.Listing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listed, k.taken = l, false
	if l != nil && !slices.Contains(k.own, *l) {
		k.own = append(k.own, *l)
	}
}

// usurp notes that somebody else changed this agency's keys.
func (k *keyring) usurp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.taken = true
}

// lacks lists the uses for which the directory names a key that this agency does
// not have.
func (k *keyring) lacks() (uses []KeyUse) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	switch {
	case k.taken:
		return []KeyUse{KeySigning}
	case k.listed == nil:
		return nil
	}
	for _, use := range k.config.uses() {
		if _, held := k.find(use, use.of(*k.listed)); !held {
			uses = append(uses, use)
		}
	}
	return uses
}

// said gives the listing that this agency once said as directory.keyed, by the
// SHA-256 of the event's data.
func (k *keyring) said(digest [32]byte) (*events.DirectoryKeyed, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, l := range k.own {
		p := &events.DirectoryKeyed{Listing: l}
		if data, err := events.Encode(p); err == nil && sha256.Sum256(data) == digest {
			return p, true
		}
	}
	return nil, false
}

// controlKey signs control messages of a type. While new keys wait for their
// receipt, the position is told in turn with the old and the new signing key: if
// the receipt was lost, the hub heeds only the new one. While there is no directory
// it is told in turn with each signing key that is here: one that lost its journal
// in the middle of a change does not know which of them counts.
func (k *keyring) controlKey(t events.Type) seal.SigningKey {
	k.mu.Lock()
	if t != events.TypeControlPosition {
		k.mu.Unlock()
		return k.voice()
	}
	k.turn = !k.turn
	turn, alone, unknown := k.turn, k.next == nil, k.listed == nil
	if unknown {
		defer k.mu.Unlock()
		return k.nextVoice()
	}
	k.mu.Unlock()
	if alone || turn {
		return k.voice()
	}
	return k.speaker()
}

// nextVoice gives the held signing keys in turn, beginning with the one whose file
// has the plain name. Keyring.mu is held.
func (k *keyring) nextVoice() seal.SigningKey {
	voices := []seal.SigningKey{k.inForce(KeySigning).signing}
	for _, key := range k.held {
		if key.use == KeySigning && key.id != string(voices[0].ID()) {
			voices = append(voices, key.signing)
		}
	}
	k.turns++
	return voices[(k.turns-1)%len(voices)]
}
