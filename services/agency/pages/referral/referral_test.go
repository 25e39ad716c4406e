package referral_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// desk is a shelter whose people work with the pages.
type desk struct {
	*agencytest.Log

	t     *testing.T
	a     *agency.Agency
	pages http.Handler
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, Log: agencytest.New(t, events.Shelter)}
	d.a = d.Open()
	p, err := pages.New(d.a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	d.pages = p.Handler()
	return d
}

// asked is a person of the police for whom the shelter is asked, with a sealed name.
func (d *desk) asked(urgency events.Urgency) (path string, of events.CaseID) {
	d.t.Helper()
	of = d.NewCase()
	d.Says(agencytest.Police, of, "", &events.CaseOpened{Said: d.Now(), Age: events.Adult})
	request := d.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: d.Now(), To: events.Set[events.AgencyID]{agencytest.Own, agencytest.OtherShelter}, Order: events.InTurn, Purpose: events.PurposeAccommodation, Urgency: urgency,
		Age: events.Adult, Sex: "woman", Language: "ron", Region: "EE-37", Children: events.Children{Under9: 2}, Safety: events.Set[events.Safety]{"pursued"},
		Sections: events.Set[events.Section]{events.SectionIdentity, events.SectionRisk}, Needs: events.Set[events.Need]{"emergency-shelter"},
	})
	return "/referrals/" + string(of) + "/" + string(request.ID), of
}

// accepted is asked, with the answer yes, and the sealed name released.
func (d *desk) accepted(urgency events.Urgency) (path string, of events.CaseID, record events.Event) {
	d.t.Helper()
	path, of = d.asked(urgency)
	d.send(worker(), say(path, "referral.accepted"), url.Values{}, http.StatusSeeOther)
	d.Admit(d.a)
	return path, of, d.shares(path)
}

// shares has the police seal a name, and the hub release it.
func (d *desk) shares(path string) events.Event {
	d.t.Helper()
	of, id, _ := strings.Cut(strings.TrimPrefix(path, "/referrals/"), "/")
	record := d.Seals(agencytest.Police, events.TypeRecordSealed, events.CaseID(of), events.ReferralID(id), events.PurposeAccommodation, events.SectionIdentity,
		`{"name":"Robin Example","first_seen":true}`)
	d.Releases(record)
	return record
}

func (d *desk) page(who *access.Person, path string, want int) string {
	d.t.Helper()
	w := agencytest.Page(d.pages, who, path)
	if w.Code != want {
		d.t.Fatalf("%s answers %d, want %d", path, w.Code, want)
	}
	return w.Body.String()
}

func (d *desk) send(who *access.Person, path string, form url.Values, want int) *httptest.ResponseRecorder {
	d.t.Helper()
	w := agencytest.Send(d.pages, who, path, form)
	if w.Code != want {
		d.t.Fatalf("the form of %s is answered with %d, want %d", path, w.Code, want)
	}
	return w
}

func (d *desk) shows(page string, texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			d.t.Errorf("the page does not show %q", text)
		}
	}
}

func (d *desk) hides(page string, texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			d.t.Errorf("the page shows %q", text)
		}
	}
}

func worker() *access.Person { return agencytest.Staff("duty-1", access.CaseWorker) }

func other() *access.Person { return agencytest.Staff("duty-2", access.CaseWorker) }

func say(path, what string) string {
	of, id, _ := strings.Cut(strings.TrimPrefix(path, "/referrals/"), "/")
	return "/cases/" + of + "/say/" + what + "?referral=" + id
}

func TestWhoeverIsAskedSeesCodesUntilTheyAcceptAndAnswersOnThePage(t *testing.T) {
	d := newDesk(t)
	path, of := d.asked(events.Tonight)
	before := d.page(worker(), path, http.StatusOK)
	d.shows(before, "testtown-police asks for help", "A bed tonight", "Romanian", "number 1 of 2", "Accept", "Say that we have seen it", "Decline", "Ask a question",
		"Somebody may be looking for the person", "tenths-9", "Nothing that you may open has arrived")
	d.hides(before, "Robin", "/open/")
	d.page(other(), path, http.StatusOK) // all of the staff, while nobody answered

	answered := d.send(worker(), say(path, "referral.accepted"), url.Values{}, http.StatusSeeOther)
	if to := answered.Header().Get("Location"); to != path+"?said=referral.accepted" {
		t.Errorf("leads to %s", to)
	}
	if got := d.a.Assigned(of); len(got) != 1 || got[0] != "duty-1" {
		t.Errorf("assigned is %v", got)
	}
	d.Admit(d.a)
	record := d.shares(path)
	d.page(other(), path, http.StatusForbidden) // from now on it is the case of whoever accepted
	after := d.page(worker(), path+"?said=referral.accepted", http.StatusOK)
	d.shows(after, "Done.", "Accepted", "Name and identity", path+"/open/"+string(record.ID), "Arrange the hand-over", "What is not possible now, and why")
	d.hides(after, "Robin")
}

func TestAnOpenedSectionIsShownOnceWithWordsAndLogged(t *testing.T) {
	d := newDesk(t)
	path, _, record := d.accepted(events.Standard)
	open := path + "/open/" + string(record.ID)
	d.shows(d.page(worker(), open, http.StatusOK), "A place to stay", "Case worker", "On which ground do you open it?", "The person&#39;s consent")
	d.shows(d.send(worker(), open, url.Values{}, http.StatusUnprocessableEntity).Body.String(), "ds-error-summary", `href="#basis"`, "Please answer this.")
	d.send(other(), open, url.Values{"basis": {"consent"}}, http.StatusForbidden)

	opened := d.send(worker(), open, url.Values{"basis": {"consent"}}, http.StatusOK)
	text := opened.Body.String()
	d.shows(text, "Robin Example", "<dt>Name</dt>", `<span class="code">first_seen</span>`, "<dd>Yes</dd>")
	if opened.Header().Get("Cache-Control") != "no-store" || strings.Contains(between(text, "<title>", "</title>"), "Robin") {
		t.Error("what was opened may be kept, or stands in the title")
	}
	reads, err := d.a.ReadLog(t.Context())
	if err != nil || len(reads) != 1 || reads[0].Reader != "duty-1" || reads[0].Role != "case-worker" || reads[0].Basis != "consent" || reads[0].Purpose != events.PurposeAccommodation {
		t.Errorf("the read log says %+v, %v", reads, err)
	}

	stale := worker()
	stale.Proved = time.Now().Add(-time.Hour)
	again := d.send(stale, open, url.Values{"basis": {"consent"}}, http.StatusSeeOther)
	if to := again.Header().Get("Location"); !strings.HasPrefix(to, "/sign-in?again=1") {
		t.Errorf("whoever has not proved who they are is led to %s", to)
	}
}

func TestAWithdrawnSectionSaysWhyItStaysClosed(t *testing.T) {
	d := newDesk(t)
	path, of, record := d.accepted(events.Standard)
	d.Says(agencytest.Police, of, "", &events.ConsentWithdrawn{Said: d.Now(), Recipient: events.Recipient{Class: events.Shelter}})
	page := d.page(worker(), path, http.StatusOK)
	d.shows(page, "The consent was taken back", "Say what became of the data")
	open := path + "/open/" + string(record.ID)
	d.hides(d.page(worker(), open, http.StatusOK), "<form method=\"post\" action=\"/referrals")
	d.hides(d.send(worker(), open, url.Values{"basis": {"consent"}}, http.StatusOK).Body.String(), "Robin")
}

func TestAQuestionIsAskedAndItsAnswerReadSealed(t *testing.T) {
	d := newDesk(t)
	path, _ := d.asked(events.Standard)
	tooLong := d.send(worker(), say(path, "referral.asked"), url.Values{"text": {strings.Repeat("a", 2001)}}, http.StatusUnprocessableEntity)
	d.shows(tooLong.Body.String(), "at most 2000 characters", `href="#text"`, strings.Repeat("a", 2001))
	d.send(worker(), say(path, "referral.asked"), url.Values{"text": {"Is there a pram?"}}, http.StatusSeeOther)
	d.Admit(d.a)
	page := d.page(worker(), path, http.StatusOK)
	d.shows(page, "We asked testtown-police a question", "There is no answer yet")
	d.hides(page, "pram")
	of, id, _ := strings.Cut(strings.TrimPrefix(path, "/referrals/"), "/")
	reply := d.Seals(agencytest.Police, events.TypeReferralAnswered, events.CaseID(of), events.ReferralID(id), events.PurposeAccommodation, events.SectionQuestion, `{"text":"No pram."}`)
	d.Releases(reply)
	d.shows(d.page(worker(), path, http.StatusOK), "Read the answer")
	d.shows(d.send(worker(), path+"/open/"+string(reply.ID), url.Values{"basis": {"consent"}}, http.StatusOK).Body.String(), "No pram.")
}

func TestADeclineNeedsAReasonAndIsSaidOnce(t *testing.T) {
	d := newDesk(t)
	path, of := d.asked(events.Standard)
	refused := d.send(worker(), say(path, "referral.declined"), url.Values{"happened.day": {"2026-02-31"}}, http.StatusUnprocessableEntity).Body.String()
	d.shows(refused, `href="#reason"`, "Why can you not take the person? Please answer this.", `value="2026-02-31"`, "a day and a time that exist")
	id := between(refused, `name="statement" value="`, `"`)
	form := url.Values{"statement": {id}, "reason": {"full"}}
	for range 2 { // pressed twice
		d.send(worker(), say(path, "referral.declined"), form, http.StatusSeeOther)
	}
	if got := d.declines(of); got != 1 {
		t.Errorf("it was declined %d times", got)
	}
}

func (d *desk) declines(of events.CaseID) (n int) {
	c, err := d.a.Stands(of)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, item := range c.Trail() {
		if item.Type == events.TypeReferralDeclined {
			n++
		}
	}
	return n
}

// Nothing is offered that would be denied: who only watches sees what there is, and why
// there is no button.
func TestWhoMayNotSpeakOrOpenIsOfferedNeither(t *testing.T) {
	d := newDesk(t)
	path, _, record := d.accepted(events.Standard)
	page := d.page(agencytest.Staff("dpo-1", access.DPO), path, http.StatusOK)
	d.shows(page, "Name and identity", `class="why"`)
	d.hides(page, "/open/"+string(record.ID), "/say/")
}

func TestWhatLeadsNowhereIsNoPage(t *testing.T) {
	d := newDesk(t)
	path, _ := d.asked(events.Standard)
	for _, wrong := range []string{"/referrals/x/y", path + "x", "/referrals/" + string(d.NewCase()) + "/" + string(d.NewCase()), path + "/open/" + string(d.NewCase())} {
		w := agencytest.Page(d.pages, agencytest.Staff("lead-1", access.DutyLead), wrong)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", wrong, w.Code)
		}
	}
}

// between is the text from a mark to the next end; empty if the mark is not there.
func between(text, mark, end string) string {
	_, after, _ := strings.Cut(text, mark)
	inside, _, _ := strings.Cut(after, end)
	return inside
}
