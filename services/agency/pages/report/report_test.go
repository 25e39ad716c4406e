package report_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// house is an agency with the pages of the report, and who is signed in.
type house struct {
	t     *testing.T
	log   *agencytest.Log
	a     *agency.Agency
	pages http.Handler
	who   *access.Person
}

func newHouse(t *testing.T, kind events.AgencyKind) *house {
	t.Helper()
	h := &house{t: t, log: agencytest.New(t, kind), who: agencytest.Staff("officer-1", access.CaseWorker)}
	h.opens()
	return h
}

// opens starts the agency, as after a restart.
func (h *house) opens() {
	h.t.Helper()
	h.a = h.log.Open()
	p, err := pages.New(h.a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.pages = p.Handler()
}

func (h *house) get(path string) *httptest.ResponseRecorder {
	h.t.Helper()
	return agencytest.Page(h.pages, h.who, path)
}

func (h *house) send(path string, pairs ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return agencytest.Send(h.pages, h.who, path, form)
}

// begins starts a report and gives the draft's path.
func (h *house) begins() string {
	h.t.Helper()
	w := h.send("/report")
	at := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasSuffix(at, "/now") {
		h.t.Fatalf("beginning a report: %d %s", w.Code, at)
	}
	return strings.TrimSuffix(at, "/now")
}

// goes sends a step, and fails unless it leads to another page of the draft.
func (h *house) goes(draft, step, next string, pairs ...string) {
	h.t.Helper()
	if w := h.get(draft + "/" + step); w.Code != http.StatusOK {
		h.t.Fatalf("%s: %d %s", step, w.Code, w.Header().Get("Location"))
	}
	w := h.send(draft+"/"+step, pairs...)
	if at := w.Header().Get("Location"); w.Code != http.StatusSeeOther || at != draft+"/"+next {
		h.t.Fatalf("%s led to %d %s, want %s; it says %q", step, w.Code, at, next, problems(w))
	}
}

// problems are what an error summary says.
func problems(w *httptest.ResponseRecorder) (said []string) {
	for _, m := range regexp.MustCompile(`href="#([^"]+)">([^<]*)<`).FindAllStringSubmatch(w.Body.String(), -1) {
		if m[1] != "content" {
			said = append(said, m[1]+": "+m[2])
		}
	}
	return said
}

func caseOf(draft string) events.CaseID { return events.CaseID(strings.TrimPrefix(draft, "/report/")) }

// aBed goes through every step up to reading it through: a woman who wants a bed and
// a lawyer, and no police.
func (h *house) aBed() string {
	h.t.Helper()
	draft := h.begins()
	h.goes(draft, "now", "rights", "danger", "no", "age", "adult", "channel", "in-person")
	h.goes(draft, "rights", "consent", "told", "yes", "language", "lit", "interpreter", "independent")
	h.goes(draft, "consent", "needs", "offer.bed", "yes", "offer.social", "no", "offer.doctor", "not-now", "capacity", "clear", "present", "interpreter")
	h.goes(draft, "needs", "details", "needs", "emergency-shelter", "urgency", "tonight", "region", "GB-ENG", "sex", "woman", "under9", "1", "safety", "pursued", "with_person", "yes")
	h.goes(draft, "details", "signs", "call_back", "+44 7700 900123", "safe", "only after 22:00", "name", "Invented Pseudonym", "risk_note", "He knows the street")
	h.goes(draft, "signs", "whom", "signs", "isolation", "signs", "debt-bondage", "keep", "no")
	h.goes(draft, "whom", "check", "to.bed", string(agencytest.OtherShelter), "order.bed", "in-turn")
	return draft
}

// says lists what the agency said in a case, oldest first.
func (h *house) says(of events.CaseID) (types []string) {
	h.t.Helper()
	view, err := h.a.Case(of)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, line := range view.Trail {
		types = append(types, line.Type)
	}
	return types
}

func TestAReportFromTheFirstPageToWhatHappensNow(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.aBed()
	check := h.get(draft + "/check").Body.String()
	for _, shown := range []string{"hill-shelter", "Lithuanian", "A safe place to stay", "Codes only"} {
		if !strings.Contains(check, shown) {
			t.Errorf("the last page does not say %q", shown)
		}
	}
	of := caseOf(draft)
	for range 2 { // sent twice, it is reported once
		if w := h.send(draft + "/check"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != draft+"/sent" {
			t.Fatalf("sending: %d %s %q", w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	want := []string{
		"case.opened", "rights.informed", "consent.given", "consent.refused", "risk.assessed", "referral.requested",
		"record.sealed", "record.sealed", "record.sealed", "record.sealed",
	}
	if got := h.says(of); !slices.Equal(got, want) {
		t.Errorf("said %v, want %v", got, want)
	}
	if assigned := h.a.Assigned(of); !slices.Equal(assigned, []string{"officer-1"}) {
		t.Errorf("assigned to %v", assigned)
	}
	sent := h.get(draft + "/sent")
	for _, shown := range []string{"What happens now", "hill-shelter", "testland-coordination", "/cases/" + string(of)} {
		if sent.Code != http.StatusOK || !strings.Contains(sent.Body.String(), shown) {
			t.Errorf("%d: what happens now does not say %q", sent.Code, shown)
		}
	}
	if w := h.get(draft + "/consent"); w.Header().Get("Location") != draft+"/sent" {
		t.Errorf("the way back into a sent report leads to %d %s", w.Code, w.Header().Get("Location"))
	}
	if _, err := h.a.Form(t.Context(), of); err == nil {
		t.Error("the draft outlived the report")
	}
	if w := h.send(draft+"/details/keep", "seen", "never", "name", "late"); w.Code != http.StatusSeeOther {
		t.Errorf("what was still typed after sending was kept: %d", w.Code)
	}
}

func TestWhatIsOnTheWireHoldsNothingThatWasTyped(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.aBed()
	h.send(draft + "/check")
	view, err := h.a.Case(caseOf(draft))
	if err != nil {
		t.Fatal(err)
	}
	facts, err := json.Marshal(view.Trail)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"900123", "Pseudonym", "22:00", "street", "isolation", "debt-bondage"} {
		if strings.Contains(string(facts), typed) {
			t.Errorf("what was typed stands in the clear: %s", typed)
		}
	}
}

func TestAnAnswerThatCannotStandIsNamedAndKept(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.begins()
	w := h.send(draft+"/now", "danger", "no", "channel", "telephone")
	if got := problems(w); w.Code != http.StatusUnprocessableEntity || len(got) != 1 || !strings.HasPrefix(got[0], "age: Is the person an adult?") {
		t.Fatalf("%d %q", w.Code, got)
	}
	if !strings.Contains(w.Body.String(), `value="telephone" checked`) || !strings.Contains(w.Body.String(), `id="age"`) {
		t.Error("what was answered is lost, or the summary points nowhere")
	}
	h.goes(draft, "now", "rights", "danger", "no", "age", "adult", "channel", "telephone")
	if got := problems(h.send(draft+"/rights", "language", "klingon", "interpreter", "none")); len(got) != 2 {
		t.Errorf("the rights: %q", got)
	}
	h.goes(draft, "rights", "consent", "told", "yes", "language", "lit", "interpreter", "none")
	if got := problems(h.send(draft+"/consent", "offer.bed", "")); len(got) != 1 {
		t.Errorf("no offer: %q", got)
	}
	if got := problems(h.send(draft+"/consent", "offer.bed", "yes")); len(got) != 2 {
		t.Errorf("a yes without how it was given: %q", got)
	}
	h.goes(draft, "consent", "needs", "offer.bed", "yes", "capacity", "clear", "present", "person-alone")
	if got := problems(h.send(draft+"/needs", "needs", "legal-aid", "urgency", "soon", "under9", "200")); len(got) != 3 {
		t.Errorf("needs that are none of a shelter's business, a word that is no urgency, too many children: %q", got)
	}
	h.goes(draft, "needs", "details", "needs", "safe-accommodation", "urgency", "standard")
	w = h.send(draft+"/details", "call_back", "ask at the bar", "name", strings.Repeat("x", 201))
	if got := problems(w); len(got) != 2 || !strings.Contains(w.Body.String(), "ask at the bar") {
		t.Errorf("the details: %q", got)
	}
	if got := problems(h.send(draft+"/details", "call_back", "112 34")); len(got) != 1 || !strings.HasPrefix(got[0], "safe:") {
		t.Errorf("a number without when it is safe: %q", got)
	}
	if w := h.get(draft + "/check"); w.Header().Get("Location") != draft+"/details" {
		t.Errorf("the last page leads to %s", w.Header().Get("Location"))
	}
}

func TestBackAndForthLosesNothingAndForgetsWhatAChangedAnswerCloses(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.aBed()
	if w := h.get(draft + "/details"); !strings.Contains(w.Body.String(), "Invented Pseudonym") {
		t.Error("on the way back the name is gone")
	}
	// The person takes the yes back and wants only a doctor: the risk is none of a doctor's business.
	h.goes(draft, "consent", "needs", "offer.doctor", "yes", "capacity", "clear", "present", "person-alone")
	if got := problems(h.send(draft+"/needs", "needs", "emergency-shelter", "urgency", "standard")); len(got) != 1 {
		t.Errorf("a need of before: %q", got)
	}
	h.goes(draft, "needs", "details", "needs", "medical", "urgency", "standard")
	page := h.get(draft + "/details").Body.String()
	if strings.Contains(page, "risk_note") || strings.Contains(page, "He knows") || !strings.Contains(page, "Invented Pseudonym") {
		t.Error("a doctor's details ask for the risk, or lost the name")
	}
	kept, err := h.a.Form(t.Context(), caseOf(draft))
	if err != nil || strings.Contains(string(kept.Form), "He knows") {
		t.Errorf("the draft still holds what nobody may get: %v", err)
	}
	// And then nothing at all.
	h.goes(draft, "consent", "way-back", "offer.doctor", "no", "offer.bed", "not-now")
	kept, err = h.a.Form(t.Context(), caseOf(draft))
	if err != nil || strings.Contains(string(kept.Form), "Pseudonym") || strings.Contains(string(kept.Form), "isolation") {
		t.Errorf("after a no to everything the draft holds more than that: %v", err)
	}
}

// A page saves by itself while somebody types. What arrives after the step was sent is
// older than that, and changes nothing; many savings at once lose no step.
func TestWhatIsSavedLateDoesNotTakeThePlaceOfWhatWasSent(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.begins()
	h.goes(draft, "now", "rights", "danger", "no", "age", "adult", "channel", "in-person")
	if w := h.send(draft+"/now/keep", "seen", "never", "danger", "no", "age", "child", "channel", "telephone"); w.Code != http.StatusOK {
		t.Fatalf("saving late: %d", w.Code)
	}
	if page := h.get(draft + "/now").Body.String(); !strings.Contains(page, `value="adult" checked`) {
		t.Error("what was saved late took the place of what was sent")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			agencytest.Send(h.pages, h.who, draft+"/rights/keep", url.Values{"seen": {"never"}, "language": {"eng"}})
		})
	}
	h.goes(draft, "rights", "consent", "told", "yes", "language", "lit", "interpreter", "none")
	all.Wait()
	if page := h.get(draft + "/rights").Body.String(); !strings.Contains(page, `value="lit" selected`) {
		t.Error("savings on the way took the place of what was sent")
	}
}

// Somebody tries an answer out on a step that was sent: nothing is forgotten for that,
// and nothing is sent before they went on.
func TestAnAnswerThatIsOnlyTriedOutCountsForNothing(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.aBed()
	at := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(h.get(draft + "/consent").Body.String())
	if at == nil {
		t.Fatal("the step does not say when it was sent")
	}
	if w := h.send(draft+"/consent/keep", "seen", at[1], "offer.bed", "no"); w.Code != http.StatusOK {
		t.Fatalf("saving: %d", w.Code)
	}
	for range 2 {
		if w := h.send(draft + "/check"); w.Header().Get("Location") != draft+"/consent" {
			t.Errorf("sending leads to %d %s", w.Code, w.Header().Get("Location"))
		}
	}
	h.goes(draft, "consent", "needs", "offer.bed", "yes", "offer.social", "no", "capacity", "clear", "present", "interpreter")
	if page := h.get(draft + "/details").Body.String(); !strings.Contains(page, "Invented Pseudonym") {
		t.Error("what was typed is forgotten for an answer that was only tried out")
	}
}

func TestARefusalLeavesOnlyTheNoticeAndTheWayBack(t *testing.T) {
	h := newHouse(t, events.Shelter)
	draft := h.begins()
	h.goes(draft, "now", "rights", "danger", "unsure", "age", "adult", "channel", "in-person")
	h.goes(draft, "rights", "consent", "told", "yes", "language", "eng", "interpreter", "none")
	h.goes(draft, "consent", "way-back", "offer.police", "no", "offer.bed", "not-now")
	h.goes(draft, "way-back", "check", "way_back", "hotline-number", "notify", "yes", "region", "GB-WLS")
	if w := h.get(draft + "/needs"); w.Header().Get("Location") != draft+"/check" {
		t.Errorf("needs are asked after a no: %d", w.Code)
	}
	h.send(draft + "/check")
	of := caseOf(draft)
	if got, want := h.says(of), []string{"case.opened", "rights.informed", "consent.refused", "help.declined", "notice.sent"}; !slices.Equal(got, want) {
		t.Errorf("said %v, want %v", got, want)
	}
	sent := h.get(draft + "/sent").Body.String()
	if !strings.Contains(sent, string(agencytest.Coordinator)) || !strings.Contains(sent, "wants no help now") {
		t.Error("what happens now does not say who was told, and that no help is wanted")
	}
	tasks, err := h.a.Tasks(t.Context())
	if err != nil || len(tasks) != 0 {
		t.Errorf("after a no the house asks %d questions, %v", len(tasks), err)
	}
}

func TestAChildIsToldOfAtOnceAndNeedsNobodysYes(t *testing.T) {
	h := newHouse(t, events.Shelter)
	draft := h.begins()
	h.goes(draft, "now", "rights", "danger", "no", "age", "unsure", "channel", "in-person")
	h.goes(draft, "rights", "consent", "told", "yes", "language", "vie", "interpreter", "independent")
	if page := h.get(draft + "/consent").Body.String(); !strings.Contains(page, string(agencytest.ChildProtection)) {
		t.Error("the rules for children are not said")
	}
	if got := problems(h.send(draft+"/consent", "offer.social", "yes", "conflict", "yes", "by", "guardian", "child_view", "agrees", "capacity", "clear", "present", "guardian")); len(got) != 1 || !strings.HasPrefix(got[0], "by:") {
		t.Errorf("a guardian who may be involved: %q", got)
	}
	h.goes(draft, "consent", "needs", "offer.social", "not-now", "conflict", "yes")
	h.goes(draft, "needs", "details", "needs", "safe-accommodation", "urgency", "tonight", "with_person", "yes")
	h.goes(draft, "details", "signs", "name", "Invented Pseudonym")
	h.goes(draft, "signs", "whom", "keep", "no")
	if page := h.get(draft + "/whom").Body.String(); !strings.Contains(page, `value="`+string(agencytest.ChildProtection)+`" checked`) {
		t.Error("child protection is not suggested")
	}
	h.goes(draft, "whom", "check", "to.child-protection", string(agencytest.ChildProtection))
	if w := h.send(draft + "/check"); w.Code != http.StatusSeeOther {
		t.Fatalf("sending: %d %s", w.Code, w.Body)
	}
	want := []string{"case.opened", "notice.sent", "rights.informed", "guardian.conflicted", "risk.assessed", "referral.requested", "record.sealed", "record.sealed", "record.sealed"}
	if got := h.says(caseOf(draft)); !slices.Equal(got, want) {
		t.Errorf("said %v, want %v", got, want)
	}
}

func TestADraftBelongsToItsAuthorAndOutlivesARestart(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.begins()
	h.goes(draft, "now", "rights", "danger", "no", "age", "adult", "channel", "in-person")
	if w := h.send(draft+"/rights/keep", "seen", "never", "language", "lit"); w.Code != http.StatusOK {
		t.Errorf("keeping what is typed: %d", w.Code)
	}
	if err := h.a.Close(); err != nil {
		t.Fatal(err)
	}
	h.opens()
	if w := h.get(draft); w.Header().Get("Location") != draft+"/rights" {
		t.Errorf("after a restart the draft leads to %d %s", w.Code, w.Header().Get("Location"))
	}
	if page := h.get(draft + "/rights").Body.String(); !strings.Contains(page, `value="lit" selected`) || !strings.Contains(page, "deleted by itself on") {
		t.Error("after a restart what was typed, or when it goes, is not there")
	}
	h.who = agencytest.Staff("officer-2", access.CaseWorker)
	for _, path := range []string{draft + "/rights", draft + "/delete", draft} {
		if w := h.get(path); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "lit") {
			t.Errorf("a colleague at %s: %d", path, w.Code)
		}
	}
	if w := h.send(draft+"/rights", "language", "eng"); w.Code != http.StatusForbidden {
		t.Errorf("a colleague writes: %d", w.Code)
	}
	if page := h.get("/report").Body.String(); strings.Contains(page, draft) {
		t.Error("a colleague's list shows the draft")
	}
	h.who = agencytest.Staff("lead-1", access.DutyLead)
	if page := h.get(draft + "/rights").Body.String(); !strings.Contains(page, "officer-1") {
		t.Error("the duty lead is not told whose draft it is")
	}
	if w := h.send(draft + "/delete"); w.Header().Get("Location") != "/report" {
		t.Errorf("deleting: %d", w.Code)
	}
	if w := h.get(draft + "/rights"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "This draft is gone") {
		t.Errorf("a deleted draft: %d", w.Code)
	}
}

func TestDangerComesFirst(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.begins()
	h.goes(draft, "now", "danger", "danger", "yes", "age", "adult", "channel", "in-person")
	page := h.get(draft + "/danger").Body.String()
	if !strings.Contains(page, "112") || !strings.Contains(page, `href="/tonight"`) || !strings.Contains(page, draft+"/rights") {
		t.Error("the page about danger lacks the number, the night or the way on")
	}
}

func TestTheSignsAdviseAndStayWhereTheyWereTold(t *testing.T) {
	h := newHouse(t, events.Police)
	draft := h.aBed()
	h.goes(draft, "signs", "signs", "signs", "isolation", "keep", "yes", "go", "stay")
	page := h.get(draft + "/signs").Body.String()
	if strings.Count(page, `name="signs"`) != 11 || !strings.Contains(page, "International Labour Organization") || !strings.Contains(page, "decided elsewhere") {
		t.Error("the list, its source or the advice is not whole")
	}
	if check := h.get(draft + "/check").Body.String(); !strings.Contains(check, "go sealed with the dangers") {
		t.Error("the last page does not say where the signs go")
	}
}

func TestNobodyElseReports(t *testing.T) {
	h := newHouse(t, events.Police)
	for _, role := range []access.Role{access.Auditor, access.DPO, access.Coordinator, access.Rapporteur} {
		h.who = agencytest.Staff("other-1", role)
		if w := h.get("/report"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", role, w.Code)
		}
	}
	h.who = nil
	if w := h.get("/report"); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in") {
		t.Errorf("nobody: %d", w.Code)
	}
	h.who = agencytest.Staff("officer-1", access.CaseWorker)
	if w := h.get("/report/" + string(h.log.NewCase()) + "/now"); w.Code != http.StatusNotFound {
		t.Errorf("a draft that never was: %d", w.Code)
	}
}
