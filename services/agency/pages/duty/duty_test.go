package duty_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/alert"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// house is an agency with a rota, and its pages.
type house struct {
	*agencytest.Log

	t     *testing.T
	a     *agency.Agency
	pages http.Handler
	bell  *httptest.Server
}

const rotaText = `
timezone: Europe/London
wait: {tonight: 5m, standard: 30m}
people:
  worker-1: {webhook: {url: "BELL/worker-1", secret: bell.whsec}}
  worker-2: {mail: secret-address@example.org}
  lead-1: {push: true}
shifts: [{days: daily, from: "00:00", to: "24:00", people: [worker-1, worker-2]}]
smtp: {host: 127.0.0.1, port: 1, security: none, from: desk@example.org}
push: {hosts: [push.example.org], contact: duty@example.org}
`

func open(t *testing.T, kind events.AgencyKind, rota string) *house {
	t.Helper()
	h := &house{Log: agencytest.New(t, kind), t: t, bell: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))}
	t.Cleanup(h.bell.Close)
	if rota != "" {
		h.write(alert.RotaFile, strings.ReplaceAll(rota, "BELL", h.bell.URL))
		h.write("bell.whsec", "whsec_"+strings.Repeat("A", 43)+"=\n")
	}
	h.a = h.Open()
	p, err := pages.New(h.a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	h.pages = p.Handler()
	return h
}

func (h *house) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.Config().Dir, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.Config().Dir, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// asks is a request of the police to the agency.
func (h *house) asks(urgency events.Urgency) (events.CaseID, events.ReferralID) {
	h.t.Helper()
	of := h.NewCase()
	h.Says(agencytest.Police, of, "", &events.CaseOpened{Said: h.Now(), Age: events.Adult})
	asked := h.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: h.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: urgency, Age: events.Adult,
	})
	return of, asked.ID
}

// rings lets the agency's alerts ring once for a request.
func (h *house) rings(of events.CaseID, referral events.ReferralID) alert.Alert {
	h.t.Helper()
	_, err := h.a.Alerting().Look(h.t.Context(), []alert.Cause{{Key: string(referral), About: alert.Referral, Urgency: events.Tonight, Case: of, Referral: referral}})
	if err != nil {
		h.t.Fatal(err)
	}
	list, err := h.a.Alerts(h.t.Context())
	if err != nil || len(list) == 0 {
		h.t.Fatal("nothing rings", err)
	}
	return list[0]
}

func worker() *access.Person { return agencytest.Staff("worker-1", access.CaseWorker) }

func other() *access.Person { return agencytest.Staff("worker-2", access.CaseWorker) }

func lead() *access.Person { return agencytest.Staff("lead-1", access.DutyLead) }

// page asks for a page that must be there and gives its text.
func (h *house) page(who *access.Person, path string) string {
	h.t.Helper()
	w := agencytest.Page(h.pages, who, path)
	if w.Code != http.StatusOK {
		h.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// send sends a form that must be taken and follows where it leads.
func (h *house) send(who *access.Person, path string, form url.Values) string {
	h.t.Helper()
	w := agencytest.Send(h.pages, who, path, form)
	if w.Code != http.StatusSeeOther {
		h.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	to, _, _ := strings.Cut(w.Header().Get("Location"), "#")
	return h.page(who, to)
}

func (h *house) says(page string, texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			h.t.Errorf("the page does not say %q: %s", text, page)
		}
	}
}

func (h *house) not(page string, texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			h.t.Errorf("the page says %q: %s", text, page)
		}
	}
}

func TestEverybodySeesWhoIsOnDutyAndOnlyTheLeadChangesIt(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	h.says(h.page(worker(), "/duty"), "On duty now", "worker-1</strong>", "you</span>", "worker-2</strong>", "Nobody else has duty within a week", "Nothing rings", "lead-1</th>", "E-mail", "Browser")
	h.not(h.page(worker(), "/duty"), "Change the rota", "secret-address", "Test the alerts", h.bell.URL)
	h.says(h.page(lead(), "/duty"), "Change the rota", "Test the alerts")
	h.says(h.page(lead(), "/duty/rota"), "secret-address@example.org", "duty@example.org")
	for path, w := range map[string]*httptest.ResponseRecorder{
		"see":  agencytest.Page(h.pages, worker(), "/duty/rota"),
		"keep": agencytest.Send(h.pages, worker(), "/duty/rota", url.Values{}),
		"test": agencytest.Send(h.pages, worker(), "/duty/test", url.Values{}),
		"dpo":  agencytest.Page(h.pages, agencytest.Staff("dpo-1", access.DPO), "/duty"),
	} {
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestWithoutARotaThePageSaysThatNobodyIsAlerted(t *testing.T) {
	h := open(t, events.Shelter, "")
	h.says(h.page(worker(), "/duty"), "There is no duty rota yet", "Ask your duty lead")
	h.says(h.page(lead(), "/duty"), "Write the rota")
	form := url.Values{
		"mark": {""}, "person-0-code": {"lead-1"}, "person-0-push": {"1"}, "person-1-code": {"worker-1"}, "person-1-push": {"1"}, "browsers": {"1"}, "contact": {"duty@example.org"},
		"shift-0-days": {"mo-fr"}, "shift-0-from": {"08:00"}, "shift-0-to": {"20:00"}, "shift-0-people": {"worker-1, lead-1"}, "otherwise": {"lead-1"},
		"tonight": {"5"}, "standard": {"30"}, "timezone": {"Europe/London"},
	}
	page := h.send(lead(), "/duty/rota", form)
	h.says(page, "The rota is in force", "lead-1</strong>", "You are alerted in no browser")
	info, err := os.Stat(filepath.Join(h.Config().Dir, alert.RotaFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if _, err := alert.ParseRota([]byte(h.read(alert.RotaFile))); err != nil {
		t.Error(err)
	}
}

func marked(page string) string {
	found := regexp.MustCompile(`name="mark" value="([0-9a-f]*)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return found[1]
}

func TestAChangedRotaKeepsWhatTheFormDoesNotShow(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	before := h.read(alert.RotaFile)
	form := url.Values{
		"mark": {marked(h.page(lead(), "/duty/rota"))}, "person-0-code": {"lead-1"}, "person-0-mail": {"lead@example.org"}, "person-2-code": {"worker-1"},
		"shift-3-days": {"daily"}, "shift-3-from": {"00:00"}, "shift-3-to": {"24:00"}, "shift-3-people": {"lead-1"},
		"tonight": {"7"}, "standard": {"40"}, "timezone": {"Europe/London"},
	}
	page := h.send(lead(), "/duty/rota", form)
	h.says(page, "lead-1</strong>", "7 minutes", "40 minutes", "Alerts in browsers are not turned on")
	h.not(page, "worker-2")
	after := h.read(alert.RotaFile)
	h.says(after, h.bell.URL+"/worker-1", "bell.whsec", "port: 1")
	h.not(after, "secret-address", "push.example.org")
	if h.read(alert.RotaBefore) != before {
		t.Error("the rota of before is lost")
	}
	w := agencytest.Send(h.pages, lead(), "/duty/rota", form)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Somebody else changed the rota") || h.read(alert.RotaFile) != after {
		t.Errorf("a form of before the change: %d", w.Code)
	}
}

func TestAWrongRotaIsShownAgainWithWhatToDo(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	before := h.read(alert.RotaFile)
	mark := marked(h.page(lead(), "/duty/rota"))
	good := url.Values{
		"mark": {mark}, "person-0-code": {"lead-1"}, "person-0-push": {"1"}, "browsers": {"1"}, "contact": {"duty@example.org"}, "otherwise": {"lead-1"},
		"tonight": {"5"}, "standard": {"30"}, "timezone": {"Europe/London"},
	}
	for name, c := range map[string]struct {
		field, value, at, says string
	}{
		"a name":         {"person-1-code", "Anna Bell", "person-1-code", "Never a name"},
		"twice":          {"person-1-code", "lead-1", "person-1-code", "stands twice"},
		"no way":         {"person-1-code", "worker-9", "person-1", "at least one way"},
		"a mail":         {"person-0-mail", "nobody", "person-0-mail", "not a mail address"},
		"somebody else":  {"otherwise", "stranger", "otherwise", "people of the list above"},
		"nobody":         {"otherwise", "", "otherwise", "people of the list above"},
		"a wait":         {"tonight", "soon", "tonight", "1 to 60"},
		"a long wait":    {"standard", "2000", "standard", "1 to 1440"},
		"a zone":         {"timezone", "Europe/Nowhere", "timezone", "no time zone"},
		"no contact":     {"contact", "", "contact", "mail address of your organisation"},
		"a half shift":   {"shift-0-people", "lead-1", "shift-0-days", "Choose the days"},
		"a shift's time": {"shift-0-days", "daily", "shift-0-from", "like 08:00"},
	} {
		form := url.Values{}
		maps.Copy(form, good)
		form.Set(c.field, c.value)
		w := agencytest.Send(h.pages, lead(), "/duty/rota", form)
		page := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `href="#`+c.at+`"`) || !strings.Contains(page, `id="`+c.at+`"`) || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d, without %q at #%s: %s", name, w.Code, c.says, c.at, page)
		}
		if c.value != "" && !strings.Contains(page, `value="`+c.value+`"`) {
			t.Errorf("%s: what was typed is lost", name)
		}
	}
	if h.read(alert.RotaFile) != before {
		t.Error("a wrong rota was kept")
	}
	h.write(alert.RotaFile, "people: [")
	if w := agencytest.Page(h.pages, lead(), "/duty/rota"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "cannot be read") {
		t.Errorf("a file that is none: %d", w.Code)
	}
	h.says(h.page(lead(), "/duty"), "cannot be used as it stands")
}

func TestSomebodyTakesAnAlert(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	of, referral := h.asks(events.Tonight)
	rang := h.rings(of, referral)
	page := h.page(worker(), "/duty")
	h.says(page, "We are asked for help", "Tonight", rang.ID, "I take it", "/referrals/"+string(of)+"/"+string(referral))
	h.says(h.send(worker(), "/duty/alerts/"+rang.ID+"/take", url.Values{}), "You took it", "Taken by worker-1", "Nothing rings")
	h.send(other(), "/duty/alerts/"+rang.ID+"/take", url.Values{})
	h.says(h.page(other(), "/duty"), "Taken by worker-1")
	if w := agencytest.Send(h.pages, worker(), "/duty/alerts/ZZZZ/take", url.Values{}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an alert that there is not: %d", w.Code)
	}
}

func TestATestSaysWhatHappenedOnEachChannel(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	page := h.send(lead(), "/duty/test", url.Values{})
	h.says(page, "Last test, by lead-1", "worker-1</strong>, Own system: <span class=\"ds-tag\" data-color=\"success\">✓</span> Went through",
		"worker-2</strong>, E-mail: <span class=\"ds-tag\" data-color=\"danger\">✕</span> Did not get through: the server was not reached")
	h.says(h.send(worker(), "/duty/test", url.Values{"whom": {"me"}}), "less than a minute ago")
}

func TestABrowserIsTurnedOnAndOff(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	h.says(h.page(worker(), "/duty"), "data-push-key=", "You are alerted in no browser")
	good := url.Values{
		"endpoint": {"https://push.example.org/send/x"}, "secret": {"AAAAAAAAAAAAAAAAAAAAAA"},
		"key": {"BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}, // the curve's own base point
	}
	page := h.send(worker(), "/duty/push", good)
	h.says(page, "You are alerted in this browser from now on", "Turn off the browser")
	h.not(page, "push.example.org")
	h.says(h.page(other(), "/duty"), "You are alerted in no browser")
	id := regexp.MustCompile(`name="browser" value="([A-Z0-9]+)"`).FindStringSubmatch(page)[1]
	h.says(h.send(worker(), "/duty/push/remove", url.Values{"browser": {id}}), "That browser is alerted no longer", "You are alerted in no browser")
	good.Set("endpoint", "https://elsewhere.example.org/send/x")
	if w := agencytest.Send(h.pages, worker(), "/duty/push", good); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "That did not work") {
		t.Errorf("another server: %d", w.Code)
	}
	script := agencytest.Page(h.pages, nil, "/push-worker.js")
	if script.Code != http.StatusOK || script.Header().Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(script.Body.String(), "showNotification") {
		t.Errorf("the worker: %d %v", script.Code, script.Header())
	}
}

func TestLeavingIsOfferedOnEveryPageOfAHotline(t *testing.T) {
	for kind, want := range map[events.AgencyKind]bool{events.Hotline: true, events.Shelter: false} {
		h := open(t, kind, "")
		page := h.page(worker(), "/shift")
		if strings.Contains(page, "data-quick-exit") != want {
			t.Errorf("%s: offered %t", kind, !want)
		}
		h.says(page, `action="/lock"`, "Lock now")
	}
}

func TestTheRotaTellsWhenItIsWhoseTurn(t *testing.T) {
	h := open(t, events.Shelter, strings.Replace(rotaText, `{days: daily, from: "00:00", to: "24:00", people: [worker-1, worker-2]}`,
		`{days: daily, from: "00:00", to: "12:00", people: [worker-1]}, {days: daily, from: "12:00", to: "24:00", people: [lead-1]}`, 1))
	d, err := h.a.Alerting().Duty(t.Context())
	if err != nil || len(d.Now) != 1 || len(d.Next) != 1 || d.Now[0] == d.Next[0] || time.Until(d.Until) > 12*time.Hour || !d.Until.After(time.Now()) {
		t.Errorf("%+v %v", d, err)
	}
	h.says(h.page(worker(), "/duty"), "Until ", "From ")
}
