package ledger

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"

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
	other.Profile = "model@1"
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

func violationRule(err error) events.Rule {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return v.Rule
	}
	return ""
}
