package recovery

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/events/seal"
)

// folder is an agency's, with keys as `handrail join` makes them and a passphrase beside.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"signing.pem": "first signing key", "sealing.pem": "sealing key", "sealing-0011223344556677.pem": "earlier sealing key",
		"witness.key": "witness key", "nats.nk": "seed", "nats.creds": "credentials", "token": "token", "listings.jsonl": "{}",
		"agency.json": `{"agency":"harbour-shelter","passphrase_file":"secret.txt"}`, "secret.txt": "the passphrase",
		"journal.db": "cases", "hub-ca.pem": "authority",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnyTwoSheetsOpenTheBackup(t *testing.T) {
	dir := folder(t)
	sheets, err := Print(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if kit, has := Printed(dir); !has || kit != sheets[0].Kit {
		t.Errorf("the kit is %q", kit)
	}
	write(t, filepath.Join(dir, "signing.pem"), "second signing key") // as after a rotation
	if err := Refresh(dir); err != nil {
		t.Fatal(err)
	}
	for _, two := range [][2]int{{0, 1}, {2, 0}, {1, 2}} {
		into := filepath.Join(t.TempDir(), "again")
		names, err := Restore(filepath.Join(dir, Dir), into, sheets[two[0]], sheets[two[1]])
		if err != nil {
			t.Fatal(err)
		}
		if len(names) != 11 || slices.Contains(names, "journal.db") {
			t.Errorf("restored %v", names)
		}
		if read(t, filepath.Join(into, "signing.pem")) != "second signing key" || read(t, filepath.Join(into, "passphrase")) != "the passphrase" {
			t.Error("it is not what was backed up")
		}
		if passphraseOf(into) != filepath.Join(into, "passphrase") {
			t.Errorf("the passphrase is looked for in %s", passphraseOf(into))
		}
		if state := read(t, filepath.Join(into, "witness.backup")); !strings.Contains(state, "not known") {
			t.Errorf("the witness would begin from nothing: %q", state)
		}
		info, err := os.Stat(filepath.Join(into, "sealing.pem"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if _, err := Restore(filepath.Join(dir, Dir), into, sheets[0], sheets[1]); err == nil {
			t.Error("keys that were there were replaced")
		}
	}
}

func TestOneSheetOpensNothing(t *testing.T) {
	dir := folder(t)
	sheets, err := Print(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kit, into := filepath.Join(dir, Dir), filepath.Join(t.TempDir(), "none")
	other, err := Print(folder(t), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	twice := sheets[0]
	twice.Number = 2
	for name, two := range map[string][2]Sheet{
		"the same sheet": {sheets[0], sheets[0]}, "the same words as another number": {sheets[0], twice}, "a sheet of another kit": {sheets[0], other[1]},
		"no words": {sheets[0], {Number: 3}}, "a number that is none": {sheets[0], {Number: 4, Words: sheets[1].Words}}, "the numbers swapped": {{Number: 2, Words: sheets[0].Words}, {Number: 1, Words: sheets[1].Words}},
	} {
		if _, err := Restore(kit, into, two[0], two[1]); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := os.Stat(into); err == nil {
		t.Error("something was written")
	}
	files, err := os.ReadDir(kit)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text := read(t, filepath.Join(kit, file.Name()))
		for _, secret := range append([]string{"signing key", "passphrase", "AGE-SECRET-KEY"}, sheets[0].Words[0]+" "+sheets[0].Words[1]) {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q", file.Name(), secret)
			}
		}
	}
}

func TestANewKitEndsTheOldOne(t *testing.T) {
	dir := folder(t)
	old, err := Print(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := Print(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kit := filepath.Join(dir, Dir)
	if _, err := Restore(kit, filepath.Join(t.TempDir(), "a"), old[0], old[1]); err == nil {
		t.Error("sheets of an earlier kit open the backup")
	}
	// The machine stopped between the two names: the earlier kit is taken back.
	if err := os.Rename(kit, filepath.Join(dir, oldDir)); err != nil {
		t.Fatal(err)
	}
	if err := Refresh(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(kit, filepath.Join(t.TempDir(), "b"), fresh[1], fresh[2]); err != nil {
		t.Error(err)
	}
}

func TestRefreshingAndPrintingWhereNothingIs(t *testing.T) {
	if err := Refresh(t.TempDir()); err != nil {
		t.Errorf("an agency without a kit: %v", err)
	}
	if _, err := Print(t.TempDir(), rand.Reader); err == nil {
		t.Error("a kit of nothing")
	}
	damaged := folder(t)
	sheets, err := Print(damaged, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(damaged, Dir, backupFile)
	text := []byte(read(t, path))
	write(t, path, string(bytes.ToUpper(text[:len(text)/2])))
	if _, err := Restore(filepath.Join(damaged, Dir), filepath.Join(t.TempDir(), "c"), sheets[0], sheets[1]); err == nil {
		t.Error("half a backup was restored")
	}
}

// Keys that were locked by the service manager's credential would come back and
// stay locked.
func TestNoKitIsPrintedForKeysThatItCouldNotOpen(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "agency.json"), `{"agency":"harbour-shelter","passphrase_credential":"passphrase"}`)
	write(t, filepath.Join(dir, "secret.txt"), "words that nobody ever printed")
	p, err := seal.ReadPassphrase(filepath.Join(dir, "secret.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "signing.pem")); err != nil {
		t.Fatal(err)
	}
	if err := seal.WriteSecret(filepath.Join(dir, "signing.pem"), []byte("key"), p); err != nil {
		t.Fatal(err)
	}
	if _, err := Print(dir, rand.Reader); err == nil || !strings.Contains(err.Error(), "passphrase_file") {
		t.Errorf("a kit of locked keys: %v", err)
	}
	if _, has := Printed(dir); has {
		t.Error("a kit stands there all the same")
	}
}
