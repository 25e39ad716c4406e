package agency

import (
	"bytes"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency/hublog"
)

// connects runs rounds until nothing more can be connected.
func (l *aLog) connects(a *Agency) error {
	l.t.Helper()
	for {
		if done, err := a.connectSome(l.t.Context()); done < connectMost || err != nil {
			return err
		}
	}
}

func (l *aLog) unconnected(a *Agency) int {
	l.t.Helper()
	count, _, err := a.waitingToConnect(l.t.Context())
	l.must(err)
	return count
}

func TestDeliveriesAreConnectedToWhatWasCosigned(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(700)
	for range 20 {
		opened, _ := l.refer(newCaseID(t))
		l.gives(a, l.delivers(opened))
		l.grows(50)
	}
	if n := l.unconnected(a); n != 21 {
		t.Fatalf("%d wait", n)
	}
	l.must(l.connects(a)) // nothing was cosigned yet: they wait
	if n := l.unconnected(a); n != 21 {
		t.Fatalf("%d wait", n)
	}
	l.cosigns(a, at(1))
	l.must(a.Close())
	b := l.opened() // restarted while unconnected
	opened, _ := l.refer(newCaseID(t))
	l.gives(b, l.delivers(opened)) // larger than what was cosigned
	l.must(l.connects(b))
	if n := l.unconnected(b); n != 1 || len(b.alarms.list()) != 0 {
		t.Fatalf("%d wait, %+v", n, b.alarms.list())
	}
	for path, times := range served.asked {
		if times > 1 {
			t.Errorf("%s was fetched %d times", path, times)
		}
	}
	before := len(served.asked)
	l.cosigns(b, at(2))
	l.must(l.connects(b))
	if n := l.unconnected(b); n != 0 || len(served.asked) != before {
		t.Errorf("%d wait; what was cosigned itself asked for tiles", n)
	}
}

func TestADeliveryOfAnotherLogIsAFork(t *testing.T) {
	l := newLog(t)
	l.serves()
	a := l.joined()
	l.grows(300)
	fork := l.forks() // what the hub delivers from
	opened, _ := fork.refer(newCaseID(t))
	l.gives(a, fork.delivers(opened))
	if a.stored != 2 || len(a.damaged) != 0 {
		t.Fatal("by itself the delivery is sound")
	}
	l.grows(300)
	l.cosigns(a, at(1))
	l.must(l.connects(a))
	view, err := a.Witness(t.Context())
	l.must(err)
	if len(view.Findings) != 1 || view.Findings[0].Which != "delivery 2" || !a.alarmed(alarmForked) || view.Unconnected != 0 {
		t.Fatalf("%+v", view)
	}
	l.proves(view.Findings[0])
}

func TestTilesThatLieAreNotBelievedAndProveNoFork(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(600)
	opened, _ := l.refer(newCaseID(t))
	l.gives(a, l.delivers(opened))
	l.grows(600)
	l.cosigns(a, at(1))
	for name, spoil := range map[string]func([]byte) []byte{
		"a flipped bit":    func(b []byte) []byte { c := bytes.Clone(b); c[len(c)-1] ^= 1; return c },
		"truncated":        func(b []byte) []byte { return b[:len(b)-1] },
		"a hash less":      func(b []byte) []byte { return b[:len(b)-32] },
		"empty":            func([]byte) []byte { return []byte{} },
		"far too large":    func([]byte) []byte { return make([]byte, 1<<20) },
		"another log":      func([]byte) []byte { return bytes.Repeat([]byte{7}, 256*32) },
		"there is nothing": func([]byte) []byte { return nil },
	} {
		served.lies(func(_ string, answer []byte) []byte { return spoil(answer) })
		if err := l.connects(a); err == nil {
			t.Errorf("%s: connected", name)
		}
		if a.alarmed(alarmForked) || l.unconnected(a) != 2 {
			t.Errorf("%s: %d wait, %+v", name, l.unconnected(a), a.alarms.list())
		}
	}
	if !a.alarmed(alarmTile) {
		t.Error("nobody is told")
	}
	served.lies(nil)
	l.must(l.connects(a))
	if len(a.alarms.list()) != 0 || l.unconnected(a) != 0 {
		t.Errorf("with true tiles: %d wait, %+v", l.unconnected(a), a.alarms.list())
	}
}

func TestThousandsOfUnconnectedDeliveriesAreBoundedWork(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	var checkpoints []unconnected
	for n := range 3000 {
		l.grows(3)
		checkpoints = append(checkpoints, unconnected{tlog.Checkpoint{Origin: testHub.Origin(), Size: l.tree.Size(), Root: l.tree.Root()}, uint64(n + 2), l.checkpoint()})
	}
	l.waits(a, checkpoints)
	l.cosigns(a, at(1))
	if done, err := a.connectSome(t.Context()); done != connectMost || err != nil {
		t.Fatalf("%d in one round, %v", done, err)
	}
	l.must(l.connects(a))
	if n := l.unconnected(a); n != 0 || len(a.alarms.list()) != 0 {
		t.Errorf("%d wait, %+v", n, a.alarms.list())
	}
	total := 0
	for _, times := range served.asked {
		total += times
	}
	if rounds := 3000/connectMost + 1; total > 36+3*rounds {
		t.Errorf("%d requests for %d tiles", total, len(served.asked))
	}
}

func TestAHubThatIsAwayLeavesDeliveriesWaitingAndInTheEndRings(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(5)
	l.cosigns(a, at(1))
	served.Close()
	if err := l.connects(a); !errors.Is(err, hublog.ErrAway) {
		t.Errorf("it says %v", err)
	}
	a.judgeUnconnected(t.Context())
	health, err := a.Doctor(t.Context())
	l.must(err)
	if a.alarmed(alarmUnchecked) || !strings.Contains(doctorOn(health, "witness"), "1 checkpoints") {
		t.Errorf("%+v", health)
	}
	a.now = func() time.Time { return time.Now().Add(connectAlarm + time.Minute) }
	a.judgeUnconnected(t.Context())
	if !a.alarmed(alarmUnchecked) {
		t.Error("nobody is told")
	}
}

func TestWhatTheHubPublishesIsConnectedToo(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(5)
	fork := l.forks()
	l.grows(5)
	served.serve(fork)
	a.lookAround(t.Context())
	served.serve(l)
	l.cosigns(a, at(1))
	l.must(l.connects(a))
	view, err := a.Witness(t.Context())
	l.must(err)
	if len(view.Findings) != 1 || !strings.HasPrefix(view.Findings[0].Which, "published") {
		t.Errorf("%+v", view)
	}
}

func TestWhoElseCosignsIsCountedAsTheProfileSays(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.cosigns(a, at(1))
	a.lookAround(t.Context())
	if a.others.Enough || len(a.others.Agencies) != 0 || a.others.Size != 1 {
		t.Errorf("the hub alone: %+v", a.others)
	}
	served.lies(func(path string, answer []byte) []byte {
		for _, key := range []tlog.WitnessKey{l.senderKey, a.keys.Cosigner()} {
			var err error
			answer, err = key.Cosign(answer, a.verifier.Log, time.Now())
			l.must(err)
		}
		return answer
	})
	a.lookAround(t.Context())
	if !a.others.Enough || len(a.others.Agencies) != 1 || a.others.Agencies[0] != testSender {
		t.Errorf("with the police: %+v", a.others)
	}
	if status, err := a.Status(t.Context()); err != nil || !strings.Contains(status.Witnessed, "1 other agency") {
		t.Errorf("%s, %v", status.Witnessed, err)
	}
}

func TestAMissionConnectsNothing(t *testing.T) {
	config := Config{Kind: events.ForeignMission}
	if config.witnesses() {
		t.Error("a foreign mission witnesses")
	}
}

func doctorOn(h Health, name string) string {
	for _, check := range h.Checks {
		if check.Name == name {
			return check.Text
		}
	}
	return ""
}

func (h *httpLedger) lies(spoil func(path string, answer []byte) []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spoil = spoil
}

// waits notes checkpoints as deliveries would.
func (l *aLog) waits(a *Agency, all []unconnected) {
	l.t.Helper()
	l.must(a.journal.update(l.t.Context(), func(tx *sql.Tx) error {
		for _, u := range all {
			if err := noteUnconnected(l.t.Context(), tx, u, time.Now()); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestAForkShowsInADeliveryThatIsBeyondWhatWasCosigned(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(300)
	fork := l.forks()
	l.grows(5)
	l.cosigns(a, at(1))
	opened, _ := l.refer(newCaseID(t))
	l.gives(a, l.delivers(opened))
	l.must(l.connects(a))
	if n := l.unconnected(a); n != 1 || len(a.alarms.list()) != 0 {
		t.Fatalf("%d wait, %+v", n, a.alarms.list())
	}
	fork.grows(20)
	served.serve(fork)
	opened, _ = fork.refer(newCaseID(t))
	fork.number = l.number
	l.gives(a, fork.delivers(opened))
	l.must(l.connects(a))
	if !a.alarmed(alarmForked) {
		t.Errorf("nobody is told: %+v", a.alarms.list())
	}
}

func TestAnOfferFromAnotherSizeIsComparedByTiles(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(5)
	fork := l.forks()
	l.grows(5)
	l.cosigns(a, at(1))
	fork.grows(20)
	served.serve(fork)
	if answer, _ := l.judged(a, fork.offers(3, at(2))); answer.Finding != events.FindingOldSize {
		t.Fatalf("%+v", answer)
	}
	a.compareFirst(t.Context())
	if !a.alarmed(alarmForked) {
		t.Errorf("nobody is told: %+v", a.alarms.list())
	}
}
