package pages

import (
	"context"
	"crypto/rand"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
	"handrail/services/web"
	"handrail/services/web/access"
)

const (
	auditor events.AgencyID = "sampleland-audit"
	aCase   events.CaseID   = "01937c5e-5f00-7a11-8a11-0123456789ab"
)

// door lets in whom the request's context names.
type door struct{}

type whoIs struct{}

func (door) Who(r *http.Request) *access.Person {
	p, _ := r.Context().Value(whoIs{}).(*access.Person)
	return p
}
func (door) Register(*web.Site) {}
func (door) Templates() fs.FS   { return fstest.MapFS{} }

func person(code string, roles ...access.Role) *access.Person {
	return &access.Person{Agency: auditor, Code: code, Roles: roles, Proved: time.Now()}
}

// newPages makes pages whose hub nobody reaches.
func newPages(t *testing.T) *Pages {
	t.Helper()
	key, err := seal.NewSigningKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "signing.pem")
	if err := key.Save(file); err != nil {
		t.Fatal(err)
	}
	a, err := audit.New(audit.Config{Ledger: "http://127.0.0.1:1", Hub: "sampleland", Agency: auditor, KeyFile: file})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Auditor: a, Door: door{}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(p *Pages, who *access.Person, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoIs{}, who)))
	return w
}

func wants(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("answered %d, want %d:\n%s", w.Code, status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page lacks %q:\n%s", text, w.Body)
		}
	}
}

func TestOnlyTheAuditorsPeopleReadAnything(t *testing.T) {
	p := newPages(t)
	for _, path := range []string{"/", "/trail/" + string(aCase), "/trail/" + string(aCase) + "/live", "/trail/" + string(aCase) + "/print", "/approvals"} {
		w := ask(p, nil, http.MethodGet, path, nil)
		if stream := strings.HasSuffix(path, "/live"); stream && w.Code != http.StatusUnauthorized || !stream && (w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?")) {
			t.Errorf("%s answers whoever is not signed in %d", path, w.Code)
		}
		for _, who := range []*access.Person{
			person("worker-1", access.CaseWorker), person("lead-1", access.DutyLead), person("dpo-1", access.DPO), person("coordinator-1", access.Coordinator),
			{Agency: "sampletown-police", Code: "officer-1", Roles: []access.Role{access.Auditor}},
		} {
			if w := ask(p, who, http.MethodGet, path, nil); w.Code != http.StatusForbidden {
				t.Errorf("%s answers %s of %s %d", path, who.Code, who.Agency, w.Code)
			}
		}
	}
}

func TestNothingIsReadByFollowingALink(t *testing.T) {
	p := newPages(t) // whose hub cannot be reached: a reading would fail
	wants(t, ask(p, person("auditor-1", access.Auditor), http.MethodGet, "/", nil), http.StatusOK, "Before you read", `action="/cases/read"`, "auditor-1", string(auditor))
	wants(t, ask(p, person("auditor-1", access.Auditor), http.MethodGet, "/trail/"+string(aCase)+"?at=7", nil), http.StatusOK, "Before you read", string(aCase), `value="/trail/`+string(aCase)+`?at=7"`)
	wants(t, ask(p, person("auditor-1", access.Auditor), http.MethodGet, "/trail/somebody", nil), http.StatusNotFound)
	if w := ask(p, person("auditor-1", access.Auditor), http.MethodGet, "/trail/"+string(aCase)+"/print", nil); w.Code != http.StatusSeeOther {
		t.Errorf("paper of what was not read is answered %d", w.Code)
	}
	wants(t, ask(p, person("auditor-1", access.Auditor), http.MethodGet, "/trail/"+string(aCase)+"/live", nil), http.StatusNotFound)
}

func TestAHubThatIsAwayShowsNothing(t *testing.T) {
	p := newPages(t)
	for _, path := range []string{"/cases/read", "/trail/" + string(aCase) + "/read", "/trail/" + string(aCase) + "/export"} {
		wants(t, ask(p, person("auditor-1", access.Auditor), http.MethodPost, path, url.Values{}), http.StatusServiceUnavailable, "nothing is shown")
	}
}

// Each answer of the hub that stands against a reading has a page that says what to do.
func TestEveryRefusalSaysWhatToDo(t *testing.T) {
	p := newPages(t)
	refused := map[string]struct {
		err    error
		form   url.Values
		status int
		says   string
	}{
		"/alone":   {problem("approval-needed"), nil, http.StatusUnprocessableEntity, "Nobody reads this alone"},
		"/stale":   {problem("approval-needed"), url.Values{"approval": {"old"}}, http.StatusUnprocessableEntity, "The approval does not count"},
		"/unknown": {problem(string(mou.RuleCaseUnknown)), nil, http.StatusNotFound, "knows no such case"},
		"/many":    {problem("reading-rate"), nil, http.StatusTooManyRequests, "Wait a minute"},
		"/standby": {problem("not-active"), nil, http.StatusServiceUnavailable, "Try again in a moment"},
		"/key":     {problem(string(events.RuleKeyUnknown)), nil, http.StatusForbidden, "key"},
		"/forged":  {audit.ErrUnverified, nil, http.StatusOK, "Do not rely on this case"},
	}
	for path, one := range refused {
		p.site.Page("POST "+path, access.ReadLedger, func(v *web.Visit) (web.Answer, error) {
			return p.refused(v, asking{What: events.ReadingExport, Case: aCase}, one.err)
		})
		wants(t, ask(p, person("auditor-1", access.Auditor), http.MethodPost, path, one.form), one.status, one.says)
	}
}

func problem(rule string) error {
	return &audit.ProblemError{Problem: ledger.Problem{Type: "urn:handrail:problem:" + rule}}
}

func TestAnotherAuditorsReadingIsApproved(t *testing.T) {
	p, who := newPages(t), person("auditor-1", access.Auditor)
	wants(t, ask(p, who, http.MethodGet, "/approvals", nil), http.StatusOK, "Which auditor wants to read?")
	good := url.Values{"reader": {"sampleland-second-audit"}, "what": {"replay"}, "case": {string(aCase)}}
	wants(t, ask(p, who, http.MethodPost, "/approvals", good), http.StatusOK, "Give this text to the auditor", "</textarea>")
	for name, change := range map[string]func(url.Values){
		"self":    func(f url.Values) { f.Set("reader", string(auditor)) },
		"reader":  func(f url.Values) { f.Set("reader", "Somebody Else") },
		"what":    func(f url.Values) { f.Set("what", "everything") },
		"case":    func(f url.Values) { f.Set("case", "") },
		"no case": func(f url.Values) { f.Set("what", "cases") },
	} {
		form := url.Values{}
		maps.Copy(form, good)
		change(form)
		w := ask(p, who, http.MethodPost, "/approvals", form)
		wants(t, w, http.StatusUnprocessableEntity, "ds-error-summary", `aria-invalid="true"`)
		if strings.Contains(w.Body.String(), "Give this text") {
			t.Errorf("%s: it was approved", name)
		}
	}
}

func TestWhatWasReadIsKeptForItsReaderForAWhile(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := newShelf(func() time.Time { return now })
	mine := place{"auditor-1", aCase}
	s.put(mine, &book{})
	if _, ok := s.take(place{"auditor-2", aCase}); ok {
		t.Error("somebody else is shown what was read")
	}
	now = now.Add(keptFor)
	if _, ok := s.take(mine); !ok {
		t.Error("it was not kept")
	}
	now = now.Add(keptFor)
	if _, ok := s.take(mine); !ok {
		t.Error("looking at it does not keep it")
	}
	now = now.Add(keptFor + time.Second)
	if _, ok := s.take(mine); ok {
		t.Error("it was kept for too long")
	}
	s.forget()
	if len(s.books) != 0 {
		t.Error("it was not forgotten")
	}
	for i := range 2 * keptMost {
		s.put(place{"auditor-1", events.CaseID(string(aCase) + string(rune('a'+i)))}, &book{})
		now = now.Add(time.Second)
	}
	if len(s.books) > keptMost {
		t.Errorf("%d are kept", len(s.books))
	}
}

func TestTheListOfCasesSaysWhatIsKnownOfEach(t *testing.T) {
	p, who := newPages(t), person("auditor-1", access.Auditor)
	at := place{"auditor-1", ""}
	p.held.put(at, &book{entry: 41, at: time.Now()})
	wants(t, ask(p, who, http.MethodGet, "/", nil), http.StatusOK, "The hub has no case yet", "entry 41")
	p.held.put(at, &book{entry: 42, at: time.Now(), cases: []ledger.CaseSummary{
		{Case: aCase, Entries: 7, Status: mou.StatusActive, Owner: "sampletown-police", Opened: time.Now().Add(-time.Hour)},
		{Case: aCase, Entries: 9, Retired: 12},
		{Case: aCase, Entries: 9, Unreadable: true},
	}})
	wants(t, ask(p, who, http.MethodGet, "/", nil), http.StatusOK, "/trail/"+string(aCase), "sampletown-police", "Time for keeping it ended", "cannot be read")
}
