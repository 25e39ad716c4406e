package ledger

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

func TestALogIsFoundedOnce(t *testing.T) {
	w := newWorld(t)
	w.stop()
	again, err := ledger.Found(t.Context(), w.config, w.founded)
	if err != nil || again != w.genesis {
		t.Errorf("founding the same again: %v", err)
	}
	other := w.founded
	texts, err := mou.ProfileTexts("model@1")
	w.must(err)
	other.Profile, other.Text = "model@1", mou.ProfileDigest(texts)
	if _, err := ledger.Found(t.Context(), w.config, other); !errors.Is(err, ledger.ErrFounded) {
		t.Errorf("founding another directory on the same log: %v", err)
	}
	if n := w.count("SELECT count(*) FROM entry"); n != 1 {
		t.Errorf("%d entries", n)
	}
	w.must(ledger.Migrate(t.Context(), postgres.DSN(w.database, "handrail_owner")))
}

func TestALedgerRunsOnlyWithTheKeysOfGenesisAndOnAFoundedLog(t *testing.T) {
	w := newWorld(t)
	w.stop()
	stranger, err := seal.NewSigningKey(rand.Reader)
	w.must(err)
	w.must(stranger.Save(filepath.Join(w.dir, "other.pem")))
	wrong := w.config
	wrong.SigningKeyFile = filepath.Join(w.dir, "other.pem")
	l, err := ledger.New(wrong)
	w.must(err)
	if err := l.Run(t.Context()); !errors.Is(err, ledger.ErrOtherKeys) {
		t.Errorf("with another hub key: %v", err)
	}
	empty := w.config
	empty.DatabaseURL = postgres.DSN(newDatabase(t), "handrail_ledger")
	l, err = ledger.New(empty)
	w.must(err)
	if err := l.Run(t.Context()); !errors.Is(err, ledger.ErrNotFounded) {
		t.Errorf("on an empty database: %v", err)
	}
	forged := w.founded
	forged.Agencies = slices.Clone(forged.Agencies)
	forged.Agencies[0].Signing = stranger.Public()
	if _, err := ledger.Found(t.Context(), empty, forged); violationRule(err) != events.RuleKeyUnknown {
		t.Errorf("founding with a key that its agency did not prove: %v", err)
	}
}

// Founding fixes what the memorandum says and who witnesses: neither may be what a
// program or an agency later reads otherwise.
func TestFoundingNamesTheTextOfTheProfileAndWitnessesOfThisLog(t *testing.T) {
	w := newWorld(t)
	w.stop()
	empty := w.config
	empty.DatabaseURL = postgres.DSN(newDatabase(t), "handrail_ledger")
	other := w.founded
	other.Text = strings.Repeat("0", 64)
	if _, err := ledger.Found(t.Context(), empty, other); !errors.Is(err, ledger.ErrOtherProfile) || !strings.Contains(err.Error(), w.founded.Text) {
		t.Errorf("founding with another text of the profile: %v", err)
	}
	for name, key := range map[string]func() string{
		"no cosigner's key": func() string {
			return strings.Replace(w.founded.Agencies[0].Witness, "+", "+0", 1)[:len(w.founded.Agencies[0].Witness)]
		},
		"another hub's key": func() string {
			_, key, err := tlog.NewWitnessKey("handrail/elsewhere", police, rand.Reader)
			w.must(err)
			return key
		},
		"another's id in it": func() string {
			return strings.Replace(w.founded.Agencies[1].Witness, string(shelter), string(police), 1)
		},
	} {
		other := w.founded
		other.Agencies = slices.Clone(other.Agencies)
		s := w.agencies[police]
		other.Agencies[0] = seal.NewListing(police, events.Police, s.signing, s.sealing, key(), hubID.Origin())
		if _, err := ledger.Found(t.Context(), empty, other); err == nil || !strings.Contains(err.Error(), "witness") && violationRule(err) != events.RuleDataRange && violationRule(err) != events.RuleDataCode {
			t.Errorf("founding with %s: %v", name, err)
		}
	}
	if digest, err := ledger.Found(t.Context(), empty, w.founded); err != nil || digest != w.genesis {
		t.Errorf("founding as it should be: %v", err)
	}
}

func violationRule(err error) events.Rule {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return v.Rule
	}
	return ""
}
