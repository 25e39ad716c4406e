package alert

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"handrail/events"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come about: %s", what)
		}
	}
}

func TestAnAlarmThatFlickersIsOneAlert(t *testing.T) {
	w := newWorld(t, fourPeople)
	alarm := Cause{Key: "alarm/copy-damaged", About: Alarm, Urgency: events.Standard, Alarm: "copy-damaged", Calm: time.Hour}
	rung := 0
	for range 30 {
		rung += len(w.after(30*time.Second, alarm)) + len(w.after(30*time.Second))
	}
	if rung > 3 || len(w.list()) != 1 { // 30 minutes: the next person was alerted
		t.Errorf("%d messages, %d alerts", rung, len(w.list()))
	}
	w.after(2*time.Hour, alarm)
	if len(w.list()) != 2 {
		t.Errorf("an alarm that comes back later is not a new alert: %d", len(w.list()))
	}
}

func TestTheRotaIsReadAgainWhenItChanges(t *testing.T) {
	w := newWorld(t, "")
	bed := asked(events.Tonight, 1)
	w.hears(w.looks(bed), "", "without a rota")
	if checks, err := w.Checks(t.Context()); err != nil || len(checks) != 1 || !checks[0].OK || !strings.Contains(checks[0].Text, "nobody is alerted") || len(w.list()) != 0 {
		t.Errorf("%v %v", checks, err)
	}
	good := strings.ReplaceAll(fourPeople, "BELL", w.bell.URL)
	w.write(RotaFile, good)
	w.hears(w.looks(bed), "duty-1", "what waits when the rota comes")
	w.write(RotaFile, strings.Replace(good, "wait:", "weight:", 1))
	w.hears(w.after(5*time.Minute, bed), "duty-2 sms", "a wrong rota leaves the last good one in force")
	checks, err := w.Checks(t.Context())
	if err != nil || checks[0].OK || !strings.Contains(checks[0].Text, "duty-1, then duty-2") || !strings.Contains(checks[0].Text, "weight") || !strings.Contains(w.alarm("rota-wrong", RotaFile), "weight") {
		t.Errorf("%v %v %v", checks, err, w.alarms)
	}
	w.must(os.Chmod(filepath.Join(w.dir, RotaFile), 0o644))
	w.looks(bed)
	if !strings.Contains(w.alarm("rota-wrong", RotaFile), "chmod") {
		t.Errorf("%v", w.alarms)
	}
	w.must(os.Remove(filepath.Join(w.dir, RotaFile)))
	w.write(RotaFile, good)
	w.looks(bed)
	checks, err = w.Checks(t.Context())
	if err != nil || !checks[0].OK || !checks[1].OK || !strings.Contains(checks[1].Text, "last taken") || len(w.alarms) != 0 {
		t.Errorf("%v %v %v", checks, err, w.alarms)
	}
	w.write(RotaFile, strings.Replace(good, "people: [duty-1, duty-2, lead-1]", "people: [lead-1, duty-1]", 1))
	w.hears(w.after(5*time.Minute, bed), "lead-1", "who was not alerted yet by the new rota")
}

func TestAFileThatCannotBeReadFailsItsChannelOnly(t *testing.T) {
	w := newWorld(t, fourPeople)
	w.must(os.Chmod(filepath.Join(w.dir, "hook.whsec"), 0o644))
	got := w.looks(asked(events.Tonight, 1))
	if !strings.Contains(paths(got), "sms") || strings.Contains(paths(got), "duty") {
		t.Errorf("%s", paths(got))
	}
	if text := w.alarm("rota-file", "people.duty-1.webhook.secret"); !strings.Contains(text, "chmod 600") {
		t.Errorf("%v", w.alarms)
	}
	if checks, err := w.Checks(t.Context()); err != nil || checks[1].OK {
		t.Errorf("%v %v", checks, err)
	}
	w.must(os.Chmod(filepath.Join(w.dir, "hook.whsec"), 0o600))
	w.hears(w.after(11*time.Second, asked(events.Tonight, 1)), "duty-1 duty-2", "when it is mended")
	if w.alarm("rota-file", "people.duty-1.webhook.secret") != "" {
		t.Errorf("%v", w.alarms)
	}
}

func TestAClockThatIsSetBackDelaysNobody(t *testing.T) {
	w := newWorld(t, fourPeople)
	bed := asked(events.Tonight, 1)
	w.hears(w.looks(bed), "duty-1", "at first")
	w.hears(w.after(-48*time.Hour, bed), "duty-2 sms", "two days back: the next one at once")
}

func TestAnAcknowledgementInTheMiddleOfALookCounts(t *testing.T) {
	w := newWorld(t, fourPeople)
	bed := asked(events.Tonight, 1)
	w.looks(bed)
	w.clock.pass(5 * time.Minute)
	read, err := w.config.Journal.since(t.Context(), w.clock.time())
	w.must(err)
	_, err = w.Acknowledge(t.Context(), read[0].ID, "duty-1")
	w.must(err)
	w.must(w.advance(t.Context(), w.rota, read, w.clock.time()))
	changed, _ := reconcile(read, nil, w.clock.time())
	w.must(w.store(t.Context(), changed, nil))
	if got := w.list()[0]; read[0].State == Ringing || got.State != Acknowledged || got.AcknowledgedBy != "duty-1" || len(got.Told) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestOldAlertsAreForgotten(t *testing.T) {
	w := newWorld(t, fourPeople)
	w.looks(asked(events.Tonight, 1))
	w.looks()
	w.after(31 * 24 * time.Hour)
	w.looks()
	var alerts, messages int
	w.must(w.db.QueryRow(`SELECT (SELECT COUNT(*) FROM alerts), (SELECT COUNT(*) FROM alert_sends)`).Scan(&alerts, &messages))
	if alerts != 0 || messages != 0 {
		t.Errorf("%d alerts, %d messages", alerts, messages)
	}
}
