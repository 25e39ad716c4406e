package alert

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
)

func TestTonightRingsAtOnceAndUnacknowledgedGoesToTheNextPerson(t *testing.T) {
	w := newWorld(t, fourPeople)
	w.clock.pass(14 * time.Hour) // 04:00 in Tallinn: a quiet hour
	bed := asked(events.Tonight, 1)
	w.hears(w.looks(bed), "duty-1", "at once, though the hour is quiet")
	w.hears(w.after(4*time.Minute+59*time.Second, bed), "", "before the wait is over")
	w.hears(w.after(time.Second, bed), "duty-2 sms", "five minutes later, by both channels")
	w.hears(w.after(5*time.Minute, bed), "lead-1", "and the last one")
	w.hears(w.after(5*time.Minute, bed), "duty-1", "then all again")
	alert := w.list()[0]
	if known, err := w.Acknowledge(t.Context(), alert.ID, "duty-1"); err != nil || !known {
		t.Fatal(known, err)
	}
	w.hears(w.after(time.Hour, bed), "", "after it was acknowledged")
	again, err := w.Acknowledge(t.Context(), alert.ID, "duty-2")
	w.must(err)
	if got := w.list()[0]; !again || got.State != Acknowledged || got.AcknowledgedBy != "duty-1" || len(got.Told) != 5 || got.Case != bed.Case {
		t.Errorf("%+v", got)
	}
	w.hears(w.after(time.Minute), "", "when the cause is over")
	if known, err := w.Acknowledge(t.Context(), "ZZZZ", "duty-1"); known || err != nil {
		t.Errorf("a code of no alert: %v %v", known, err)
	}
}

func TestAnAlertEndsWithItsCause(t *testing.T) {
	w := newWorld(t, fourPeople)
	one, two := asked(events.Tonight, 1), asked(events.Tonight, 2)
	w.hears(w.looks(one), "duty-1", "one")
	w.hears(w.after(5*time.Minute, two), "duty-1", "the first is over: only the second rings")
	w.hears(w.after(5*time.Minute, two), "duty-2 sms", "and goes on")
	states := map[State]int{}
	for _, a := range w.list() {
		states[a.State]++
	}
	if states[Over] != 1 || states[Ringing] != 1 {
		t.Errorf("%v", states)
	}
	w.hears(w.after(5*time.Minute), "", "all is over")
	w.hears(w.after(time.Minute, one), "duty-1", "what waits again rings again")
}

func TestStandardWaitsWhileTheHourIsQuiet(t *testing.T) {
	w := newWorld(t, fourPeople)
	later := asked(events.Standard, 1)
	w.clock.pass(6*time.Hour + 45*time.Minute) // 20:45
	w.hears(w.looks(later), "duty-1", "before it is quiet")
	w.hears(w.after(20*time.Minute, later, asked(events.Standard, 2)), "", "21:05")
	w.hears(w.after(9*time.Hour, later, asked(events.Standard, 2)), "", "06:05")
	got := w.after(2*time.Hour, later, asked(events.Standard, 2)) // 08:05
	w.hears(got, "duty-1 duty-2 sms", "the next person of the first, the first of the second")
}

func TestOneMessageCarriesAllThatCameTogether(t *testing.T) {
	w := newWorld(t, fourPeople)
	var all []Cause
	for n := range 40 { // the hub comes back after an outage
		all = append(all, asked(events.Standard, n))
	}
	got := w.looks(all...)
	w.hears(got, "duty-1", "forty causes")
	if !strings.Contains(got[0].body, "and 37 more") {
		t.Errorf("%s", got[0].body)
	}
	w.hears(w.after(time.Second, append(all, asked(events.Standard, 40))...), "", "one more a second later is held")
	got = w.after(time.Second, append(all, asked(events.Standard, 40), asked(events.Tonight, 41))...)
	w.hears(got, "duty-1", "something urgent is not")
	if urgent := w.list()[0]; urgent.Urgency != events.Tonight || !strings.Contains(got[0].body, "urgent. Open the desk. Alerts "+urgent.ID+", ") {
		t.Errorf("the urgent one does not stand first: %s", got[0].body)
	}
	rung := 0
	for n := range 60 { // an urgent one every second
		all = append(all, asked(events.Tonight, 100+n))
		rung += len(w.after(time.Second, all...))
	}
	if rung > 4 {
		t.Errorf("%d messages in a minute", rung)
	}
}

func TestWhoCannotBeReachedIsNotWaitedFor(t *testing.T) {
	w := newWorld(t, fourPeople)
	for _, path := range []string{"/duty-1", "/duty-2", "/sms"} {
		w.bell.fails(path)
	}
	bed := asked(events.Tonight, 1)
	w.hears(w.looks(bed), "duty-1 duty-2 lead-1 sms", "everybody at once, as nobody before took it")
	w.hears(w.after(11*time.Second, bed), "duty-1 duty-2 sms", "failed messages are tried again")
	if text := w.alarm(alarmChannel, "duty-2/sms"); text == "" || strings.Contains(text, "555") {
		t.Errorf("alarm: %q", text)
	}
	tries := 0
	for range 30 {
		tries += len(w.after(10*time.Second, bed))
	}
	if tries > 3*maxTries+4 { // the second round has begun by now
		t.Errorf("%d more tries in five minutes", tries)
	}
	w.bell.answers("/duty-1", nil)
	for range 3 {
		w.after(5*time.Minute, bed)
	}
	if w.alarm(alarmChannel, "duty-1/webhook") != "" {
		t.Error("the alarm of a channel that works again stands")
	}
	if strings.Contains(w.log.String(), "555") || strings.Contains(w.log.String(), planted) || strings.Contains(w.log.String(), "127.0.0.1") {
		t.Errorf("the log: %s", w.log.String())
	}
}

func TestNobodyAcknowledgesAndItBecomesAnAlarm(t *testing.T) {
	w := newWorld(t, fourPeople)
	bed := asked(events.Tonight, 1)
	var rung strings.Builder
	rung.WriteString(paths(w.looks(bed)))
	for range 60 {
		rung.WriteString(" " + paths(w.after(time.Minute, bed)))
	}
	if got := strings.Join(strings.Fields(rung.String()), " "); got != "duty-1 duty-2 sms lead-1 duty-1 duty-2 sms lead-1" {
		t.Errorf("two rounds: %s", got)
	}
	alert := w.list()[0]
	if alert.State != Unanswered || w.alarm(AlarmUnanswered, alert.ID) == "" {
		t.Fatalf("%+v %v", alert, w.alarms)
	}
	w.restart()
	w.alarms = map[[2]string]string{}
	w.hears(w.looks(bed), "", "after a restart")
	if w.alarm(AlarmUnanswered, alert.ID) == "" {
		t.Error("the alarm is gone with a restart")
	}
	_, err := w.Acknowledge(t.Context(), alert.ID, "lead-1")
	w.must(err)
	w.looks(bed)
	if got := w.list()[0]; got.State != Acknowledged || len(w.alarms) != 0 {
		t.Errorf("%+v %v", got, w.alarms)
	}
}

func TestAnAlertIsNotGivenUpWhileNobodyIsReached(t *testing.T) {
	w := newWorld(t, fourPeople)
	for _, path := range []string{"/duty-1", "/duty-2", "/lead-1", "/sms"} {
		w.bell.fails(path)
	}
	bed := asked(events.Tonight, 1)
	for range 2 * 60 { // two hours without a network
		w.after(time.Minute, bed)
	}
	if got := w.list()[0]; got.State != Ringing || got.Round != 1 || len(got.Told) > 4 {
		t.Fatalf("%+v", got)
	}
	for _, path := range []string{"/duty-1", "/duty-2", "/lead-1", "/sms"} {
		w.bell.answers(path, nil)
	}
	var rung strings.Builder
	for range 6 {
		rung.WriteString(paths(w.after(time.Minute, bed)) + " ")
	}
	if !strings.Contains(rung.String(), "duty-1") {
		t.Errorf("when it is back: %q", rung.String())
	}
}

func TestARestartInTheMiddleNeitherLosesNorDoubles(t *testing.T) {
	w := newWorld(t, fourPeople)
	bed := asked(events.Tonight, 1)
	w.hears(w.looks(bed), "duty-1", "the first")
	w.restart()
	w.hears(w.looks(bed), "", "what was sent is not sent again")
	w.hears(w.after(5*time.Minute, bed), "duty-2 sms", "the next, when the wait is over")

	w.bell.answers("/lead-1", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }) // it gets the message, and the service does not learn it
	first := w.after(5*time.Minute, bed)
	w.hears(first, "lead-1", "the third")
	w.restart()
	w.bell.answers("/lead-1", nil)
	second := w.after(11*time.Second, bed)
	if len(second) == 0 || second[len(second)-1].header.Get("webhook-id") != first[0].header.Get("webhook-id") {
		t.Fatalf("it is not sent again under the same id: %v, %v", first, second)
	}
	w.restart()
	w.clock.pass(2 * time.Hour) // a long night without the service
	if got := w.looks(); len(got) != 0 || w.list()[0].State != Over {
		t.Errorf("what was over meanwhile rings: %v", got)
	}
}

func TestAMessageThatTheEndOfTheServiceInterruptsIsSentByTheNextRun(t *testing.T) {
	w := newWorld(t, fourPeople)
	bed := asked(events.Tonight, 1)
	arrived, release := make(chan struct{}), make(chan struct{})
	w.bell.answers("/duty-1", func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	ended := make(chan error)
	ctx, cancel := contextOf(t)
	go func() { ended <- w.Run(ctx, func() []Cause { return []Cause{bed} }) }()
	<-arrived
	cancel()
	w.must(<-ended)
	close(release)
	if got := w.list()[0].Told; len(got) != 1 || got[0].Tries != 0 || !got[0].Sent.IsZero() || len(w.busy) != 0 {
		t.Fatalf("%+v; under way %v", got, w.busy)
	}
	w.bell.heard()
	w.bell.answers("/duty-1", nil)
	w.restart()
	w.hears(w.looks(bed), "duty-1", "the next run")
}

func TestAHangingServerDelaysNobodyElse(t *testing.T) {
	w := newWorld(t, strings.Replace(fourPeople, "people: [duty-1, duty-2, lead-1]", "people: [duty-2, duty-1, lead-1]", 1))
	release, hangs := make(chan struct{}), make(chan struct{}, 8)
	w.bell.answers("/duty-2", func(_ http.ResponseWriter, r *http.Request) {
		hangs <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := contextOf(t)
	ended := make(chan error)
	bed := asked(events.Tonight, 1)
	go func() { ended <- w.Run(ctx, func() []Cause { return []Cause{bed} }) }()
	<-hangs
	until(t, "the short message arrives while the webhook hangs", func() bool { return slices.ContainsFunc(w.bell.heard(), func(r rung) bool { return r.path == "/sms" }) })
	w.clock.pass(6 * time.Minute)
	w.Nudge()
	until(t, "the next person is alerted while it hangs", func() bool {
		return slices.ContainsFunc(w.bell.heard(), func(r rung) bool { return r.path == "/duty-1" })
	})
	if len(hangs) != 0 {
		t.Error("a second message went to the server that hangs")
	}
	close(release)
	cancel()
	w.must(<-ended)
}
