package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// A later version of the program could have another text under the same name of a
// profile: it must not judge this log by it.
func TestNoLedgerJudgesByAnotherTextOfTheProfile(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	secret, vkey, err := tlog.NewLogKey(testHub.Origin(), rand.Reader)
	must(err)
	key, err := seal.NewSigningKey(rand.Reader)
	must(err)
	must(key.Save(filepath.Join(dir, "hub.pem")))
	must(os.WriteFile(filepath.Join(dir, "log.key"), []byte(secret), 0o600))
	l, err := New(Config{Hub: testHub, DatabaseURL: "unused", LogKeyFile: filepath.Join(dir, "log.key"), SigningKeyFile: filepath.Join(dir, "hub.pem")})
	must(err)
	texts, err := mou.ProfileTexts("model@1")
	must(err)
	founded := events.DirectoryFounded{Log: vkey, Signing: key.Public(), Profile: "model@1", Text: mou.ProfileDigest(texts)}
	for _, kind := range []events.AgencyKind{events.Police, events.Shelter} {
		id := events.AgencyID("testtown-" + string(kind))
		signing, err := seal.NewSigningKey(rand.Reader)
		must(err)
		sealing, err := seal.NewSealingKey(rand.Reader)
		must(err)
		_, witness, err := tlog.NewWitnessKey(testHub.Origin(), id, rand.Reader)
		must(err)
		founded.Agencies = append(founded.Agencies, seal.NewListing(id, kind, signing, sealing, witness, testHub.Origin()))
	}
	opened := func(f events.DirectoryFounded) error {
		data, err := events.Encode(&f)
		must(err)
		_, err = l.openGenesis(genesis{Origin: testHub.Origin(), VKey: vkey, Digest: sha256.Sum256(data), Data: data})
		return err
	}
	must(opened(founded))
	other := founded
	other.Text = strings.Repeat("0", 64)
	unknown := founded
	unknown.Profile = "nowhere@1"
	for name, f := range map[string]events.DirectoryFounded{"another text": other, "an unknown profile": unknown} {
		if err := opened(f); !errors.Is(err, ErrOtherProfile) || !final(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
