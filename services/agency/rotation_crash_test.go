package agency

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/keyring"
)

// changeKeysUntilKilled does one part of a change of keys: says new keys, takes the
// ledger's answer from a file, or destroys what was replaced long ago.
func changeKeysUntilKilled(a *Agency, work string) error {
	ctx := context.Background()
	switch work {
	case "say":
		_, err := a.Rotate(ctx, everyKey())
		return err
	case "destroy":
		a.now = func() time.Time { return time.Now().Add(keyring.AfterLife + time.Hour) }
		a.newest = a.now()
		return a.destroyKeys(ctx)
	}
	text, err := os.ReadFile(work)
	if err != nil {
		return err
	}
	var m exchange.Message
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	return a.receive(ctx, m)
}

// speaksAndReads: whatever the process was doing when it died, the agency is heard
// and reads what is sealed to the key that the directory lists.
func (l *aLog) speaksAndReads(a *Agency, step int) {
	l.t.Helper()
	l.opensCase(a)
	l.answersAll(a)
	for _, s := range l.said(a) {
		if !s.admitted && s.event.Type != events.TypeDirectoryKeyed || s.damage != nil {
			l.t.Errorf("step %d: a statement is lost: %v", step, s.damage)
		}
	}
	own, _ := a.directory.Member(testAgency)
	key, held := a.keys.Opener(own.SealingID)
	if !held || a.keys.Voice().ID() != own.KeyID || a.keys.Cosigner().VKey() != own.Listing.Witness || len(a.keys.Lacks()) != 0 {
		l.t.Fatalf("step %d: keys are lost: %+v", step, a.alarms.list())
	}
	l.own = key
	of, _, record := l.accepted(a, same)
	l.gives(a, l.delivers(record), l.delivers(l.releases(record)))
	text, err := a.Open(l.t.Context(), Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"})
	if err != nil || string(text) != `{"first_name":"Robin"}` {
		l.t.Errorf("step %d: it reads %s %v", step, text, err)
	}
	for _, alarm := range a.alarms.list() {
		if alarm.Name != alarmRefusedKeys {
			l.t.Errorf("step %d: %+v", step, alarm)
		}
	}
}

// partOf runs a part of a change of keys once for each step, killed there, until it
// is not killed any more.
func partOf(t *testing.T, least int, begin func(l *aLog) string, end func(l *aLog, a *Agency)) {
	t.Helper()
	for step := 0; ; step++ {
		l := newLog(t)
		work := begin(l)
		killed, _ := l.killedAt(step, "HANDRAIL_TEST_KEYS="+work)
		a := l.opened()
		end(l, a)
		l.speaksAndReads(a, step)
		l.must(a.Close())
		if !killed {
			if step < least {
				t.Errorf("only %d steps were tried", step)
			}
			return
		}
	}
}

func TestKillingAChangeOfKeysBetweenAnyTwoSteps(t *testing.T) {
	t.Run("while they are said", func(t *testing.T) {
		partOf(t, 7, func(l *aLog) string {
			l.must(l.joined().Close())
			return "say"
		}, func(*aLog, *Agency) {})
	})
	t.Run("while the answer is taken", func(t *testing.T) {
		var m exchange.Message
		partOf(t, 8, func(l *aLog) string {
			a := l.joined()
			m = l.receipts(l.rotates(a, everyKey()).event)
			l.must(a.Close())
			return l.written(m)
		}, func(l *aLog, a *Agency) { l.gives(a, m) })
	})
	t.Run("while a refusal is taken", func(t *testing.T) {
		var m exchange.Message
		partOf(t, 3, func(l *aLog) string {
			a := l.joined()
			keyed := l.rotates(a, everyKey())
			l.opensCase(a)
			m = l.refuses(keyed.event, "key-reused")
			l.must(a.Close())
			return l.written(m)
		}, func(l *aLog, a *Agency) {
			l.gives(a, m)
		})
	})
	t.Run("while the old ones are destroyed", func(t *testing.T) {
		partOf(t, 6, func(l *aLog) string {
			a := l.joined()
			l.gives(a, l.receipts(l.rotates(a, everyKey()).event))
			l.must(a.Close())
			return "destroy"
		}, func(*aLog, *Agency) {})
	})
}

// written keeps a message for another process.
func (l *aLog) written(m exchange.Message) string {
	l.t.Helper()
	text, err := json.Marshal(m)
	l.must(err)
	path := filepath.Join(l.t.TempDir(), "delivery")
	l.must(os.WriteFile(path, text, 0o600))
	return path
}
