package keyring_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

const (
	testHub    events.HubID    = "testland"
	testAgency events.AgencyID = "harbour-shelter"
)

// folder is an agency's, with the keys that it joined with.
type folder struct {
	t      *testing.T
	config keyring.Config
	first  events.Listing
}

func newFolder(t *testing.T, kind events.AgencyKind) *folder {
	t.Helper()
	f := &folder{t: t, config: keyring.Config{Dir: t.TempDir(), Hub: testHub, Agency: testAgency, Kind: kind}}
	signing, err := seal.NewSigningKey(rand.Reader)
	f.must(err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	f.must(err)
	f.must(signing.Save(f.path(keyring.Signing.File())))
	f.must(sealing.Save(f.path(keyring.Sealing.File())))
	verifier := ""
	if slices.Contains(keyring.Uses(kind), keyring.Witness) {
		verifier = f.newWitness(testAgency)
	}
	f.first = seal.NewListing(testAgency, kind, signing, sealing, verifier, testHub.Origin())
	return f
}

// newWitness writes the witness key of an agency, and gives its verifier key.
func (f *folder) newWitness(of events.AgencyID) string {
	f.t.Helper()
	secret, verifier, err := tlog.NewWitnessKey(testHub.Origin(), of, rand.Reader)
	f.must(err)
	f.must(seal.ReplaceSecret(f.path(keyring.Witness.File()), []byte(secret+"\n")))
	return verifier
}

func (f *folder) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) path(file string) string { return filepath.Join(f.config.Dir, file) }

// opened opens the keys, as a process that starts does before it has read its journal.
func (f *folder) opened() *keyring.Keyring {
	f.t.Helper()
	k, err := keyring.Open(f.config)
	f.must(err)
	return k
}

// listed opens the keys, with a directory that lists them.
func (f *folder) listed(l events.Listing) *keyring.Keyring {
	f.t.Helper()
	k := f.opened()
	k.List(l)
	return k
}

// replaced has every key replaced, and heard by the hub.
func (f *folder) replaced() (k *keyring.Keyring, next events.Listing) {
	f.t.Helper()
	k = f.listed(f.first)
	next, err := k.Make(keyring.Uses(f.config.Kind))
	f.must(err)
	k.Await(next)
	k.List(next)
	k.Settle()
	return k, next
}

// held lists the keys of a state.
func (f *folder) held(k *keyring.Keyring, state keyring.State) []keyring.Key {
	f.t.Helper()
	held, err := k.Held()
	f.must(err)
	return slices.DeleteFunc(held, func(key keyring.Key) bool { return key.State != state })
}

func (f *folder) files() []string {
	f.t.Helper()
	entries, err := os.ReadDir(f.config.Dir)
	f.must(err)
	var names []string
	for _, entry := range entries {
		info, err := entry.Info()
		f.must(err)
		if info.Mode().Perm() != 0o600 {
			f.t.Errorf("%s has mode %o", entry.Name(), info.Mode().Perm())
		}
		names = append(names, entry.Name())
	}
	return names
}

// idle is a step at which nothing happens.
func idle(string) {}

func idOf(t *testing.T, key events.PublicKey) events.KeyID {
	t.Helper()
	id, err := seal.SigningKeyID(key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// soon is when keys are put in order; the file's time has whole seconds on some disks.
func soon() time.Time { return time.Now().Truncate(time.Second) }
