package agency

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

// everyKey is a change of all that an agency of the log's kind has.
func everyKey() Rotation {
	return Rotation{Keys: keyring.Uses(events.Shelter), Staff: "keys-1"}
}

// rotates has the agency say new keys, and gives what it said.
func (l *aLog) rotates(a *Agency, r Rotation) said {
	l.t.Helper()
	id, err := a.Rotate(l.t.Context(), r)
	l.must(err)
	rows := l.said(a)
	at := slices.IndexFunc(rows, func(s said) bool { return s.event.ID == id })
	if at < 0 || rows[at].damage != nil {
		l.t.Fatalf("it said nothing that verifies: %+v", rows)
	}
	return rows[at]
}

// answersAll admits everything that waits, in its order.
func (l *aLog) answersAll(a *Agency) {
	l.t.Helper()
	for _, s := range l.said(a) {
		if s.answered == 0 {
			l.gives(a, l.receipts(s.event))
		}
	}
}

// opensCase has the agency say something, and gives what is in its outbox.
func (l *aLog) opensCase(a *Agency) said {
	l.t.Helper()
	_, err := a.Say(l.t.Context(), Statement{Case: newCaseID(l.t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	rows := l.said(a)
	return rows[len(rows)-1]
}

func TestNewKeysAreSignedWithTheOldOneAndNothingOvertakesThem(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	before := l.opensCase(a)
	old := a.keys.Voice().ID()
	keyed := l.rotates(a, everyKey())
	after := l.opensCase(a)
	if before.key != old || keyed.key != old || after.key == old || after.event.Sequence != events.Sequence(1).String() {
		t.Fatalf("signed with %s, %s, %s", before.key, keyed.key, after.key)
	}
	cosigned, err := a.control(t.Context(), &events.CheckpointCosigned{}, time.Now())
	l.must(err)
	if signer, err := seal.KeyOf(cosigned); err != nil || a.keys.Voice().ID() != old || signer != old {
		t.Error("the new key is used before the ledger took it")
	}
	if _, err := a.Rotate(t.Context(), everyKey()); err == nil {
		t.Error("a second change of keys began before the first was answered")
	}
	l.gives(a, l.receipts(before.event), l.receipts(keyed.event))
	if a.keys.Voice().ID() != after.key || a.keys.Waiting() {
		t.Fatalf("the new keys are not in force: %+v", a.alarms.list())
	}
	l.gives(a, l.receipts(after.event))
	if rows := l.said(a); !rows[2].admitted || len(a.alarms.list()) != 0 {
		t.Errorf("%+v, alarms %+v", rows[2].damage, a.alarms.list())
	}
	l.must(a.Close())
	b := l.opened()
	if b.keys.Voice().ID() != after.key || len(b.Cases()) != 2 || len(b.damaged) != 0 || len(b.alarms.list()) != 0 {
		t.Errorf("after a restart: %d cases, damaged %v, %+v", len(b.Cases()), b.damaged, b.alarms.list())
	}
	for _, use := range keyring.Uses(l.config().Kind) {
		if got := mode(t, l.config().path(use.File())); got != 0o600 {
			t.Errorf("the %s key has mode %o", use, got)
		}
	}
}

// While cut off, both outcomes are open: the agency goes on with the old keys when
// the hub refuses the new ones, and what it said meanwhile is heard.
func TestRefusedKeysLeaveTheOldOnesAndWhatWaitsIsHeard(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	old := a.keys.Voice().ID()
	keyed := l.rotates(a, everyKey())
	first, second := l.opensCase(a), l.opensCase(a)
	l.gives(a, l.refuses(keyed.event, "key-reused"))
	rows := l.said(a)
	for i, row := range rows[1:] {
		if row.key != old || row.damage != nil || row.event.Sequence != events.Sequence(i+2).String() {
			t.Errorf("behind the refusal: key %s, sequence %s, %v", row.key, row.event.Sequence, row.damage)
		}
	}
	if rows[1].event.ID != first.event.ID || rows[2].event.ID != second.event.ID || !a.alarmed(alarmRefusedKeys) || a.keys.Waiting() {
		t.Errorf("%+v", a.alarms.list())
	}
	l.must(a.Close())
	a = l.opened()
	if !a.alarmed(alarmRefusedKeys) {
		t.Error("after a restart nobody is told that the keys were refused")
	}
	l.gives(a, l.receipts(rows[1].event), l.receipts(rows[2].event))
	if cases := a.Cases(); len(cases) != 2 || cases[0].Waiting != 0 || cases[1].Waiting != 0 {
		t.Errorf("%+v", cases)
	}
	l.gives(a, l.receipts(l.rotates(a, everyKey()).event))
	if a.keys.Voice().ID() == old || a.alarmed(alarmRefusedKeys) {
		t.Errorf("a second change is not taken: %+v", a.alarms.list())
	}
}

// An agency that rests says nothing that counts; what it said then is judged once it
// is resumed.
func TestWhatASuspendedAgencySaidWaits(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	said := l.opensCase(a)
	suspended := l.event(events.HubAgency, l.hub, string(testAgency), "", &events.DirectorySuspended{Because: "device-lost"})
	resumed := l.event(events.HubAgency, l.hub, string(testAgency), "", &events.DirectoryResumed{})
	l.gives(a, l.delivers(suspended), l.refuses(said.event, events.RuleAgencySuspended))
	if _, err := a.Rotate(t.Context(), everyKey()); err == nil {
		t.Error("it changed keys while it rests")
	}
	l.gives(a, l.delivers(resumed))
	if status, err := a.Status(t.Context()); err != nil || status.Waiting != 1 {
		t.Errorf("waiting %d, %v", status.Waiting, err)
	}
	l.gives(a, l.receipts(said.event))
	if cases := a.Cases(); len(cases) != 1 || cases[0].Waiting != 0 {
		t.Errorf("%+v", cases)
	}
}

// A month is over: the sealing key is replaced without anybody, and what was sealed
// to the old one stays readable, also after that is destroyed.
func TestTheSealingKeyChangesByItselfAndWhatIsKeptStaysReadable(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, _, record := l.accepted(a, same)
	l.gives(a, l.delivers(record), l.delivers(l.releases(record)))
	wish := Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"}
	reads := func(a *Agency) {
		t.Helper()
		if text, err := a.Open(t.Context(), wish); err != nil || string(text) != `{"first_name":"Robin"}` {
			t.Errorf("%s %v", text, err)
		}
	}
	reads(a)
	now := time.Now()
	a.now = func() time.Time { return now }
	for range 3 { // the second and third time what is kept is sealed anew once more
		now = now.Add(keyring.SealingLife + time.Hour)
		before := a.keys.Sealer().ID()
		a.rotateByItself(t.Context())
		l.answersAll(a)
		if a.keys.Sealer().ID() == before {
			t.Fatalf("the key did not change: %+v", a.alarms.list())
		}
		if _, held := a.keys.Opener(before); !held {
			t.Fatal("the old key is gone before its time")
		}
		a.sealing.since = now // the log's clock is the real one
		now = now.Add(keyring.AfterLife + time.Hour)
		l.must(a.destroyKeys(t.Context()))
		if _, held := a.keys.Opener(before); !held {
			t.Fatal("the old key is gone, and what was released meanwhile may not be here yet")
		}
		a.newest = now
		l.must(a.destroyKeys(t.Context()))
		if _, held := a.keys.Opener(before); held {
			t.Error("the old key outlives its time")
		}
		reads(a)
	}
	l.must(a.Close())
	b := l.opened()
	reads(b)
	files, err := filepath.Glob(filepath.Join(l.dir, "sealing*"))
	l.must(err)
	held, err := b.keys.Held()
	if l.must(err); len(held) != 3 || len(files) != 1 {
		t.Errorf("key files %v, held %+v", files, held)
	}
}

// Erasing a record that was sealed anew leaves nothing that any key opens.
func TestErasingDeletesWhatWasSealedAnew(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, record := l.accepted(a, same)
	l.gives(a, l.delivers(record), l.delivers(l.releases(record)))
	old := a.keys.Sealer().ID()
	l.gives(a, l.receipts(l.rotates(a, Rotation{Keys: []keyring.Use{keyring.Sealing}, Staff: "keys-1"}).event))
	l.must(a.rewrap(t.Context(), old))
	kept := func() (n int) {
		l.must(a.journal.reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM kept_records`).Scan(&n))
		return n
	}
	if kept() != 1 {
		t.Fatal("it was not sealed anew")
	}
	l.gives(a, l.delivers(l.says(of, referral, &events.ReferralWithdrawn{Said: justNow(), Reason: "person-declined"})))
	l.admitted(a, Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{Said: justNow(), Answer: events.Erased}})
	if kept() != 0 {
		t.Error("what was sealed anew outlives the erasure")
	}
}

// The journal is lost and the key files are not: the agency follows its own changes
// of keys by the listings beside them.
func TestAnAgencyThatLostItsJournalKnowsItsKeys(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	keyed := l.receipts(l.rotates(a, everyKey()).event)
	l.gives(a, keyed)
	of := newCaseID(t)
	opened := l.delivers(l.says(of, "", &events.CaseOpened{Said: justNow(), Age: events.Adult}))
	l.must(a.Close())
	for _, file := range []string{"journal.db", "journal.db-wal", "journal.db-shm"} {
		_ = os.Remove(l.config().path(file))
	}
	b := l.opened()
	l.gives(b, l.genesisAgain, keyed, opened)
	if b.stored != 3 || len(b.Cases()) != 0 && len(b.damaged) != 0 || b.mayBeHeard() != nil || b.alarmed(alarmKeys) {
		t.Errorf("stored %d, damaged %v, %+v", b.stored, b.damaged, b.alarms.list())
	}
	l.opensCase(b)
}

// Somebody with the stolen signing key replaced the keys: the agency's people are
// told at once, and nothing is said in vain.
func TestKeysThatSomebodyElseChangedRing(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	thief := l.newKeys(testAgency, events.Shelter)
	stolen := a.keys.Voice()
	l.sequence[testAgency] = 0
	keyed := l.event(testAgency, stolen, string(testAgency), "", &events.DirectoryKeyed{Listing: thief.listing})
	l.gives(a, l.receipts(keyed))
	if !a.alarmed(alarmKeys) || len(a.damaged) != 0 {
		t.Fatalf("nobody is told: %+v", a.alarms.list())
	}
	speaks := func(a *Agency) events.Rule {
		_, err := a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
		rule, _ := ruleAndReason(err)
		return rule
	}
	if rule := speaks(a); rule != RuleKeysUnlisted {
		t.Errorf("speaking says %q", rule)
	}
	l.must(a.Close())
	b := l.opened()
	if rule := speaks(b); rule != RuleKeysUnlisted || !b.alarmed(alarmKeys) {
		t.Errorf("after a restart speaking says %q, %+v", rule, b.alarms.list())
	}
}

func TestALostAgencyJoinsAnewAndSaysWhatWaited(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	waits := l.opensCase(a)
	l.rotates(a, everyKey()) // it never reached the hub
	fresh := l.newKeys(testAgency, events.Shelter)
	witness := l.newKeys("testland-coordination", events.Coordinator)
	l.gives(a, l.delivers(l.joins(a, witness.listing)))
	joined := l.event(events.HubAgency, l.hub, string(testAgency), "", &events.DirectoryJoined{Listing: fresh.listing, Vouching: []events.Vouching{
		seal.NewVouching(testSender, l.sender, fresh.listing, testHub.Origin()), seal.NewVouching("testland-coordination", witness.signing, fresh.listing, testHub.Origin()),
	}})
	l.gives(a, l.delivers(joined))
	if !a.alarmed(alarmKeys) {
		t.Fatal("it does not say that it lacks its keys")
	}
	if _, err := a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}}); err == nil {
		t.Error("it speaks with keys that count for nothing")
	}
	l.must(a.Close())
	files, err := filepath.Glob(filepath.Join(l.dir, "*-*.*"))
	l.must(err)
	for _, file := range append(files, l.config().path(keyring.Signing.File()), l.config().path(keyring.Sealing.File()), l.config().path(keyring.Witness.File())) {
		_ = os.Remove(file) // lost
	}
	l.must(fresh.signing.Save(l.config().path(keyring.Signing.File())))
	l.must(fresh.sealing.Save(l.config().path(keyring.Sealing.File())))
	l.must(seal.WriteSecret(l.config().path(keyring.Witness.File()), []byte(fresh.witness+"\n"), seal.Passphrase{}))
	b := l.opened()
	rows := l.said(b)
	if len(rows) != 1 || rows[0].event.ID != waits.event.ID || rows[0].key != fresh.signing.ID() || rows[0].damage != nil || b.alarmed(alarmKeys) {
		t.Fatalf("%d rows, %+v", len(rows), b.alarms.list())
	}
	l.gives(b, l.receipts(rows[0].event))
	if cases := b.Cases(); len(cases) != 1 || cases[0].Waiting != 0 {
		t.Errorf("%+v", cases)
	}
}

func TestAnAgencyThatGenesisDoesNotListWaitsForItsOwnJoining(t *testing.T) {
	l := newLog(t)
	sender := l.joined() // the shelter, which vouches
	config := l.config()
	config.Dir, config.Agency, config.Kind = t.TempDir(), "testland-hotline", events.Hotline
	own := l.newKeys(config.Agency, config.Kind)
	l.must(own.signing.Save(config.path(keyring.Signing.File())))
	l.must(own.sealing.Save(config.path(keyring.Sealing.File())))
	l.must(seal.WriteSecret(config.path(keyring.Witness.File()), []byte(own.witness+"\n"), seal.Passphrase{}))
	joined := l.joins(sender, own.listing)
	b, err := New(config)
	l.must(err)
	t.Cleanup(func() { _ = b.Close() })
	l.number, l.tree, l.leaves = 0, tlog.Tree{}, nil
	l.gives(b, l.addressed(config.Agency, l.genesis))
	if _, err := b.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}}); err != ErrNotJoined { //nolint:errorlint // it is given as it is
		t.Errorf("it speaks before it joined: %v", err)
	}
	l.gives(b, l.addressed(config.Agency, joined))
	if b.book.memo == nil || b.stored != 2 {
		t.Fatalf("it did not join: %+v", b.alarms.list())
	}
	l.opensCase(b)
}
