package ledger

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/ledger/audit"
	"handrail/services/ledger/pages"
	"handrail/services/web/access"
)

// auditorsPages are the pages of the world's auditor, followed until the test ends.
func (w *world) auditorsPages(url string) http.Handler {
	w.t.Helper()
	p, err := pages.New(pages.Config{Auditor: w.auditor(url), Door: agencytest.Door{}})
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		w.must(<-ended)
	})
	return p.Handler()
}

func auditorsPerson(code string) *access.Person {
	return &access.Person{Agency: auditor, Code: code, Roles: []access.Role{access.Auditor}, Proved: time.Now()}
}

// readings counts what the log says was read.
func (w *world) readings() (count int) {
	w.t.Helper()
	w.must(as(w.t, w.database, "").QueryRow(w.t.Context(), "SELECT count(*) FROM reading").Scan(&count))
	return count
}

func TestAnAuditorsPagesShowACaseAndLeaveOneEntryForEachReading(t *testing.T) {
	listen, address := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	referral, _ := c.ask(shelter, shelter2)
	one := w.agencies[shelter]
	one.has(w.agencies[police].said[referral])
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	refused := one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	one.answer(refused)
	w.settled()
	site, who := w.auditorsPages(address), auditorsPerson("auditor-1")
	path := "/trail/" + string(c.id)

	for _, ask := range []string{"/", path} {
		if got := agencytest.Page(site, who, ask); !strings.Contains(got.Body.String(), "Before you read") {
			t.Fatalf("%s does not ask first: %s", ask, got.Body)
		}
	}
	if n := w.readings(); n != 0 {
		t.Fatalf("%d readings by following links", n)
	}
	if got := agencytest.Send(site, who, "/cases/read", url.Values{}); got.Code != http.StatusSeeOther {
		t.Fatalf("the cases: %d %s", got.Code, got.Body)
	}
	if got := agencytest.Page(site, who, "/"); !strings.Contains(got.Body.String(), path) {
		t.Errorf("the list lacks the case: %s", got.Body)
	}
	if got := agencytest.Send(site, who, path+"/read", url.Values{"back": {path + "?step=2"}}); got.Header().Get("Location") != path+"?step=2" {
		t.Fatalf("the case: %d %s", got.Code, got.Body)
	}
	for step := 1; step < 20; step++ {
		if got := agencytest.Page(site, who, path+"?step="+strconv.Itoa(step)); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "Fingerprint of the entry") {
			t.Fatalf("step %d: %d %s", step, got.Code, got.Body)
		}
	}
	page := agencytest.Page(site, who, path).Body.String()
	for _, text := range []string{"The referral was accepted", "The hub refused a statement", "Sealed details were destroyed at the hub", "Every signature, entry, link and decision was checked", "This reading is entry", "Clause of the agreement"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	if n := w.readings(); n != 2 {
		t.Errorf("%d readings in the log, want the list and the case", n)
	}
	other := auditorsPerson("auditor-2")
	if got := agencytest.Page(site, other, path); !strings.Contains(got.Body.String(), "Before you read") {
		t.Error("what one person read is shown to another without a reading")
	}
	agencytest.Send(site, other, path+"/read", url.Values{})
	if n := w.readings(); n != 3 {
		t.Errorf("%d readings in the log, want one more for another person", n)
	}
	file := agencytest.Send(site, who, path+"/export", url.Values{})
	pins := w.auditor(address).Pins()
	if _, verified, err := audit.VerifyExport(file.Body.Bytes(), &pins); err != nil || verified.Trail.Case != c.id {
		t.Errorf("the file does not verify: %v", err)
	}
	if got := agencytest.Page(site, who, path+"/print"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "<details class=\"ds-details trail-details\" data-variant=\"default\" open>") {
		t.Errorf("paper: %d", got.Code)
	}
	if got := agencytest.Send(site, who, "/trail/"+w.uuid()+"/read", url.Values{}); got.Code != http.StatusNotFound {
		t.Errorf("a case of which nobody spoke is answered %d", got.Code)
	}
}

// A page that is open follows the log, under the number of the newest entry; whoever comes back with it gets only what
// is newer, and none of it is another reading.
func TestAnAuditorsOpenPageFollowsTheLog(t *testing.T) {
	listen, address := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	site, who := w.auditorsPages(address), auditorsPerson("auditor-1")
	path := "/trail/" + string(c.id)
	agencytest.Send(site, who, path+"/read", url.Values{})
	server := httptest.NewServer(agencytest.Signed(site, who))
	t.Cleanup(server.Close)

	first := w.listenTo(server.URL+path+"/live", "")
	id, body := first.next()
	if !strings.Contains(body, "A case was opened") || strings.Contains(body, "A referral was requested") {
		t.Fatalf("the first part is %s", body)
	}
	c.ask(shelter, shelter2)
	w.settled()
	newer := id
	for !strings.Contains(body, "A referral was requested") {
		newer, body = first.next()
	}
	if newer <= id {
		t.Errorf("the newer part has the number %d, the first %d", newer, id)
	}
	first.stop()
	second := w.listenTo(server.URL+path+"/live", strconv.FormatUint(newer-1, 10))
	if again, body := second.next(); again < newer || !strings.Contains(body, "A referral was requested") {
		t.Errorf("whoever comes back with an older number gets %d", again)
	}
	if n := w.readings(); n != 1 {
		t.Errorf("%d readings in the log, want the one that was made", n)
	}
}

// parts are the events of a stream.
type parts struct {
	w     *world
	lines *bufio.Scanner
	stop  func()
}

func (w *world) listenTo(address, last string) *parts {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	w.must(err)
	r.Header.Set("Accept-Language", "en")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(r)
	w.must(err)
	w.t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("the stream is answered %d", response.StatusCode)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 4<<20)
	return &parts{w, lines, cancel}
}

// next gives the number of the next event and what it shows.
func (p *parts) next() (id uint64, body string) {
	p.w.t.Helper()
	var b strings.Builder
	for p.lines.Scan() {
		line := p.lines.Text()
		if number, ok := strings.CutPrefix(line, "id: "); ok {
			var err error
			id, err = strconv.ParseUint(number, 10, 64)
			p.w.must(err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			b.WriteString(data + "\n")
		}
		if line == "" && b.Len() > 0 {
			return id, b.String()
		}
	}
	p.w.t.Fatalf("the stream ended: %v", p.lines.Err())
	return 0, ""
}
