package tonight_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// house is an agency with the pages of the night, and who is signed in.
type house struct {
	t     *testing.T
	log   *agencytest.Log
	a     *agency.Agency
	pages http.Handler
	who   *access.Person
}

func newHouse(t *testing.T, kind events.AgencyKind) *house {
	t.Helper()
	h := &house{t: t, log: agencytest.New(t, kind), who: agencytest.Staff("duty-1", access.CaseWorker)}
	h.a = h.log.Open()
	p, err := pages.New(h.a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	h.pages = p.Handler()
	return h
}

func (h *house) get(path string) *httptest.ResponseRecorder {
	h.t.Helper()
	return agencytest.Page(h.pages, h.who, path)
}

func (h *house) send(path string, form url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	return agencytest.Send(h.pages, h.who, path, form)
}

// bed is the eight choices and a number, as a form that was just opened sends them.
func (h *house) bed(change ...string) url.Values {
	h.t.Helper()
	page := h.get("/tonight")
	id := regexp.MustCompile(`name="case" value="([^"]+)"`).FindStringSubmatch(page.Body.String())
	if page.Code != http.StatusOK || id == nil {
		h.t.Fatalf("the form: %d", page.Code)
	}
	form := url.Values{
		"case": {id[1]}, "need": {"emergency-shelter"}, "age": {"adult"}, "sex": {"woman"}, "under9": {"1"}, "under18": {"0"}, "language": {"lit"}, "interpreter": {"none"},
		"dangers": {"pursued"}, "region": {"GB-ENG"}, "bundle": {"bed"}, "capacity": {"clear"}, "call_back": {"+44 7700 900123"}, "safe": {"only after 22:00"},
	}
	for i := 0; i < len(change); i += 2 {
		if form.Del(change[i]); change[i+1] != "" {
			form.Set(change[i], change[i+1])
		}
	}
	return form
}

// problems are what an error summary says.
func problems(w *httptest.ResponseRecorder) (said []string) {
	for _, m := range regexp.MustCompile(`<li><a class="ds-link" href="#([^"]+)">`).FindAllStringSubmatch(w.Body.String(), -1) {
		said = append(said, m[1])
	}
	return said
}

func TestTheRequestInEightChoicesAsksOnce(t *testing.T) {
	h := newHouse(t, events.Police)
	form := h.bed()
	where := "/tonight/" + form.Get("case")
	for range 2 {
		if w := h.send("/tonight", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != where {
			t.Fatalf("asking: %d %s %v", w.Code, w.Header().Get("Location"), problems(w))
		}
	}
	of := events.CaseID(form.Get("case"))
	view, err := h.a.Case(of)
	if err != nil || len(view.Referrals) != 1 {
		t.Fatalf("%d requests, %v", len(view.Referrals), err)
	}
	if assigned := h.a.Assigned(of); !slices.Equal(assigned, []string{"duty-1"}) {
		t.Errorf("assigned to %v", assigned)
	}
	page := h.get(where).Body.String()
	for _, shown := range []string{"hill-shelter", "minutes left", "testland-coordination", where + "/live"} {
		if !strings.Contains(page, shown) {
			t.Errorf("the running request does not say %q", shown)
		}
	}
	for _, typed := range []string{"900123", "22:00"} {
		if strings.Contains(page, typed) {
			t.Errorf("what was typed stands on the page of who is asked: %s", typed)
		}
	}
	h.who = agencytest.Staff("duty-2", access.CaseWorker)
	if w := h.get(where); w.Code != http.StatusForbidden {
		t.Errorf("a colleague who is not assigned: %d", w.Code)
	}
}

func TestWhatIsMissingIsNamedAndTheRestIsKept(t *testing.T) {
	h := newHouse(t, events.Police)
	for _, c := range []struct {
		change []string
		want   []string
	}{
		{[]string{"age", ""}, []string{"age"}},
		{[]string{"age", "", "language", "", "bundle", "", "call_back", ""}, []string{"age", "language", "bundle", "call_back"}},
		{[]string{"call_back", "ask for Robin"}, []string{"call_back"}},
		{[]string{"need", ""}, []string{"need"}},
		{[]string{"bundle", "none"}, []string{"bundle"}},
		{[]string{"bundle", "everything"}, []string{"bundle"}},
		{[]string{"age", "child"}, []string{"by", "child_view"}},
		{[]string{"under9", "-1"}, []string{"under9"}},
		{[]string{"safe", strings.Repeat("x", 201)}, []string{"safe"}},
	} {
		form := h.bed(c.change...)
		w := h.send("/tonight", form)
		if got := problems(w); w.Code != http.StatusUnprocessableEntity || !slices.Equal(got, c.want) {
			t.Errorf("%v: %d, wrong are %v, want %v", c.change, w.Code, got, c.want)
		}
		if page := w.Body.String(); !strings.Contains(page, `value="`+form.Get("case")+`"`) || !strings.Contains(page, `value="pursued" checked`) {
			t.Errorf("%v: what was chosen is lost", c.change)
		}
		if _, err := h.a.Case(events.CaseID(form.Get("case"))); err == nil {
			t.Errorf("%v: a case was opened", c.change)
		}
	}
}

func TestOfAChildWithoutAGuardianChildProtectionIsAsked(t *testing.T) {
	h := newHouse(t, events.Police)
	form := h.bed("age", "unsure", "bundle", "none")
	if w := h.send("/tonight", form); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %v", w.Code, problems(w))
	}
	page := h.get("/tonight/" + form.Get("case")).Body.String()
	if !strings.Contains(page, string(agencytest.ChildProtection)) || !strings.Contains(page, "child protection was told at once") {
		t.Error("child protection is not asked, or it is not said that it was told")
	}
}

func TestWhatIsTypedIsKeptAndCanBeDeleted(t *testing.T) {
	h := newHouse(t, events.Police)
	form := h.bed()
	where := "/tonight/" + form.Get("case")
	for _, number := range []string{"1", "12"} {
		form.Set("call_back", number)
		if w := h.send(where+"/keep", form); w.Code != http.StatusOK {
			t.Fatalf("keeping: %d", w.Code)
		}
	}
	if page := h.get("/tonight").Body.String(); !strings.Contains(page, `href="`+where+`"`) {
		t.Error("the form does not offer what was begun")
	}
	if page := h.get(where).Body.String(); !strings.Contains(page, `value="12"`) || !strings.Contains(page, "deleted by itself on") {
		t.Error("what was begun is not whole")
	}
	who := h.who
	h.who = agencytest.Staff("duty-2", access.CaseWorker)
	if w := h.get(where); w.Code != http.StatusForbidden {
		t.Errorf("a colleague sees it: %d", w.Code)
	}
	if w := h.send(where+"/keep", form); w.Code != http.StatusForbidden {
		t.Errorf("a colleague writes it: %d", w.Code)
	}
	h.who = who
	h.send(where+"/delete", nil)
	if w := h.get(where); w.Code != http.StatusNotFound {
		t.Errorf("after it was deleted: %d", w.Code)
	}
}

// asks has the police ask the house for a bed tonight.
func (h *house) asks() (events.CaseID, events.ReferralID) {
	h.t.Helper()
	of := h.log.NewCase()
	h.log.Says(agencytest.Police, of, "", &events.CaseOpened{Said: h.log.Now(), Age: events.Adult})
	asked := h.log.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: h.log.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{"needs", "risk"},
		Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Tonight, Age: events.Adult, Sex: "woman", Language: "lit", Safety: events.Set[events.Safety]{"pursued"},
	})
	return of, asked.ID
}

// last is the newest statement of a case.
func (h *house) last(of events.CaseID) string {
	h.t.Helper()
	view, err := h.a.Case(of)
	if err != nil {
		h.t.Fatal(err)
	}
	line := view.Trail[len(view.Trail)-1]
	return line.Type + " " + string(line.Facts)
}

func TestTheShelterSaysYesInTwoTaps(t *testing.T) {
	h := newHouse(t, events.Shelter)
	of, referral := h.asks()
	where := "/tonight/answer/" + string(of) + "/" + string(referral)
	page := h.get(where).Body.String()
	for _, shown := range []string{where + "/yes", where + "/no", where + "/ask", "Lithuanian", string(agencytest.Police), "I am on it"} {
		if !strings.Contains(page, shown) {
			t.Errorf("the request does not show %q", shown)
		}
	}
	if w := h.get(where + "/yes"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "the place is kept") {
		t.Fatalf("the first tap: %d", w.Code)
	}
	for range 2 {
		if w := h.send(where+"/yes", nil); w.Header().Get("Location") != where {
			t.Fatalf("the second tap: %d %s", w.Code, w.Header().Get("Location"))
		}
	}
	if got := h.last(of); !strings.HasPrefix(got, "referral.accepted ") {
		t.Errorf("said %s", got)
	}
	if !slices.Equal(h.a.Assigned(of), []string{"duty-1"}) || !strings.Contains(h.get(where).Body.String(), "The place is kept") {
		t.Error("who said yes is not assigned, or the page does not say that the place is kept")
	}
}

func TestTheShelterTakesItOnAsksAndSaysNo(t *testing.T) {
	h := newHouse(t, events.Shelter)
	of, referral := h.asks()
	where := "/tonight/answer/" + string(of) + "/" + string(referral)
	record := h.log.Seals(agencytest.Police, events.TypeRecordSealed, of, referral, events.PurposeAccommodation, events.SectionRisk, `{"dangers":["pursued"]}`)
	if w := h.send(where+"/seen", nil); w.Header().Get("Location") != where {
		t.Fatalf("taking it on: %d", w.Code)
	}
	if got := h.last(of); !strings.Contains(got, `"duty":"duty-1"`) {
		t.Errorf("said %s", got)
	}
	h.log.Admit(h.a)
	h.log.Releases(record)
	if page := h.get(where).Body.String(); !strings.Contains(page, "/referrals/"+string(of)+"/"+string(referral)+"/open/"+string(record.ID)) {
		t.Error("the danger is not open to whoever took it on")
	}
	id := regexp.MustCompile(`name="statement" value="([^"]+)"`).FindStringSubmatch(h.get(where + "/ask").Body.String())
	if id == nil {
		t.Fatal("the form of a question has no id")
	}
	question := url.Values{"statement": {id[1]}, "question": {" "}}
	if w := h.send(where+"/ask", question); w.Code != http.StatusUnprocessableEntity || !slices.Equal(problems(w), []string{"question"}) || !strings.Contains(w.Body.String(), id[1]) {
		t.Errorf("an empty question: %d %v", w.Code, problems(w))
	}
	question.Set("question", "Does the small one need a cot?")
	for range 2 { // pressed twice: asked once
		if w := h.send(where+"/ask", question); w.Header().Get("Location") != where {
			t.Fatalf("asking: %d", w.Code)
		}
	}
	if n := len(h.a.Questions()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if page := h.get(where).Body.String(); !strings.Contains(page, "No answer yet") || strings.Contains(page, "cot") {
		t.Error("the question is not said to wait, or stands on the page")
	}
	if w := h.send(where+"/no", nil); w.Code != http.StatusUnprocessableEntity || !slices.Equal(problems(w), []string{"reason"}) {
		t.Errorf("a no without a reason: %d %v", w.Code, problems(w))
	}
	h.who = agencytest.Staff("duty-2", access.CaseWorker)
	if w := h.send(where+"/no", url.Values{"reason": {"full"}}); w.Code != http.StatusForbidden {
		t.Errorf("a colleague who is not assigned says no: %d", w.Code)
	}
	if page := h.get(where).Body.String(); strings.Contains(page, where+"/no") || !strings.Contains(page, "You are not assigned to this case") {
		t.Error("a colleague is offered an answer, or is not told why there is none")
	}
	h.who = agencytest.Staff("lead-1", access.DutyLead)
	if w := h.send(where+"/no", url.Values{"reason": {"full"}}); w.Header().Get("Location") != where {
		t.Errorf("saying no: %d", w.Code)
	}
	if got := h.last(of); !strings.Contains(got, `"reason":"full"`) {
		t.Errorf("said %s", got)
	}
	if page := h.get(where).Body.String(); !strings.Contains(page, "Nothing more is asked of you") {
		t.Error("after the no something is still asked")
	}
}

func TestAPersonWithoutADutyCodeGivesOne(t *testing.T) {
	h := newHouse(t, events.Shelter)
	h.who = agencytest.Staff("robin", access.CaseWorker)
	of, referral := h.asks()
	where := "/tonight/answer/" + string(of) + "/" + string(referral)
	if page := h.get(where).Body.String(); !strings.Contains(page, `name="duty"`) {
		t.Error("no duty code is asked for")
	}
	for _, wrong := range []string{"Robin", ""} {
		if w := h.send(where+"/seen", url.Values{"duty": {wrong}}); w.Code != http.StatusUnprocessableEntity || !slices.Equal(problems(w), []string{"duty"}) || !strings.Contains(w.Body.String(), `value="`+wrong+`"`) {
			t.Errorf("%q as a duty code: %d %v", wrong, w.Code, problems(w))
		}
	}
	h.send(where+"/seen", url.Values{"duty": {"duty-7"}})
	if got := h.last(of); !strings.Contains(got, `"duty":"duty-7"`) {
		t.Errorf("said %s", got)
	}
}

func TestTheRunningRequestIsLive(t *testing.T) {
	h := newHouse(t, events.Police)
	form := h.bed()
	h.send("/tonight", form)
	h.log.Admit(h.a)
	server := httptest.NewServer(agencytest.Signed(h.pages, h.who))
	defer server.Close()
	ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
	defer end()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/tonight/"+form.Get("case")+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewScanner(stream.Body)
	until := func(what string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return
			}
		}
		t.Fatalf("the stream never says %q: %v", what, lines.Err())
	}
	until("hill-shelter")
	views, err := h.a.AskedBy(events.CaseID(form.Get("case")))
	if err != nil {
		t.Fatal(err)
	}
	h.log.Says(agencytest.OtherShelter, events.CaseID(form.Get("case")), views[0].Referral, &events.ReferralAccepted{Said: h.log.Now()})
	until("hill-shelter said yes")
}

func TestOnlyWhoTakesPartSeesTheNight(t *testing.T) {
	h := newHouse(t, events.Shelter)
	of, referral := h.asks()
	for _, path := range []string{
		"/tonight/" + string(h.log.NewCase()), "/tonight/answer/" + string(of) + "/" + string(of), "/tonight/answer/" + string(h.log.NewCase()) + "/" + string(referral),
	} {
		if w := h.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	h.who = agencytest.Staff("auditor-1", access.Auditor)
	for _, path := range []string{"/tonight", "/tonight/answer/" + string(of) + "/" + string(referral)} {
		if w := h.get(path); w.Code != http.StatusForbidden {
			t.Errorf("an auditor at %s: %d", path, w.Code)
		}
	}
}
