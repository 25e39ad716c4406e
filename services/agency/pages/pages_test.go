package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// served is an agency's pages with a log that the test keeps.
func served(t *testing.T, l *agencytest.Log) (*agency.Agency, http.Handler) {
	t.Helper()
	a := l.Open()
	p, err := pages.New(a, pages.Config{Door: agencytest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	return a, p.Handler()
}

// asks is a request of the police to the agency.
func asks(l *agencytest.Log, urgency events.Urgency) (events.CaseID, events.ReferralID) {
	of := l.NewCase()
	l.Says(agencytest.Police, of, "", &events.CaseOpened{Said: l.Now(), Age: events.Adult})
	asked := l.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: l.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: urgency, Age: events.Adult, Sex: "woman", Language: "lit", Region: "GB-ENG",
		Children: events.Children{Under9: 2}, Safety: events.Set[events.Safety]{"pursued"}, Access: events.Set[events.Access]{"step-free"},
	})
	return of, asked.ID
}

func shows(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("answered %d, want %d: %s", w.Code, status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page does not say %q: %s", text, w.Body)
		}
	}
}

func worker() *access.Person { return agencytest.Staff("worker-1", access.CaseWorker) }

func lead() *access.Person { return agencytest.Staff("lead-1", access.DutyLead) }

func TestEverybodyIsLedToTheFirstPageThatIsTheirs(t *testing.T) {
	_, h := served(t, agencytest.New(t, events.Shelter))
	for role, want := range map[access.Role]string{access.CaseWorker: "/inbox", access.DutyLead: "/inbox", access.Coordinator: "/inbox", access.DPO: "/cases", access.Auditor: "/readlog"} {
		if got := agencytest.Page(h, agencytest.Staff("one-1", role), "/").Header().Get("Location"); got != want {
			t.Errorf("a %s is led to %q, want %q", role, got, want)
		}
	}
	if got := agencytest.Page(h, nil, "/").Header().Get("Location"); !strings.HasPrefix(got, "/sign-in?") {
		t.Errorf("nobody is led to %q", got)
	}
}
