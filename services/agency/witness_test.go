package agency

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// offers is the hub's question whether the agency cosigns the log as it is.
func (l *aLog) offers(old uint64, at time.Time) offered {
	l.t.Helper()
	return l.offersThis(l.checkpoint(), l.tree.Size(), old, at)
}

func (l *aLog) offersThis(checkpoint []byte, size, old uint64, at time.Time) offered {
	l.t.Helper()
	var proof []tlog.Hash
	if old <= size {
		var err error
		proof, err = tlog.ProveConsistency(size, old, l.read)
		l.must(err)
	}
	return offered{at, &events.CheckpointOffered{
		Old: old, Proof: base64.StdEncoding.EncodeToString(tlog.JoinHashes(proof)), Checkpoint: base64.StdEncoding.EncodeToString(checkpoint),
	}}
}

// judged gives the agency's answer to an offer.
func (l *aLog) judged(a *Agency, o offered) (*events.CheckpointCosigned, *doubt) {
	l.t.Helper()
	answer, doubted, err := a.consider(l.t.Context(), o)
	l.must(err)
	return answer, doubted
}

// cosigns offers the log as it is, and fails unless it is cosigned.
func (l *aLog) cosigns(a *Agency, at time.Time) {
	l.t.Helper()
	answer, doubted := l.judged(a, l.offers(a.witness.Size, at))
	if answer == nil || answer.Finding != "" || answer.Size != l.tree.Size() || doubted != nil {
		l.t.Fatalf("not cosigned at %d: %+v, %+v", l.tree.Size(), answer, a.alarms.list())
	}
	signed, err := base64.StdEncoding.DecodeString(answer.Checkpoint)
	l.must(err)
	own, err := tlog.NewWitnessVerifier(l.witness)
	l.must(err)
	by, err := tlog.Cosignatures(signed, []tlog.Cosigner{{Agency: testAgency, Kind: events.Shelter, Key: own}})
	l.must(err)
	if len(by) != 1 {
		l.t.Fatal("the answer bears no cosignature")
	}
}

// at is a time that many seconds behind the agency's clock of a minute ago, so
// that offers of a test come one behind the other.
func at(seconds int) time.Time {
	return time.Now().UTC().Truncate(time.Second).Add(-time.Minute).Add(time.Duration(seconds) * time.Second)
}

func TestAWitnessCosignsWhatGoesOnAndAnswersTheSameAgain(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.cosigns(a, at(1))
	for i, entries := range []int{1, 2, 300, 0, 1} {
		l.grows(entries)
		l.cosigns(a, at(i+2))
	}
	if got := mode(t, a.config.path(WitnessBackupFile)); got != 0o600 {
		t.Errorf("the copy of the witness's state has mode %o", got)
	}
	if answer, _ := l.judged(a, l.offers(0, at(30))); answer.Finding != events.FindingOldSize || answer.Size != l.tree.Size() || answer.Checkpoint == "" {
		t.Errorf("a hub that does not know the size is told %+v", answer)
	}
	l.must(a.Close())
	b := l.opened()
	l.grows(5)
	l.cosigns(b, at(40))
	if len(b.alarms.list()) != 0 {
		t.Errorf("%+v", b.alarms.list())
	}
}

func TestAForkIsFoundRungAndNeverForgotten(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.grows(6)
	fork := l.forks()
	l.grows(4)
	l.cosigns(a, at(1))
	had := a.witness.Size
	fork.grows(8)
	answer, _ := l.judged(a, fork.offers(had, at(2)))
	if answer.Finding != events.FindingInconsistent || answer.Size != had || !a.alarmed(alarmForked) {
		t.Fatalf("%+v, %+v", answer, a.alarms.list())
	}
	if causes := a.alarmCauses(time.Now()); len(causes) != 1 || causes[0].Alarm != alarmForked {
		t.Errorf("the duty is not rung at once: %+v", causes)
	}
	l.grows(1)
	l.cosigns(a, at(3)) // what goes on is cosigned, and the finding stays
	l.must(a.Close())
	b := l.opened()
	view, err := b.Witness(t.Context())
	l.must(err)
	if !b.alarmed(alarmForked) || view.State != WitnessAlarmed || len(view.Findings) != 1 {
		t.Fatalf("after a restart: %+v", view)
	}
	l.proves(view.Findings[0])
	if health, err := b.Doctor(t.Context()); err != nil || health.OK {
		t.Errorf("the doctor finds nothing: %v", err)
	}
}

// proves checks that the log's key signed both checkpoints that a finding keeps.
func (l *aLog) proves(f Finding) {
	l.t.Helper()
	log, err := note.NewVerifier(l.pins.LogVKey)
	l.must(err)
	for _, signed := range []string{f.Ours, f.Theirs} {
		if _, err := tlog.ParseCheckpoint([]byte(signed), log); err != nil {
			l.t.Errorf("what is kept proves nothing: %v", err)
		}
	}
}

func TestARolledBackLogIsRungUnlessTheHubsNewestGoesOn(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(6)
	before := *l
	before.tree, before.leaves = l.tree.Clone(), slices.Clip(l.leaves)
	l.grows(4)
	l.cosigns(a, at(1))
	answer, doubted := l.judged(a, before.offers(before.tree.Size(), at(2)))
	if answer.Finding != events.FindingRolledBack || answer.Size != l.tree.Size() || doubted == nil || a.alarmed(alarmRolledBack) {
		t.Fatalf("%+v, %+v", answer, a.alarms.list())
	}
	if !a.settleDoubt(t.Context(), doubted) || a.alarmed(alarmRolledBack) {
		t.Errorf("a late word of a ledger that no longer leads rings: %+v", a.alarms.list())
	}
	served.serve(&before)
	if !a.settleDoubt(t.Context(), doubted) || !a.alarmed(alarmRolledBack) {
		t.Errorf("a log that was rolled back does not ring: %+v", a.alarms.list())
	}
}

// TestAHubThatOffersWithoutEndIsRungAllTheSame: each offer of a rolled-back log is a
// doubt of its own, and none may put off the one before.
func TestAHubThatOffersWithoutEndIsRungAllTheSame(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(6)
	before := *l
	before.tree, before.leaves = l.tree.Clone(), slices.Clip(l.leaves)
	l.grows(4)
	l.cosigns(a, at(1))
	served.serve(&before)
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan error, 1)
	go func() { watched <- a.watchOffers(ctx, func(context.Context, *events.CheckpointCosigned) {}) }()
	for i := 0; !a.alarmed(alarmRolledBack); i++ {
		if i == 100 {
			t.Fatalf("it does not ring: %+v", a.alarms.list())
		}
		a.slot.put(before.offers(before.tree.Size(), at(2+i)))
		time.Sleep(200 * time.Millisecond)
	}
	cancel()
	l.must(<-watched)
}

// TestAForkIsAForkWhateverTheHubSaysItGoesOnFrom: a hub that claims a cosignature
// that the witness does not know blames the witness, and may not hide a fork behind that.
func TestAForkIsAForkWhateverTheHubSaysItGoesOnFrom(t *testing.T) {
	for _, more := range []int{0, 1} { // as many entries as were cosigned, and more
		l := newLog(t)
		served := l.serves()
		a := l.joined()
		l.grows(6)
		fork := l.forks()
		l.grows(4)
		l.cosigns(a, at(1))
		fork.grows(int(a.witness.Size-fork.tree.Size()) + more)
		served.serve(fork)
		if answer, _ := l.judged(a, fork.offers(a.witness.Size+1, at(2))); answer == nil || answer.Finding == "" {
			t.Fatalf("%d more: %+v", more, answer)
		}
		a.compareFirst(t.Context())
		if !a.alarmed(alarmForked) {
			t.Errorf("%d more: %+v", more, a.alarms.list())
		}
	}
}

func TestAHubThatDoesNotAnswerSettlesNoDoubtInItsFavour(t *testing.T) {
	l := newLog(t) // nothing serves
	a := l.joined()
	l.cosigns(a, at(1))
	smaller := l.offersThis([]byte("x"), 0, 0, at(2))
	found := Finding{Name: alarmRolledBack, Which: "offer"}
	if a.settleDoubt(t.Context(), &doubt{offer: smaller, found: found, until: time.Now().Add(time.Hour)}) || a.alarmed(alarmRolledBack) {
		t.Error("it was settled too early")
	}
	if !a.settleDoubt(t.Context(), &doubt{offer: smaller, found: found, until: time.Now()}) || !a.alarmed(alarmRolledBack) {
		t.Error("it does not ring")
	}
}

func TestOffersReplayedOrOutOfOrderHaveNoEffect(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	first := l.offers(0, at(1))
	l.judged(a, first)
	l.grows(3)
	second := l.offers(1, at(2))
	l.grows(3)
	l.cosigns(a, at(5))
	for _, again := range []offered{first, second} {
		if answer, doubted := l.judged(a, again); answer != nil || doubted != nil {
			t.Errorf("an old offer was answered: %+v", answer)
		}
	}
	l.must(a.Close())
	b := l.opened()
	if answer, doubted := l.judged(b, second); answer != nil || doubted != nil || len(b.alarms.list()) != 0 {
		t.Errorf("after a restart an old offer was answered: %+v, %+v", answer, b.alarms.list())
	}
	l.grows(2)
	l.judged(b, l.offers(b.witness.Size, time.Now().Add(time.Hour))) // the hub's clock is ahead, then set right
	l.grows(2)
	l.cosigns(b, at(20))
}

func TestOffersThatNoLogMadeAreNotCosigned(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.grows(3)
	l.cosigns(a, at(1))
	other := newLog(t)
	other.grows(9)
	lines := bytes.Repeat([]byte("— somebody AAAAAAAA\n"), 1000)
	for name, o := range map[string]offered{
		"another key":  l.offersThis(other.checkpoint(), 9, 0, at(2)),
		"1000 signers": l.offersThis(append(l.checkpoint(), lines...), l.tree.Size(), l.tree.Size(), at(3)),
		"no note":      l.offersThis([]byte("hello"), 0, 0, at(4)),
	} {
		if answer, _ := l.judged(a, o); answer.Finding != events.FindingUnsigned || answer.Size != 4 || !a.alarmed(alarmUnsigned) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	huge := l.offers(4, at(5))
	huge.facts.Proof = base64.StdEncoding.EncodeToString(make([]byte, 64*32))
	if answer, _ := l.judged(a, huge); answer != nil || !a.alarmed("control-damaged") {
		t.Errorf("a huge proof: %+v", answer)
	}
	huge.facts.Proof, huge.facts.Checkpoint = "====", "===="
	if answer, _ := l.judged(a, huge); answer != nil {
		t.Errorf("no base64: %+v", answer)
	}
	if a.witness.Size != 4 {
		t.Errorf("it now stands at %d", a.witness.Size)
	}
}

func TestOnlyTheHubsSignedOffersAreTaken(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	o := l.offers(0, at(1))
	l.gives(a, exchange.Encode(l.event(events.HubAgency, l.sender, string(testAgency), "", o.facts)))
	if a.slot.take() != nil {
		t.Error("the police offered a checkpoint")
	}
	l.gives(a, exchange.Encode(l.event(events.HubAgency, l.hub, string(testAgency), "", o.facts)))
	if a.slot.take() == nil {
		t.Error("the hub's offer was not taken")
	}
}

func TestAWitnessThatLostItsMemoryCosignsNothing(t *testing.T) {
	for name, lose := range map[string]func(*Agency){
		"both lost": func(a *Agency) {
			l := a.config
			_ = os.Remove(l.path(WitnessBackupFile))
			_ = os.Remove(l.path("journal.db"))
			_ = os.Remove(l.path("journal.db-wal"))
		},
		"both damaged": func(a *Agency) {
			_ = os.WriteFile(a.config.path(WitnessBackupFile), []byte(`{"resets":0,"size":99}`), 0o600)
			_ = os.Remove(a.config.path("journal.db"))
			_ = os.Remove(a.config.path("journal.db-wal"))
		},
	} {
		l := newLog(t)
		a := l.joined()
		l.grows(3)
		l.cosigns(a, at(1))
		size := a.witness.Size
		l.must(a.Close())
		lose(a)
		b := l.opened()
		l.grows(3)
		answer, _ := l.judged(b, l.offers(size, at(2)))
		if answer.Finding != events.FindingStateLost || answer.Size != 0 || b.witness.Size != 0 || !b.alarmed(alarmLost) {
			t.Errorf("%s: %+v, %+v", name, answer, b.alarms.list())
		}
		if answer, _ := l.judged(b, l.offers(0, at(3))); name == "both damaged" && answer.Finding != events.FindingStateLost {
			t.Errorf("%s: a hub that says that it never cosigned is believed: %+v", name, answer)
		}
		l.must(b.Close())
	}
}

func TestOfJournalAndCopyTheHigherCounts(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.grows(3)
	l.cosigns(a, at(1))
	old := l.files(WitnessBackupFile)
	journal := l.files("journal.db", "journal.db-wal")
	l.grows(3)
	l.cosigns(a, at(2))
	size := a.witness.Size
	l.must(a.Close())
	now := l.files("journal.db")

	l.writes(old) // the copy was restored from an old one
	b := l.opened()
	if b.witness.Size != size || len(b.alarms.list()) != 0 {
		t.Errorf("with an old copy: %d, %+v", b.witness.Size, b.alarms.list())
	}
	l.must(b.Close())
	if !bytes.Contains(l.files(WitnessBackupFile)[WitnessBackupFile], []byte(b.witness.Root)) {
		t.Error("the copy was not made good")
	}

	_ = now
	l.writes(journal) // the journal was restored from an old one
	_ = os.Remove(l.config().path("journal.db-shm"))
	c := l.opened()
	if c.witness.Size != size || !c.alarmed("journal-behind") {
		t.Errorf("with an old journal: %d, %+v", c.witness.Size, c.alarms.list())
	}
	l.must(c.Close())

	for _, text := range []string{"", "{}", `{"resets":0,"size":100,"root":"` + strings.Repeat("ab", 32) + `"}`} { // a copy that proves nothing
		l.must(os.WriteFile(l.config().path(WitnessBackupFile), []byte(text), 0o600))
		d := l.opened()
		if d.witness.Size != size {
			t.Errorf("with the copy %q: %d", text, d.witness.Size)
		}
		l.must(d.Close())
	}
}

func TestAStateOlderThanWhatTheHubCanShowIsLost(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.grows(3)
	l.cosigns(a, at(1))
	l.grows(3)
	if answer, _ := l.judged(a, l.offers(l.tree.Size()-1, at(2))); answer.Finding != events.FindingStateLost || !a.alarmed(alarmLost) {
		t.Errorf("%+v", answer)
	}
}

func TestNothingIsAnsweredThatIsNotCopied(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.must(os.Mkdir(a.config.path(WitnessBackupFile), 0o700))
	answer, _, err := a.consider(context.WithoutCancel(t.Context()), l.offers(0, at(1)))
	if answer != nil || err == nil || !a.alarmed("witness-damaged") {
		t.Fatalf("%+v, %v", answer, err)
	}
	if answer, _, err := a.consider(t.Context(), l.offers(0, at(2))); answer != nil || err == nil {
		t.Fatalf("it was answered without a copy: %+v", answer)
	}
	l.must(os.Remove(a.config.path(WitnessBackupFile)))
	if answer, _ := l.judged(a, l.offers(1, at(3))); answer == nil || answer.Finding != "" || a.alarmed("witness-damaged") {
		t.Errorf("%+v, %+v", answer, a.alarms.list())
	}
}

func (l *aLog) files(files ...string) map[string][]byte {
	l.t.Helper()
	all := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(l.config().path(file))
		l.must(err)
		all[file] = data
	}
	return all
}

func (l *aLog) writes(files map[string][]byte) {
	l.t.Helper()
	for file, data := range files {
		l.must(os.WriteFile(l.config().path(file), data, 0o600))
	}
}

func (h *httpLedger) serve(log *aLog) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = log
}

func hexRoot(tree tlog.Tree) string {
	root := tree.Root()
	return hex.EncodeToString(root[:])
}
