package acts_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

// form is the form of a page as it is first shown, filled with some answers.
func (d *desk) form(what string, answers url.Values) (action string, values url.Values) {
	d.t.Helper()
	shown := agencytest.Page(d.pages, worker(), d.path(what))
	action, form, found := formOf(d.t, shown)
	if shown.Code != http.StatusOK || !found {
		d.t.Fatalf("the page of %s answers %d, with a form: %t", what, shown.Code, found)
	}
	for name := range answers {
		form.values[name] = answers[name]
	}
	return action, form.values
}

// said counts what the agency said of a type in its case.
func (d *desk) said(t events.Type) (n int) {
	d.t.Helper()
	c, err := d.a.Stands(d.of)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, item := range c.Trail() {
		if item.Type == t && item.By == agencytest.Own {
			n++
		}
	}
	return n
}

// once sends a form with a double click and then, after a lost answer, again: it is
// said once, and each press leads to the same page.
func (d *desk) once(t events.Type, answers url.Values) {
	d.t.Helper()
	before := d.said(t)
	action, values := d.form(t.Name(), answers)
	var led [2]string
	var pressed sync.WaitGroup
	for i := range led {
		pressed.Go(func() { led[i] = agencytest.Send(d.pages, worker(), action, values).Header().Get("Location") })
	}
	pressed.Wait()
	again := agencytest.Send(d.pages, worker(), action, values)
	if to := again.Header().Get("Location"); again.Code != http.StatusSeeOther || led[0] != to || led[1] != to || !strings.HasSuffix(to, "?said="+t.Name()) {
		d.t.Errorf("%s: pressed twice it leads to %q, and sent again to %d %q", t.Name(), led, again.Code, to)
	}
	if n := d.said(t) - before; n != 1 {
		d.t.Errorf("%s was said %d times by a form that was sent three times", t.Name(), n)
	}
}

// asks opens a request with a sealed section, to a shelter.
func (d *desk) asks() {
	d.t.Helper()
	d.send("consent.given", agrees(), http.StatusSeeOther)
	d.send("referral.requested", url.Values{
		"bundle": {"bed"}, "needs": {"emergency-shelter"}, "urgency": {"standard"}, "order": {"in-turn"}, "section.contact.call_back": {"372 000 0000"}, "to": {"hill-shelter"},
	}, http.StatusSeeOther)
	d.Admit(d.a)
}

func TestSectionsThatAreSentTwiceGoOnce(t *testing.T) {
	d := met(t, events.Adult)
	d.asks()
	for range 2 { // a form that is shown anew sends anew
		d.once(events.TypeRecordSealed, url.Values{"to": {"hill-shelter"}, "held.contact": {"yes"}})
	}
}

func TestAnAnswerThatIsSentTwiceIsGivenOnce(t *testing.T) {
	d := met(t, events.Adult)
	d.asks()
	c, err := d.a.Stands(d.of)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Referrals()[0]
	for range 2 {
		question := d.Seals(agencytest.OtherShelter, events.TypeReferralAsked, d.of, r.ID, r.Purpose, events.SectionQuestion, `{"text":"When?"}`)
		d.Releases(question)
		d.once(events.TypeReferralAnswered, url.Values{"question": {string(question.ID)}, "text": {"At nine."}})
		d.Admit(d.a)
	}
}

func TestAQuestionThatIsSentTwiceIsAskedOnce(t *testing.T) {
	d := &desk{t: t, Log: agencytest.New(t, events.Shelter)}
	d.a = d.Open()
	d.pages, d.of = pagesOf(t, d.a), d.NewCase()
	d.Says(agencytest.Police, d.of, "", &events.CaseOpened{Said: d.Now(), Age: events.Adult})
	d.Says(agencytest.Police, d.of, "", &events.ReferralRequested{
		Said: d.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation, Urgency: events.Standard, Age: events.Adult,
		Sections: events.Set[events.Section]{events.SectionContact}, Needs: events.Set[events.Need]{"safe-accommodation"},
	})
	for range 2 {
		d.once(events.TypeReferralAsked, url.Values{"text": {"Who comes along?"}})
	}
}

func TestACaseForAnEmbassyIsOpenedOncePerForm(t *testing.T) {
	d := met(t, events.Adult)
	for range 2 {
		d.once(events.TypeCaseLinked, url.Values{"for": {"consular"}})
	}
	if cases := d.a.Cases(); len(cases) != 3 {
		t.Errorf("%d cases are open, want the person's own and one of each form", len(cases))
	}
}

// An id of another case in a form opens nothing there, and gives that case to nobody.
func TestAFormCannotTakeACaseThatItDidNotOpen(t *testing.T) {
	d := met(t, events.Adult)
	other := d.NewCase()
	d.must(d.a.Say(t.Context(), agency.Statement{Case: other, Payload: &events.CaseOpened{Said: d.Now(), Age: events.Adult}}))
	action, values := d.form("case.linked", url.Values{"for": {"consular"}, "statement": {string(other)}})
	agencytest.Send(d.pages, worker(), action, values)
	if d.said(events.TypeCaseLinked) != 0 || len(d.a.Assigned(other)) != 0 {
		t.Errorf("the case of another person was linked, or taken by %v", d.a.Assigned(other))
	}
}
