package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events/seal"
)

const phrase = "seven quiet herons cross the weir"

func passphrase(t *testing.T, text string) seal.Passphrase {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passphrase")
	must(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
	p, err := seal.ReadPassphrase(path)
	must(t, err)
	return p
}

// A stolen disk gives no key without the passphrase.
func TestAKeyFileWithAPassphraseOpensWithItAlone(t *testing.T) {
	dir, p := t.TempDir(), passphrase(t, phrase)
	signing, sealing := signingKey(t, "police"), sealingKey(t, "police")
	paths := []string{filepath.Join(dir, "signing.pem"), filepath.Join(dir, "sealing.pem"), filepath.Join(dir, "witness.key")}
	must(t, signing.SaveWith(paths[0], p))
	must(t, sealing.SaveWith(paths[1], p))
	must(t, seal.WriteSecret(paths[2], []byte("PRIVATE KEY of a witness\n"), p))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		must(t, err)
		if bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s is not encrypted", filepath.Base(path))
		}
		if locked, err := seal.IsLocked(path); err != nil || !locked {
			t.Errorf("%s: locked %t, %v", filepath.Base(path), locked, err)
		}
	}
	signingAgain, err := seal.LoadSigningKeyWith(paths[0], p)
	must(t, err)
	sealingAgain, err := seal.LoadSealingKeyWith(paths[1], p)
	must(t, err)
	text, err := seal.ReadSecret(paths[2], p)
	must(t, err)
	if signingAgain.Public() != signing.Public() || sealingAgain.Public() != sealing.Public() || string(text) != "PRIVATE KEY of a witness\n" {
		t.Error("another key came back")
	}
	for name, other := range map[string]seal.Passphrase{"none": {}, "another one": passphrase(t, phrase+"s")} {
		if _, err := seal.LoadSigningKeyWith(paths[0], other); !errors.Is(err, seal.ErrPassphrase) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	if err := signing.SaveWith(paths[0], p); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key file was replaced: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAPassphraseIsLongPrivateAndNeverPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passphrase")
	must(t, os.WriteFile(path, []byte("too short\n"), 0o600))
	if _, err := seal.ReadPassphrase(path); err == nil || strings.Contains(err.Error(), "too short") {
		t.Errorf("a short one: %v", err)
	}
	must(t, os.WriteFile(path, []byte(phrase+"\n"), 0o600))
	must(t, os.Chmod(path, 0o640))
	if _, err := seal.ReadPassphrase(path); err == nil {
		t.Error("a passphrase that others can read was taken")
	}
	must(t, os.Chmod(path, 0o400)) // as a systemd credential comes
	p, err := seal.ReadPassphrase(path)
	must(t, err)
	if said := fmt.Sprintf("%v %+v %#v %s", p, p, p, p); strings.Contains(said, "herons") {
		t.Errorf("it is printed: %s", said)
	}
}

// A plain file is taken with or without a passphrase: protecting the next key
// locks nobody out of this one.
func TestAPlainKeyFileNeedsNoPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signing.pem")
	key := signingKey(t, "police")
	must(t, key.Save(path))
	again, err := seal.LoadSigningKeyWith(path, passphrase(t, phrase))
	if err != nil || again.Public() != key.Public() {
		t.Errorf("%v", err)
	}
}
