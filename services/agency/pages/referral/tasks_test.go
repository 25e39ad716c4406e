package referral_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

// filed is a case that a form of the agency's own system opened, with every question
// that a form may leave open.
func (d *desk) filed() events.CaseID {
	d.t.Helper()
	intake := agency.Intake{Name: "test", Read: func([]byte) (agency.Filing, error) {
		return agency.Filing{
			Name: "one", Content: []byte("one"), Age: events.Child,
			Sections: map[events.Section]jsontext.Value{events.SectionContact: jsontext.Value(`{"call_back":"372 000 0000"}`)},
			Tasks: []agency.Question{
				{Kind: agency.InformRights, Hints: agency.Hints{Language: "ron"}},
				{Kind: agency.AssessRisk},
				{Kind: agency.TellChildProtection},
				{Kind: agency.AskConsent},
				{Kind: agency.ChooseProvider, Hints: agency.Hints{Needs: events.Set[events.Need]{"medical"}, Children: events.Children{Under9: 1}}},
			},
		}, nil
	}}
	filed, err := d.a.FileOnce(d.t.Context(), agency.Once{}, intake, []byte("{}"))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.a.Assign(d.t.Context(), filed.Case, "duty-1", "duty-1"); err != nil {
		d.t.Fatal(err)
	}
	return filed.Case
}

// task is the path of the open question of a kind.
func (d *desk) task(kind agency.TaskKind) string {
	d.t.Helper()
	all, err := d.a.Tasks(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, t := range all {
		if t.Kind == kind {
			return "/tasks/" + string(t.ID)
		}
	}
	d.t.Fatalf("there is no open question %s", kind)
	return ""
}

func TestWhatAFormLeftOpenIsAnsweredOnItsPage(t *testing.T) {
	d := newDesk(t)
	of := d.filed()
	list := d.page(worker(), "/tasks", http.StatusOK)
	d.shows(list, "Tell the person of their rights", "Ask what the person wants", "The person must hear about their rights first.")
	d.hides(d.page(other(), "/tasks", http.StatusOK), string(of))
	d.page(other(), "/cases/"+string(of)+"/tasks", http.StatusForbidden)

	rights := d.task(agency.InformRights)
	d.shows(d.page(worker(), rights, http.StatusOK), `value="ron" selected`, "An independent interpreter", "When did it happen?")
	d.shows(d.send(worker(), rights, url.Values{"language": {"ron"}}, http.StatusUnprocessableEntity).Body.String(), `href="#interpreter"`, `value="ron" selected`)
	done := d.send(worker(), rights, url.Values{"language": {"ron"}, "interpreter": {"independent"}}, http.StatusSeeOther)
	if to := done.Header().Get("Location"); to != "/cases/"+string(of)+"/tasks?said=task" {
		t.Errorf("leads to %s", to)
	}
	d.shows(d.page(worker(), "/cases/"+string(of)+"/tasks?said=task", http.StatusOK), "Done.")
	if w := agencytest.Page(d.pages, worker(), rights); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "This task is done already") {
		t.Errorf("a task that is done answers %d", w.Code)
	}
	d.send(worker(), d.task(agency.AssessRisk), url.Values{"with_person": {"yes"}, "safety": {"pursued", "tracked-phone"}}, http.StatusSeeOther)

	consent := d.task(agency.AskConsent)
	d.shows(d.page(worker(), consent, http.StatusOK), "A doctor. A health service may know who I am", "Not now", "What does the child say?", "testtown-clinic (Health service)")
	yes := url.Values{
		"answer": {"yes"}, "bundle": {"doctor"}, "by": {"guardian"}, "child_view": {"agrees"}, "capacity": {"clear"}, "present": {"guardian"}, "language": {"ron"}, "interpreter": {"independent"},
	}
	d.send(worker(), consent, yes, http.StatusSeeOther)

	choose := d.task(agency.ChooseProvider)
	d.shows(d.page(worker(), choose, http.StatusOK), `value="medical" checked`, `name="children.0-8" value="1"`, "testtown-clinic (Health service)")
	refused := d.send(worker(), choose, url.Values{"to": {"testtown-police"}, "bundle": {"doctor"}, "needs": {"medical"}, "urgency": {"standard"}}, http.StatusUnprocessableEntity)
	d.shows(refused.Body.String(), `class="ds-error-summary"`, `value="medical" checked`)
	d.send(worker(), choose, url.Values{"to": {"testtown-clinic"}, "bundle": {"doctor"}, "needs": {"medical"}, "urgency": {"standard"}, "children.0-8": {"1"}}, http.StatusSeeOther)
	c, err := d.a.Stands(of)
	if err != nil || len(c.Referrals()) != 1 || len(c.Records()) != 1 {
		t.Errorf("asked %+v, sealed %+v, %v", c.Referrals(), c.Records(), err)
	}
}
