package keyring_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

const phrase = "seven quiet herons cross the weir\n"

func TestOnlyWholeKeysOfThisAgencyThatNobodyElseCanReadAreTaken(t *testing.T) {
	for name, spoil := range map[string]func(f *folder, file string) error{
		"readable by the group": func(f *folder, file string) error { return os.Chmod(f.path(file), 0o640) },
		"missing":               func(f *folder, file string) error { return os.Remove(f.path(file)) },
		"damaged":               func(f *folder, file string) error { return os.WriteFile(f.path(file), []byte("no key"), 0o600) },
	} {
		for _, use := range keyring.Uses(events.Shelter) {
			f := newFolder(t, events.Shelter)
			f.opened()
			f.must(spoil(f, use.File()))
			if _, err := keyring.Open(f.config); err == nil {
				t.Errorf("a %s key that is %s was taken", use, name)
			}
		}
	}
	f := newFolder(t, events.Shelter)
	f.newWitness("another-shelter")
	if _, err := keyring.Open(f.config); err == nil {
		t.Error("it cosigns in another agency's name")
	}
}

func TestWhoDoesNotWitnessHasTwoKeys(t *testing.T) {
	for _, kind := range []events.AgencyKind{events.ForeignMission, events.Auditor} {
		f := newFolder(t, kind)
		k, next := f.replaced()
		f.must(k.Arrange(soon(), idle))
		if next.Witness != "" || len(f.held(k, keyring.Current)) != 2 || len(k.Lacks()) != 0 {
			t.Errorf("%s: %+v", kind, next)
		}
	}
}

func TestListingsThatAreNotThisAgencysAreRefused(t *testing.T) {
	f := newFolder(t, events.Shelter)
	f.replaced()
	text, err := os.ReadFile(f.path(keyring.ListingsFile))
	f.must(err)
	elsewhere := f.config
	elsewhere.Hub = "otherland"
	if _, err := keyring.Open(elsewhere); err == nil {
		t.Error("listings of another hub were taken")
	}
	for name, spoilt := range map[string]string{"damaged": string(text[:len(text)/3]), "signed by nobody": `{"agency":"harbour-shelter"}`} {
		f.must(os.WriteFile(f.path(keyring.ListingsFile), []byte(spoilt), 0o600))
		if _, err := keyring.Open(f.config); err == nil {
			t.Errorf("listings that are %s were taken", name)
		}
	}
}

// Keys of before stay plain; new ones open with the passphrase alone, wherever it comes
// from, and so does every other secret of the folder that it was written with.
func TestKeysMadeUnderAPassphraseOpenWithItAlone(t *testing.T) {
	f := newFolder(t, events.ForeignMission)
	f.must(os.WriteFile(f.path("phrase"), []byte(phrase), 0o600))
	plain := f.config
	f.config.PassphraseFile = "phrase"
	k := f.listed(f.first)
	next, err := k.Make([]keyring.Use{keyring.Sealing})
	f.must(err)
	k.List(next)
	for _, key := range f.held(k, keyring.Current) {
		if fresh := key.File != key.Use.File(); key.Protected != fresh {
			t.Errorf("%s: protected %t", key.File, key.Protected)
		}
	}
	locked := keyring.Sealing.File()
	for _, key := range f.held(k, keyring.Current) {
		if key.Protected {
			locked = key.File
		}
	}
	if _, err := plain.Secret(locked); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("a secret without the passphrase: %v", err)
	}
	if _, err := keyring.Open(plain); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("without the passphrase: %v", err)
	}
	credentials := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	if _, err := keyring.Open(plain); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("without the credential: %v", err)
	}
	credential := filepath.Join(credentials, "passphrase")
	f.must(os.WriteFile(credential, []byte(phrase), 0o600))
	for _, mode := range []fs.FileMode{0o444, 0o460, 0o401} {
		f.must(os.Chmod(credential, mode))
		if _, err := plain.Secret(locked); err == nil {
			t.Errorf("a credential of mode %o is believed", mode)
		}
	}
	f.must(os.Chmod(credential, 0o440)) // as systemd shows it
	for _, file := range []string{locked, keyring.Signing.File()} {
		if text, err := plain.Secret(file); err != nil || !strings.HasPrefix(string(text), "-----BEGIN") {
			t.Errorf("%s with systemd's credential: %v", file, err)
		}
	}
}

func TestAPassphraseThatIsNamedAndNotThereIsAnError(t *testing.T) {
	f := newFolder(t, events.Shelter)
	named := f.config
	named.PassphraseCredential = "agency-phrase"
	if _, err := keyring.Open(named); err == nil {
		t.Error("it starts outside systemd, with a credential of systemd's")
	}
	t.Setenv("CREDENTIALS_DIRECTORY", t.TempDir())
	if _, err := keyring.Open(named); err == nil {
		t.Error("it starts without the credential that it names")
	}
	f.config.PassphraseFile = "nowhere"
	if _, err := keyring.Open(f.config); err == nil {
		t.Error("it starts without the file that it names")
	}
}
