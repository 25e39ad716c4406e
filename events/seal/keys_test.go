package seal_test

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

func TestAKeySurvivesItsFile(t *testing.T) {
	dir := t.TempDir()
	signing, sealing := signingKey(t, "police"), sealingKey(t, "police")
	must(t, signing.Save(filepath.Join(dir, "signing.pem")))
	must(t, sealing.Save(filepath.Join(dir, "sealing.pem")))
	signingAgain, err := seal.LoadSigningKey(filepath.Join(dir, "signing.pem"))
	must(t, err)
	sealingAgain, err := seal.LoadSealingKey(filepath.Join(dir, "sealing.pem"))
	must(t, err)
	if signingAgain.Public() != signing.Public() || sealingAgain.Public() != sealing.Public() {
		t.Error("another key came back")
	}
	e, err := signingAgain.Sign(acknowledged())
	must(t, err)
	must(t, seal.Verify(e, signing.Public()))
	jwe, plaincommit := sealed(t, sealing, header())
	_, err = sealingAgain.Open(jwe, plaincommit)
	must(t, err)

	if err := signing.Save(filepath.Join(dir, "signing.pem")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key file was replaced: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "sealing.pem"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v", info.Mode())
	}
}

func TestAKeyFileMustBePrivateAndWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "signing.pem")
	must(t, signingKey(t, "police").Save(path))
	whole, err := os.ReadFile(path)
	must(t, err)
	if _, err := seal.LoadSealingKey(path); err == nil {
		t.Error("a signing key was taken for a sealing key")
	}
	must(t, sealingKey(t, "police").Save(filepath.Join(dir, "sealing.pem")))
	if _, err := seal.LoadSigningKey(filepath.Join(dir, "sealing.pem")); err == nil {
		t.Error("a sealing key was taken for a signing key")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601, 0o644} {
		must(t, os.Chmod(path, mode))
		if _, err := seal.LoadSigningKey(path); err == nil {
			t.Errorf("mode %v was accepted", mode)
		}
	}
	for name, content := range map[string]string{
		"empty": "", "no PEM": "key", "twice": string(whole) + string(whole), "another type": strings.ReplaceAll(string(whole), "PRIVATE", "PUBLIC"),
		"broken": strings.Replace(string(whole), "M", "N", 1),
	} {
		broken := filepath.Join(t.TempDir(), "signing.pem")
		must(t, os.WriteFile(broken, []byte(content), 0o600))
		if _, err := seal.LoadSigningKey(broken); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, nothing := range []string{dir, filepath.Join(dir, "absent")} {
		if _, err := seal.LoadSigningKey(nothing); err == nil {
			t.Error("a key was read from nowhere")
		}
	}
}

func TestAKeyNeedsItsRandomBytes(t *testing.T) {
	if _, err := seal.NewSigningKey(strings.NewReader("short")); err == nil {
		t.Error("a signing key of 5 bytes")
	}
	if _, err := seal.NewSealingKey(strings.NewReader(strings.Repeat("\xff", 40))); err == nil {
		t.Error("a sealing key out of range, and too little to try again")
	}
	if _, _, err := seal.Seal(sealingKey(t, "shelter").Public(), header(), []byte("{}"), strings.NewReader("short")); err == nil {
		t.Error("a salt of 5 bytes")
	}
	if _, _, err := seal.Seal(signingKey(t, "shelter").Public(), header(), []byte("{}"), seeded("salt")); err == nil {
		t.Error("sealed to a signing key")
	}
}

func TestAListingIsProvedByItsOwnKey(t *testing.T) {
	signing, sealing := signingKey(t, "shelter"), sealingKey(t, "shelter")
	l := seal.NewListing("lighthouse-shelter", events.Shelter, signing, sealing, witness, origin)
	must(t, seal.CheckListing(l, origin))
	for name, change := range map[string]func(*events.Listing){
		"agency":         func(l *events.Listing) { l.Agency = "sampletown-police" },
		"kind":           func(l *events.Listing) { l.Kind = events.Police },
		"signing key":    func(l *events.Listing) { l.Signing = signingKey(t, "police").Public() },
		"sealing key":    func(l *events.Listing) { l.Sealing = sealingKey(t, "police").Public() },
		"witness key":    func(l *events.Listing) { l.Witness = strings.Replace(l.Witness, "Lb7f", "Lb7g", 1) },
		"no witness key": func(l *events.Listing) { l.Witness = "" },
		"witness key of another hub": func(l *events.Listing) {
			*l = seal.NewListing(l.Agency, l.Kind, signing, sealing, strings.Replace(witness, "sampleland", "elsewhere", 1), origin)
		},
		"witness key of a longer name": func(l *events.Listing) {
			*l = seal.NewListing(l.Agency, l.Kind, signing, sealing, strings.Replace(witness, "lighthouse", "light/house", 1), origin)
		},
		"keys exchanged": func(l *events.Listing) { l.Signing, l.Sealing = l.Sealing, l.Signing },
		"no point": func(l *events.Listing) {
			l.Sealing = events.PublicKey(base64.StdEncoding.EncodeToString(make([]byte, 65)))
		},
		"no proof":    func(l *events.Listing) { l.Proof = "" },
		"proof spelt": func(l *events.Listing) { l.Proof = l.Proof[:20] + "\n" + l.Proof[20:] },
		"weak key": func(l *events.Listing) {
			l.Signing = events.PublicKey(base64.StdEncoding.EncodeToString(make([]byte, 32)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			changed := l
			change(&changed)
			refused(t, seal.CheckListing(changed, origin), events.RuleKeyUnknown)
		})
	}
	refused(t, seal.CheckListing(l, "handrail/elsewhere"), events.RuleKeyUnknown)
}
