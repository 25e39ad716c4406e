package pages_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

// status is what a screen reader is told of a page or a part of one: the text of the
// place with an id, which must be announced when it changes.
func status(t *testing.T, text, id string) string {
	t.Helper()
	found := regexp.MustCompile(`<p id="` + id + `"[^>]* role="status">([^<]*)</p>`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("nothing called %s is announced: %s", id, text)
	}
	return found[1]
}

// until gives the first event of a stream that is wanted.
func until(t *testing.T, stream <-chan [2]string, want func(text string) bool) string {
	t.Helper()
	for {
		if got := next(t, stream); want(got[1]) {
			return got[1]
		}
	}
}

// goesOn checks how a page connects to its live part.
func goesOn(t *testing.T, w *httptest.ResponseRecorder, path string) {
	t.Helper()
	shows(t, w, http.StatusOK, `hx-sse:connect="`+path+`"`, `hx-sse:close="ended"`, `hx-swap="innerMorph"`, `hx-status:4xx="swap:none"`, `{"Last-Event-ID":"`)
}

func TestACaseGoesOnByItselfAndLeavesItsFormAlone(t *testing.T) {
	l := agencytest.New(t, events.Social)
	a, h := served(t, l)
	of := own(t, l, a)
	l.Admit(a)
	path := "/cases/" + string(of)
	page := agencytest.Page(h, lead(), path)
	goesOn(t, page, path+"/live")
	before := status(t, page.Body.String(), "case-newest")

	stream := follows(t, h, lead(), path+"/live", "")
	first := next(t, stream)[1]
	if got := status(t, first, "case-newest"); got != before || strings.Contains(first, "<h1") || strings.Contains(first, "<html") {
		t.Errorf("the part says %q, the page %q", got, before)
	}
	say(t, a, agency.Statement{Case: of, Payload: &events.PersonMissing{Said: l.Now()}})
	text := until(t, stream, func(text string) bool { return strings.Contains(text, "The person is missing since") })
	if got := status(t, text, "case-newest"); got == before {
		t.Errorf("nothing is announced: %q", got)
	}
	form := regexp.MustCompile(`(?s)<form [^>]*id="staff-add"[^>]* hx-morph-skip>.*?</form>`).FindString(text)
	if !strings.Contains(form, `name="staff"`) {
		t.Error("the form would be replaced")
	}
	for _, link := range regexp.MustCompile(`<(?:a|button|summary|input) [^>]*>`).FindAllString(strings.ReplaceAll(text, form, ""), -1) {
		if !strings.Contains(link, " id=") && !strings.Contains(link, " disabled") && !strings.Contains(link, `type="hidden"`) {
			t.Errorf("what can have the focus has no name to keep it by: %s", link)
		}
	}
}

// A case that somebody no longer works on leaves their screen.
func TestACaseEndsOnTheScreenOfWhoeverMayNotSeeItAnyMore(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	of, _ := asks(l, events.Standard)
	path := "/cases/" + string(of) + "/live"
	if w := agencytest.Page(h, worker(), path); w.Code == http.StatusOK {
		t.Errorf("a case that is not theirs is followed: %d", w.Code)
	}
	if err := a.Assign(t.Context(), of, "worker-1", "lead-1"); err != nil {
		t.Fatal(err)
	}
	stream := follows(t, h, worker(), path, "")
	if got := next(t, stream); !strings.Contains(got[1], string(of)) {
		t.Fatalf("the stream says %v", got)
	}
	if err := a.Unassign(t.Context(), of, "worker-1", "lead-1"); err != nil {
		t.Fatal(err)
	}
	if got := next(t, stream); got[0] != "ended" {
		t.Errorf("shown after it was taken away: %v", got)
	}
	if got, open := <-stream; open {
		t.Errorf("after the end the stream says %v", got)
	}
}

func TestWhatIsLateComesAndGoesByItself(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	_, h := served(t, l)
	page := agencytest.Page(h, worker(), "/overdue")
	goesOn(t, page, "/overdue/live")
	if got := status(t, page.Body.String(), "overdue-count"); got != "Nothing is late." {
		t.Errorf("announced: %q", got)
	}
	stream := follows(t, h, worker(), "/overdue/live", "")
	next(t, stream)
	l.At(func() time.Time { return time.Now().Add(-time.Hour) })
	asks(l, events.Tonight)
	text := until(t, stream, func(text string) bool { return strings.Contains(text, "What we owe") })
	if got := status(t, text, "overdue-count"); got != "2 things are late or soon will be." {
		t.Errorf("announced: %q", got)
	}
	ids := regexp.MustCompile(` id="(late-[^"]*)"`).FindAllStringSubmatch(text, -1)
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id[1]] {
			t.Errorf("two lines are called %s", id[1])
		}
		seen[id[1]] = true
	}
	if len(ids) < 2 {
		t.Errorf("%d lines have a name to keep the focus by", len(ids))
	}
}
