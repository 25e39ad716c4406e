package keyring_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"handrail/events"
	"handrail/services/agency/keyring"
)

// The story of a change of every key, from the wish to the end of the old ones.
func TestNewKeysAreSaidWithTheOldOneAndHeardFromTheReceiptOn(t *testing.T) {
	f := newFolder(t, events.Shelter)
	k := f.listed(f.first)
	old := idOf(t, f.first.Signing)
	next, err := k.Make(keyring.Uses(events.Shelter))
	f.must(err)
	fresh := idOf(t, next.Signing)
	if k.Speaker().ID() != old || len(f.held(k, keyring.Aside)) != 3 {
		t.Error("keys that nobody said count")
	}
	k.Await(next)
	if k.Voice().ID() != old || k.Speaker().ID() != fresh || !k.Waiting() || len(f.held(k, keyring.Waiting)) != 3 {
		t.Error("what is behind the new keys is not signed with them")
	}
	if told := []events.KeyID{k.InTurn().ID(), k.InTurn().ID(), k.InTurn().ID()}; told[0] != old || told[1] != fresh || told[2] != old {
		t.Errorf("where it stands is told with %v", told)
	}
	k.Settle()
	k.List(next)
	if k.Voice().ID() != fresh || k.InTurn().ID() != fresh || k.Cosigner().VKey() != next.Witness || string(k.Sealer().Public()) != string(next.Sealing) || len(k.Lacks()) != 0 {
		t.Error("the new keys are not in force")
	}
	now := soon()
	f.must(k.Arrange(now, idle))
	for _, kept := range []*keyring.Keyring{k, f.listed(next)} { // as it is, and after a restart
		aside := f.held(kept, keyring.Aside)
		if kept.Voice().ID() != fresh || len(f.held(kept, keyring.Current)) != 3 || len(aside) != 3 {
			t.Fatalf("aside are %+v", aside)
		}
		for _, key := range aside {
			if !key.Since.Equal(now) || !key.Until.Equal(now.Add(keyring.AfterLife)) || key.File == key.Use.File() {
				t.Errorf("set aside: %+v, want since %v", key, now)
			}
		}
	}
	if _, held := k.Signer(old); !held {
		t.Error("what was signed with the old key could not be signed anew")
	}
	if _, held := k.Opener(events.KeyID(f.held(k, keyring.Aside)[1].ID)); !held {
		t.Error("what was sealed to the old key cannot be read")
	}
	for _, key := range f.held(k, keyring.Current) {
		if err := k.Destroy(key.Use, key.ID); err == nil {
			t.Errorf("the %s key in force was destroyed", key.Use)
		}
	}
	for _, key := range f.held(k, keyring.Aside) {
		f.must(k.Destroy(key.Use, key.ID))
		f.must(k.Destroy(key.Use, key.ID))
	}
	if files := f.files(); !slices.Equal(files, []string{keyring.ListingsFile, "sealing.pem", "signing.pem", "witness.key"}) {
		t.Errorf("what is left is %v", files)
	}
	if public, own := k.Public(old); !own || public != f.first.Signing {
		t.Error("what was signed with a destroyed key cannot be verified")
	}
}

func TestRefusedKeysEndAndTheOldOnesGoOn(t *testing.T) {
	f := newFolder(t, events.Shelter)
	k := f.listed(f.first)
	refused, err := k.Make([]keyring.Use{keyring.Signing})
	f.must(err)
	if refused.Sealing != f.first.Sealing || refused.Witness != f.first.Witness {
		t.Error("keys changed that were not to")
	}
	k.Await(refused)
	k.Settle()
	f.must(k.Arrange(soon(), idle))
	aside := f.held(k, keyring.Aside)
	if k.Speaker().ID() != idOf(t, f.first.Signing) || len(aside) != 1 || aside[0].ID != string(idOf(t, refused.Signing)) {
		t.Fatalf("aside are %+v", aside)
	}
	f.must(k.Destroy(aside[0].Use, aside[0].ID))
	if _, held := k.Signer(idOf(t, refused.Signing)); held {
		t.Error("a destroyed key signs")
	}
}

// died is what a step throws where the process dies.
type died struct{}

// dies has an arrangement end after some steps, and says whether it did.
func dies(f *folder, k *keyring.Keyring, after int) (dead bool) {
	defer func() {
		if cause := recover(); cause != nil {
			if _, dead = cause.(died); !dead {
				panic(cause)
			}
		}
	}()
	f.must(k.Arrange(soon(), func(string) {
		if after--; after < 0 {
			panic(died{})
		}
	}))
	return false
}

func TestDyingBetweenAnyTwoRenamesLosesNoKey(t *testing.T) {
	for after := 0; ; after++ {
		f := newFolder(t, events.Shelter)
		k, next := f.replaced()
		dead := dies(f, k, after)
		k = f.listed(next)
		if len(f.held(k, keyring.Current))+len(f.held(k, keyring.Aside)) != 6 || len(k.Lacks()) != 0 || k.Voice().ID() != idOf(t, next.Signing) {
			t.Errorf("dead after %d steps: lacks %v", after, k.Lacks())
		}
		f.must(k.Arrange(soon(), idle))
		for _, key := range f.held(k, keyring.Current) {
			if key.File != key.Use.File() {
				t.Errorf("dead after %d steps: the %s key in force is called %s", after, key.Use, key.File)
			}
		}
		if !dead {
			if after != 6 {
				t.Errorf("%d steps, want two for each key", after)
			}
			return
		}
	}
}

// The process died when a file was overwritten and not yet removed.
func TestAFileThatWasOnlyOverwrittenHoldsUpNoStart(t *testing.T) {
	f := newFolder(t, events.Shelter)
	k, next := f.replaced()
	f.must(k.Arrange(soon(), idle))
	for i, key := range f.held(k, keyring.Aside) {
		text, err := os.ReadFile(f.path(key.File))
		f.must(err)
		f.must(os.WriteFile(f.path(key.File), make([]byte, len(text)), 0o600))
		if left := f.held(f.listed(next), keyring.Aside); len(left) != 2-i {
			t.Errorf("aside are %+v", left)
		}
	}
	if files := f.files(); len(files) != 4 {
		t.Errorf("what is left is %v", files)
	}
	f.must(os.WriteFile(f.path("signing.pem"), make([]byte, 119), 0o600))
	if _, err := keyring.Open(f.config); err == nil {
		t.Error("the key in force is damaged, and it starts without it")
	}
}

// Two keys of one id would be a fault of ours: nothing is overwritten for it.
func TestARenameReplacesNoFile(t *testing.T) {
	f := newFolder(t, events.Shelter)
	k, _ := f.replaced()
	for _, key := range f.held(k, keyring.Current) {
		if key.Use == keyring.Signing && key.File == "signing.pem" {
			f.must(os.WriteFile(f.path(fmt.Sprintf("signing-%s.pem", key.ID[:16])), []byte("another"), 0o600))
		}
	}
	if err := k.Arrange(soon(), idle); err == nil {
		t.Error("a key file was replaced")
	}
}
