package pages_test

import (
	"net/http"
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

func TestAnEmptyInboxTeaches(t *testing.T) {
	_, h := served(t, agencytest.New(t, events.Shelter))
	shows(t, agencytest.Page(h, worker(), "/inbox"), http.StatusOK, "Nothing waits for our answer.", "appears here by itself", `href="/report"`, "The hub is out of reach")
	w := agencytest.Page(h, agencytest.Staff("coordinator-1", access.Coordinator), "/inbox")
	shows(t, w, http.StatusOK, "Nothing waits for our answer.")
	if strings.Contains(w.Body.String(), `href="/report"`) {
		t.Error("a coordinator is offered to report")
	}
}

func TestTheInboxShowsCodedFactsToAllWhoMayAnswer(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	_, h := served(t, l)
	of, referral := asks(l, events.Tonight)
	standard, other := asks(l, events.Standard)
	w := agencytest.Page(h, worker(), "/inbox")
	shows(t, w, http.StatusOK, "2 requests wait", "A safe place to live", "Adult, Woman", "2 children up to 8 years", "Lithuanian", "Somebody may be looking for the person",
		"A place without steps", "England", "testtown-police (Police)", "Only we are asked.", "14 minutes left", "data-urgent",
		"/tonight/answer/"+string(of)+"/"+string(referral), "/referrals/"+string(standard)+"/"+string(other), "/cases/"+string(of)+"/take", `class="tenths-9"`)
	for _, role := range []access.Role{access.DPO, access.Auditor, access.Rapporteur} {
		shows(t, agencytest.Page(h, agencytest.Staff("one-1", role), "/inbox"), http.StatusForbidden, "Your role does not include this")
	}
	other2 := *worker()
	other2.Agency = agencytest.OtherShelter
	shows(t, agencytest.Page(h, &other2, "/inbox"), http.StatusForbidden, "signed in at another agency")
}

func TestWhoTakesACaseHasIt(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	of, _ := asks(l, events.Standard)
	path := "/cases/" + string(of)
	shows(t, agencytest.Page(h, worker(), path), http.StatusOK, "Nobody works on this case yet", path+"/take")
	w := agencytest.Send(h, worker(), path+"/take", url.Values{"back": {"/inbox"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/inbox" {
		t.Errorf("answered %d %v", w.Code, w.Header())
	}
	shows(t, agencytest.Page(h, worker(), path), http.StatusOK, "What you can do", "worker-1")
	shows(t, agencytest.Page(h, agencytest.Staff("worker-2", access.CaseWorker), path), http.StatusForbidden, "not assigned to this case")
	agencytest.Send(h, agencytest.Staff("worker-2", access.CaseWorker), path+"/take", nil)
	if got := a.Assigned(of); len(got) != 1 || got[0] != "worker-1" {
		t.Errorf("the case is with %v", got)
	}
	shows(t, agencytest.Send(h, agencytest.Staff("dpo-1", access.DPO), path+"/take", nil), http.StatusForbidden)
	shows(t, agencytest.Page(h, agencytest.Staff("worker-2", access.CaseWorker), "/inbox"), http.StatusOK, "worker-1")
}

func TestWhatIsOverSaysWhatIsLeftToDo(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	of, referral := released(t, l, a)
	l.Says(agencytest.Police, of, referral, &events.ReferralWithdrawn{Said: l.Now(), Reason: "person-declined"})
	w := agencytest.Page(h, lead(), "/inbox")
	shows(t, w, http.StatusOK, "No longer needed", "part of the person&#39;s details was opened to us", "/cases/"+string(of)+"/say/erasure.confirmed?referral="+string(referral))
	shows(t, agencytest.Page(h, lead(), "/erasure"), http.StatusOK, "What we must answer", "harbour-shelter", "Say what became of the data", "The referral was withdrawn")
	say(t, a, agency.Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{Said: l.Now(), Answer: events.Erased}})
	l.Admit(a)
	shows(t, agencytest.Page(h, lead(), "/erasure"), http.StatusOK, "We owe no answer.", "Erased")
	shows(t, agencytest.Page(h, agencytest.Staff("one-1", access.Auditor), "/erasure"), http.StatusForbidden)
}

// released is a referral that the agency accepted, with a record that it opened.
func released(t *testing.T, l *agencytest.Log, a *agency.Agency) (events.CaseID, events.ReferralID) {
	t.Helper()
	of, referral := asks(l, events.Standard)
	record := l.Seals(agencytest.Police, events.TypeRecordSealed, of, referral, events.PurposeAccommodation, events.SectionIdentity, `{"first_name":"Robin"}`)
	say(t, a, agency.Statement{Case: of, Referral: referral, Payload: &events.ReferralAccepted{Said: l.Now()}})
	l.Admit(a)
	l.Releases(record)
	_, err := a.Open(t.Context(), agency.Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent", Reader: "worker-1"})
	if err != nil {
		t.Fatal(err)
	}
	l.Admit(a)
	return of, referral
}

func say(t *testing.T, a *agency.Agency, s agency.Statement) {
	t.Helper()
	if _, err := a.Say(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsLateSaysWhoOwesItAndWhatToDo(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	shows(t, agencytest.Page(h, worker(), "/overdue"), http.StatusOK, "Nothing is late.", "Every request, hand-over and question")
	l.At(func() time.Time { return time.Now().Add(-time.Hour) })
	of, referral := asks(l, events.Tonight)
	l.Says(events.HubAgency, of, referral, &events.ReferralEscalated{
		Said: l.Now(), Step: events.ToCoordinator, To: agencytest.Own, Because: events.DutyAnswer, Call: agencytest.Police, Urgency: events.Tonight,
	})
	shows(t, agencytest.Page(h, worker(), "/overdue"), http.StatusOK, "What we owe", "an answer to the referral", "Overdue", "Do it now: late is better than never.", "Call testtown-police.", "The coordinator is told")
	shows(t, agencytest.Page(h, worker(), "/inbox"), http.StatusOK, "We are late with 2 things", `data-state="late"`)
	if got := a.Overdue(); len(got.Clocks) != 2 {
		t.Errorf("%+v", got)
	}
	shows(t, agencytest.Page(h, agencytest.Staff("one-1", access.Auditor), "/overdue"), http.StatusForbidden)
}

func TestTheHubOutOfReachIsSaidOnEveryPage(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	for range 3 {
		say(t, a, agency.Statement{Case: l.NewCase(), Payload: &events.CaseOpened{Said: l.Now(), Age: events.Adult}})
	}
	for _, path := range []string{"/inbox", "/cases", "/overdue", "/providers", "/erasure"} {
		w := agencytest.Page(h, lead(), path)
		shows(t, w, http.StatusOK, "The hub is out of reach. 3 messages wait to be sent, last contact today")
		if n := strings.Count(w.Body.String(), "The hub is out of reach"); n != 1 {
			t.Errorf("%s says it %d times", path, n)
		}
	}
}

func TestAnAgencyThatHasNotJoinedSaysSo(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, err := agency.New(l.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	p, err := pages.New(a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	shows(t, agencytest.Page(p.Handler(), lead(), "/inbox"), http.StatusOK, "The hub was not reached yet")
	shows(t, agencytest.Page(p.Handler(), lead(), "/cases"), http.StatusOK, "There is no case for you yet.")
}
