package keyring_test

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency/keyring"
)

// The journal is gone in the middle of a change of keys. The listings say what was
// said; which key counts only the hub knows.
func TestWithoutADirectoryTheHubsWordCounts(t *testing.T) {
	f := newFolder(t, events.Shelter)
	before := f.listed(f.first)
	next, err := before.Make(keyring.Uses(events.Shelter))
	f.must(err)
	old, fresh := idOf(t, f.first.Signing), idOf(t, next.Signing)
	k := f.opened()
	data, err := events.Encode(&events.DirectoryKeyed{Listing: next})
	f.must(err)
	if said, known := k.Said(sha256.Sum256(data)); !known || said.Listing != next {
		t.Error("it does not know what it said")
	}
	if _, known := k.Said(sha256.Sum256([]byte("something else"))); known {
		t.Error("it knows what it never said")
	}
	told := map[events.KeyID]int{}
	for range 4 {
		told[k.InTurn().ID()]++
	}
	if told[old] != 2 || told[fresh] != 2 {
		t.Errorf("where it stands is told with %v", told)
	}
	k.Assume(fresh)
	if k.Assumed() != fresh || k.Speaker().ID() != fresh || k.Voice().ID() != old {
		t.Error("what is said before the directory is here is not signed with the key that the hub heeds")
	}
	k.Forget()
	if k.Assumed() != fresh || len(f.held(k, keyring.Current)) != 6 {
		t.Error("reading the journal anew forgets the hub's word, or ends keys")
	}
	k.List(next)
	k.Assume("")
	if k.Voice().ID() != fresh || k.Speaker().ID() != fresh || len(f.held(k, keyring.Current)) != 6 {
		t.Errorf("with the directory: %+v", f.held(k, keyring.Aside))
	}
}

// Somebody with the stolen signing key replaced the keys.
func TestKeysThatSomebodyElseChangedAreMissed(t *testing.T) {
	f, thief := newFolder(t, events.Shelter), newFolder(t, events.Shelter)
	k := f.listed(f.first)
	k.List(thief.first)
	if lacks := k.Lacks(); !slices.Equal(lacks, keyring.Uses(events.Shelter)) || k.Voice().ID() != idOf(t, f.first.Signing) {
		t.Errorf("it lacks %v", lacks)
	}
	k.List(f.first)
	if lacks := k.Lacks(); len(lacks) != 0 {
		t.Errorf("with its own keys again it lacks %v", lacks)
	}
	k.Usurp()
	if lacks := k.Lacks(); !slices.Equal(lacks, []keyring.Use{keyring.Signing}) {
		t.Errorf("nobody knows to which they were changed, and it lacks %v", lacks)
	}
	k.List(f.first)
	if len(k.Lacks()) != 0 {
		t.Error("the directory's word does not end it")
	}
	if _, own := k.Public(idOf(t, newFolder(t, events.Shelter).first.Signing)); own {
		t.Error("any key is taken for one of its own")
	}
}

// What was cosigned with a witness key that is destroyed still verifies.
func TestCosignaturesOfBeforeVerify(t *testing.T) {
	f := newFolder(t, events.Shelter)
	k := f.listed(f.first)
	old := k.Cosigner().Verifier()
	k, next := f.replaced()
	f.must(k.Arrange(soon(), idle))
	for _, key := range f.held(k, keyring.Aside) {
		f.must(k.Destroy(key.Use, key.ID))
	}
	fresh, err := tlog.NewWitnessVerifier(next.Witness)
	f.must(err)
	secret, _, err := tlog.NewWitnessKey(testHub.Origin(), testAgency, rand.Reader)
	f.must(err)
	other, err := tlog.ParseWitnessKey(secret)
	f.must(err)
	all := k.Cosigners()
	for _, v := range []interface {
		Name() string
		KeyHash() uint32
	}{old, fresh} {
		if _, err := all.Verifier(v.Name(), v.KeyHash()); err != nil {
			t.Errorf("%d: %v", v.KeyHash(), err)
		}
	}
	if _, err := all.Verifier(other.Verifier().Name(), other.Verifier().KeyHash()); err == nil {
		t.Error("a key that was never this agency's verifies")
	}
}
