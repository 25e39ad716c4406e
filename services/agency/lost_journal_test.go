package agency

import (
	"os"
	"testing"

	"handrail/events"
	"handrail/services/agency/keyring"
)

// losesJournal closes an agency and takes its journal away; its keys stay.
func (l *aLog) losesJournal(a *Agency) *Agency {
	l.t.Helper()
	l.must(a.Close())
	for _, file := range []string{"journal.db", "journal.db-wal", "journal.db-shm"} {
		if err := os.Remove(l.config().path(file)); err != nil && !os.IsNotExist(err) {
			l.t.Fatal(err)
		}
	}
	return l.opened()
}

// The hub tells an agency without a journal which key counts and which sequence it
// expects, ahead of genesis: nothing that is said while the rest comes again is signed
// with the key of genesis, or counted from 1. That outlasts a restart.
func TestWithoutAJournalTheHubsWordCountsUntilTheDirectoryIsHere(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	keyed := l.receipts(l.rotates(a, Rotation{Keys: []keyring.Use{keyring.Signing}, Staff: "keys-1"}).event)
	l.gives(a, keyed)
	key := a.keys.Voice().ID()
	b := l.losesJournal(a)
	l.must(b.resendFrom(t.Context(), &events.ResendFrom{Key: key, Sequence: 7}))
	l.gives(b, l.genesisAgain)
	l.must(b.Close())
	b = l.opened()
	said := l.opensCase(b)
	if said.key != key || said.event.Sequence != events.Sequence(7).String() {
		t.Errorf("it goes on with %s of %s", said.event.Sequence, said.key)
	}
	if b.keys.Voice().ID() == key {
		t.Error("what it said does not wait for the directory")
	}
	if _, err := b.Rotate(t.Context(), everyKey()); err == nil {
		t.Error("it replaces keys that it only believes to have")
	}
	l.gives(b, keyed)
	if b.keys.Voice().ID() != key || b.keys.Assumed() != "" {
		t.Error("the directory lists the key, and it is not used")
	}
}

// A receipt for what the journal does not hold tells the sequence too.
func TestAReceiptOfWhatIsLostTellsTheSequence(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	first, second := l.opensCase(a), l.opensCase(a)
	one, two := l.receipts(first.event), l.receipts(second.event)
	l.gives(a, one, two)
	b := l.losesJournal(a)
	l.gives(b, l.genesisAgain, one, two)
	if said := l.opensCase(b); said.event.Sequence != events.Sequence(3).String() {
		t.Errorf("behind two that are lost it goes on with %s", said.event.Sequence)
	}
}

// The machine was lost while new keys were on their way: the hub heeds one of the
// keys that the kit has, and without a directory nobody here knows which.
func TestWithoutADirectoryThePositionIsToldWithEachKeyInTurn(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.rotates(a, Rotation{Keys: []keyring.Use{keyring.Signing}, Staff: "keys-1"})
	old, next := a.keys.Voice().ID(), a.keys.Speaker().ID()
	b := l.losesJournal(a)
	heard := map[events.KeyID]int{}
	for range 4 {
		heard[b.keys.InTurn().ID()]++
	}
	if old == next || heard[old] != 2 || heard[next] != 2 {
		t.Errorf("told with %v", heard)
	}
}
