package agency

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/alert"
	"handrail/services/agency/keyring"
)

// near moves the agency into a folder whose path is short enough for a socket,
// with an account of a broker that is not there.
func (l *aLog) near() {
	l.t.Helper()
	dir, err := os.MkdirTemp("", "hra") // a socket's path has at most 103 bytes
	l.must(err)
	l.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, use := range keyring.Uses(l.config().Kind) {
		l.must(os.Rename(l.config().path(use.File()), filepath.Join(dir, use.File())))
	}
	l.dir = dir
	operator, err := exchange.NewOperator()
	l.must(err)
	accounts, err := operator.Grant(testHub, []events.AgencyID{testAgency})
	l.must(err)
	l.must(os.WriteFile(l.config().path(CredsFile), accounts.Creds[testAgency], 0o600))
}

// rota has everything ring at a server of the test, and gives what it is sent.
func (l *aLog) rota() <-chan string {
	l.t.Helper()
	rung := make(chan string, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rung <- r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	l.t.Cleanup(server.Close)
	l.must(os.WriteFile(l.config().path("bell.whsec"), []byte("whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 32))), 0o600))
	l.must(os.WriteFile(l.config().path(alert.RotaFile), []byte(`
timezone: Europe/London
wait: {tonight: 5m, standard: 30m}
people: {duty-3: {webhook: {url: "`+server.URL+`/bell", secret: bell.whsec}}}
otherwise: [duty-3]
`), 0o600))
	return rung
}

func TestAReferralForTonightWakesTheDutyWhileTheHubIsAway(t *testing.T) {
	l := newLog(t)
	l.near()
	rung := l.rota()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	a, err := New(l.config())
	l.must(err)
	l.gives(a, l.delivers(l.genesis))
	stop := l.runs(a)
	of := newCaseID(t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	var sent string
	select {
	case sent = <-rung:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing rings")
	}
	list, err := a.Alerts(t.Context())
	l.must(err)
	if len(list) != 1 || list[0].Case != of || list[0].Referral != requested.ID || list[0].About != alert.Referral || list[0].State != alert.Ringing {
		t.Fatalf("%+v", list)
	}
	if !strings.Contains(sent, "urgent. Open the desk. Alert "+list[0].ID) {
		t.Errorf("%s", sent)
	}
	for _, never := range []string{string(of), string(requested.ID), string(testSender), string(testAgency), "accommodation", "shelter", "duty-3"} {
		if strings.Contains(sent, never) {
			t.Errorf("%q was sent: %s", never, sent)
		}
	}
	code := strings.ToLower(list[0].ID)
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/v1/alerts/ZZZZ/acknowledge", `{"staff":"duty-3"}`, http.StatusNotFound, "alert-unknown"},
		{"/v1/alerts/" + code + "/acknowledge", `{}`, http.StatusBadRequest, "/staff"},
		{"/v1/alerts/" + code + "/acknowledge", `{"staff":"Mary"}`, http.StatusUnprocessableEntity, "never a name"},
		{"/v1/alerts/" + code + "/acknowledge", `{"staff":"duty-3","note":"x"}`, http.StatusBadRequest, "does not take"},
		{"/v1/alerts/" + code + "/acknowledge", `{"staff":"duty-3"}`, http.StatusOK, `"acknowledged_by":"duty-3"`},
		{"/v1/alerts/" + code + "/acknowledge", `{"staff":"lead-1"}`, http.StatusOK, `"acknowledged_by":"duty-3"`},
	} {
		if status, text := l.desk(a, http.MethodPost, c.path, c.body); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", c.body, status, text)
		}
	}
	if status, text := l.desk(a, http.MethodGet, "/v1/alerts", ""); status != http.StatusOK || !strings.Contains(text, `"state":"acknowledged"`) || !strings.Contains(text, `"channel":"webhook"`) {
		t.Errorf("%d %s", status, text)
	}
	if _, text := l.desk(a, http.MethodGet, "/v1/doctor", ""); !strings.Contains(text, "On duty now: duty-3.") || !strings.Contains(text, "by webhook to duty-3") {
		t.Errorf("%s", text)
	}
	stop()
	if len(rung) != 0 {
		t.Errorf("it rang again: %s", <-rung)
	}
}

// rings gives what rings after some time, sorted.
func (a *Agency) rings(after time.Duration) string {
	now := a.now
	defer func() { a.now = now }()
	a.now = func() time.Time { return now().Add(after) }
	var all []string
	for _, c := range a.newWatch().causes() {
		all = append(all, string(c.About)+" "+string(c.Urgency))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestWhatRingsAndWhatEndsIt(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	expect := func(what string, after time.Duration, want string) {
		t.Helper()
		if got := a.rings(after); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("nothing waits", 0, "")
	of := newCaseID(t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	expect("a request for tonight", 0, "referral tonight")
	expect("a third of the 15 minutes is left", 11*time.Minute, "due-soon tonight, referral tonight")
	expect("the acknowledgement is late", 16*time.Minute, "missed tonight, referral tonight")
	expect("and the answer too", 31*time.Minute, "missed tonight, missed tonight, referral tonight")
	_, err := a.Say(t.Context(), Statement{Case: of, Referral: requested.ID, Payload: &events.ReferralAcknowledged{Said: justNow(), Duty: "duty-3"}})
	l.must(err)
	expect("acknowledged, though the hub has not heard it", 0, "")
	expect("the answer is due soon", 21*time.Minute, "due-soon tonight")
	l.gives(a, l.delivers(l.says(of, requested.ID, &events.ReferralWithdrawn{Said: justNow(), Reason: "no-longer-needed"})))
	expect("taken back", time.Hour, "")
}

func TestAWithdrawalAsksForItsAnswer(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, _ := l.taken(a)
	if got := a.rings(0); got != "" {
		t.Errorf("in the shelter's care: %s", got)
	}
	l.gives(a, l.delivers(l.withdraws(of)))
	if got := a.rings(0); got != "answer-owed standard" {
		t.Errorf("after the withdrawal: %q", got)
	}
	l.admitted(a, Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{Said: justNow(), Answer: events.Erased}})
	if got := a.rings(0); got != "" {
		t.Errorf("answered: %q", got)
	}
}

func TestAChaseRingsAtTheDutyThatItTurnsTo(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	_, requested := l.refer(of) // is asked of others: this agency never sees it
	escalated := l.event(events.HubAgency, l.hub, string(of), requested.ID, &events.ReferralEscalated{
		Said: justNow(), Step: events.StaffedDuty, To: testAgency, Because: events.DutyAnswer, Call: testSender, Urgency: events.Tonight,
	})
	l.gives(a, l.delivers(escalated))
	if got := a.rings(0); got != "escalation tonight" {
		t.Errorf("%q; alarms %v", got, a.alarms.list())
	}
}

func TestAnAlarmRingsOnceItHasStood(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	a.alarms.raise(context.Background(), "copy-damaged", "7", "A delivery does not verify.", errors.New("x"))
	a.alarms.raise(context.Background(), alert.AlarmUnanswered, "K7Q2", "Nobody acknowledged it.", nil)
	if got := a.rings(0); got != "" {
		t.Errorf("at once: %q", got)
	}
	if got := a.rings(time.Minute); got != "alarm standard" {
		t.Errorf("a minute later: %q", got)
	}
}

func TestTheWatchSeesWhatIsNewAndWhatTimeBrings(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	w := a.newWatch()
	of := newCaseID(t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened))
	if got := w.causes(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	l.gives(a, l.delivers(requested))
	if got := w.causes(); len(got) != 1 {
		t.Errorf("a request that came since: %+v", got)
	}
	now := a.now
	a.now = func() time.Time { return now().Add(11 * time.Minute) }
	if got := w.causes(); len(got) != 2 {
		t.Errorf("a clock that ran on: %+v", got)
	}
	a.now = now
	if got := w.causes(); len(got) != 1 {
		t.Errorf("a clock that was set back: %+v", got)
	}
}
