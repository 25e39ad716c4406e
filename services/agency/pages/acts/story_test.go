package acts_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// desk is an agency that met a person, and whose people work with the pages.
type desk struct {
	*agencytest.Log

	t     *testing.T
	a     *agency.Agency
	pages http.Handler
	of    events.CaseID
}

func worker() *access.Person { return agencytest.Staff("worker-1", access.CaseWorker) }

// met opens a case of the police, of somebody who was told of their rights.
func met(t *testing.T, age events.AgeClass) *desk {
	t.Helper()
	d := &desk{t: t, Log: agencytest.New(t, events.Police)}
	d.a = d.Open()
	d.pages = pagesOf(t, d.a)
	d.of = d.NewCase()
	d.must(d.a.Say(t.Context(),
		agency.Statement{Case: d.of, Payload: &events.CaseOpened{Said: d.Now(), Age: age}},
		agency.Statement{Case: d.of, Payload: &events.RightsInformed{Said: d.Now(), Language: "ron", Interpreter: events.Independent}}))
	if err := d.a.Assign(t.Context(), d.of, "worker-1", "worker-1"); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) must(_ []events.EventID, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) path(what string) string { return "/cases/" + string(d.of) + "/say/" + what }

func (d *desk) page(what string) string {
	d.t.Helper()
	w := agencytest.Page(d.pages, worker(), d.path(what))
	if w.Code != http.StatusOK {
		d.t.Fatalf("the page of %s answers %d", what, w.Code)
	}
	return w.Body.String()
}

func (d *desk) send(what string, values url.Values, want int) string {
	d.t.Helper()
	w := agencytest.Send(d.pages, worker(), d.path(what), values)
	if w.Code != want {
		d.t.Fatalf("%s is answered with %d, want %d: %s", what, w.Code, want, between(w.Body.String(), `<ul class="ds-list">`, "</ul>"))
	}
	return w.Body.String() + w.Header().Get("Location")
}

func (d *desk) shows(page string, texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			d.t.Errorf("the page does not show %q", text)
		}
	}
}

// last is the newest statement of a type.
func last[P events.Payload](d *desk) (p P) {
	d.t.Helper()
	c, err := d.a.Stands(d.of)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, item := range c.Trail() {
		if facts, is := item.Facts.(P); is {
			p = facts
		}
	}
	return p
}

func agrees() url.Values {
	return url.Values{"bundle": {"bed"}, "capacity": {"clear"}, "language": {"ron"}, "interpreter": {"independent"}, "present": {"person-alone", "interpreter"}}
}

func TestAYesIsAskedByBundlesInPlainWords(t *testing.T) {
	d := met(t, events.Adult)
	page := d.page("consent.given")
	d.shows(page, "A safe place to stay. A shelter may know who I am", "Only one agency?", "hill-shelter (Shelter)", "What happens next", "Romanian")
	for _, hidden := range []string{"recipient.class", `name="sections"`, `name="by"`, `name="child_view"`, "Albanian"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the page asks for %s", hidden)
		}
	}
	again := d.send("consent.given", url.Values{"present": {"lawyer"}, "only": {"hill-shelter"}}, http.StatusUnprocessableEntity)
	d.shows(again, `href="#bundle"`, `href="#capacity"`, `value="lawyer" checked`, `value="hill-shelter" selected`)

	values := agrees()
	values.Set("only", "testtown-clinic")
	d.shows(d.send("consent.given", values, http.StatusUnprocessableEntity), "not of the kind that the person agreed to")
	values.Set("only", "")
	values.Set("except", "hill-shelter")
	d.send("consent.given", values, http.StatusSeeOther)
	said := last[*events.ConsentGiven](d)
	if said.Recipient.Class != events.Shelter || !slices.Equal(said.Recipient.Except, events.Set[events.AgencyID]{"hill-shelter"}) || said.By != events.ByPerson ||
		said.Purpose != events.PurposeAccommodation || !slices.Contains(said.Sections, events.SectionContact) || !said.Expires.Time().After(said.Happened.Time()) {
		t.Errorf("said %+v", said)
	}
}

func TestForAChildAGuardianSpeaksAndTheChildIsHeard(t *testing.T) {
	d := met(t, events.Child)
	page := d.page("consent.given")
	d.shows(page, "A guardian appointed by an authority", "What does the child say?")
	if strings.Contains(page, `value="person"`) {
		t.Error("the child is offered as the one who consents")
	}
	values := agrees()
	values.Set("by", "guardian")
	d.shows(d.send("consent.given", values, http.StatusUnprocessableEntity), "What does the child say? Please answer this.")
	values.Set("child_view", "agrees")
	d.send("consent.given", values, http.StatusSeeOther)
}

func TestARequestRanksWhoCanHelpAndSealsWhatWasWritten(t *testing.T) {
	d := met(t, events.Adult)
	d.shows(d.page("referral.requested"), "This is not possible now", "The person has not agreed to this.")
	d.send("consent.given", agrees(), http.StatusSeeOther)
	d.Says(agencytest.OtherShelter, "", "", &events.CapacityPublished{
		Said: d.Now(), Needs: events.Set[events.Need]{"emergency-shelter"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.FewPlaces,
	})
	page := d.page("referral.requested")
	d.shows(page, "A safe place to stay", "hill-shelter (Shelter)", "Details that travel sealed", "Number to call", "Show who fits")
	values := url.Values{
		"statement": {between(page, `name="statement" value="`, `"`)}, "bundle": {"bed"}, "needs": {"emergency-shelter"}, "urgency": {"tonight"}, "order": {"in-turn"}, "sex": {"woman"},
		"section.contact.call_back": {"372 000 0000"}, "to": {"hill-shelter"}, "step": {"rank"},
	}
	d.shows(d.send("referral.requested", values, http.StatusOK), "offers what is needed", "has few places", "372 000 0000", `value="tonight" checked`)
	values.Del("step")
	values.Set("section.testimony.account", "what happened")
	values.Set("to", "testtown-clinic")
	d.shows(d.send("referral.requested", values, http.StatusUnprocessableEntity), `href="#to"`, "The person has not agreed to this.", "372 000 0000")
	values.Set("to", "hill-shelter")
	values.Set("section.contact.call_back", "")
	d.shows(d.send("referral.requested", values, http.StatusUnprocessableEntity), "Nothing would be sent.")
	values.Set("section.contact.call_back", "372 000 0000")
	for range 2 { // pressed twice: asked once
		d.shows(d.send("referral.requested", values, http.StatusSeeOther), "/referrals/"+string(d.of)+"/"+values.Get("statement")+"?said=referral.requested")
	}
	c, err := d.a.Stands(d.of)
	if err != nil || len(c.Referrals()) != 1 || len(c.Records()) != 1 || c.Records()[0].Section != events.SectionContact {
		t.Errorf("asked %+v, sealed %+v, %v", c.Referrals(), c.Records(), err)
	}
	held, err := d.a.HeldSections(t.Context(), d.of)
	if err != nil || !slices.Contains(held, events.SectionContact) {
		t.Errorf("held back for another provider: %v, %v", held, err)
	}
	d.shows(d.page("record.sealed"), "Ready")
}

func TestAWithdrawalSaysWhatIsTakenBackAndWhoMustAnswer(t *testing.T) {
	d := met(t, events.Adult)
	d.send("consent.given", agrees(), http.StatusSeeOther)
	page := d.page("referral.requested")
	d.send("referral.requested", url.Values{
		"statement": {between(page, `name="statement" value="`, `"`)}, "bundle": {"bed"}, "needs": {"emergency-shelter"}, "urgency": {"standard"}, "order": {"in-turn"},
		"section.contact.call_back": {"372 000 0000"}, "to": {"hill-shelter"},
	}, http.StatusSeeOther)
	d.Admit(d.a)
	c, err := d.a.Stands(d.of)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Referrals()[0]
	d.Says(agencytest.OtherShelter, d.of, r.ID, &events.ReferralAccepted{Said: d.Now()})
	d.Says(events.HubAgency, d.of, r.ID, &events.RecordReleased{Said: d.Now(), Record: c.Records()[0].ID, To: agencytest.OtherShelter})
	page = d.page("consent.withdrawn")
	d.shows(page, "hill-shelter: 1 section", "A place to stay", "Which consent is taken back?", "Sharing stops at once.")
	d.shows(d.send("consent.withdrawn", url.Values{}, http.StatusUnprocessableEntity), `href="#which"`)
	d.send("consent.withdrawn", url.Values{"which": {between(page, `name="which" value="`, `"`)}}, http.StatusSeeOther)
	if said := last[*events.ConsentWithdrawn](d); said.Recipient.Class != events.Shelter || said.Purpose != events.PurposeAccommodation {
		t.Errorf("said %+v", said)
	}
	if c, err = d.a.Stands(d.of); err != nil || !c.Referrals()[0].Legs[0].Owes {
		t.Errorf("nobody owes an answer: %+v, %v", c.Referrals(), err)
	}
}

func TestOnlyWhoWorksOnACaseSpeaksInIt(t *testing.T) {
	d := met(t, events.Adult)
	for who, want := range map[*access.Person]int{
		agencytest.Staff("worker-2", access.CaseWorker): http.StatusForbidden, agencytest.Staff("lead-1", access.DutyLead): http.StatusOK,
		agencytest.Staff("dpo-1", access.DPO): http.StatusForbidden, nil: http.StatusSeeOther,
	} {
		if w := agencytest.Page(d.pages, who, d.path("risk.assessed")); w.Code != want {
			t.Errorf("%+v is answered with %d, want %d", who, w.Code, want)
		}
	}
	for _, wrong := range []string{"/cases/x/say/risk.assessed", d.path("no.such"), d.path("record.released"), d.path("trail.read"), d.path("capacity.published"), d.path("witness.reset")} {
		if w := agencytest.Page(d.pages, worker(), wrong); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", wrong, w.Code)
		}
	}
	if w := agencytest.Page(d.pages, worker(), d.path("record.opened")); w.Header().Get("Location") != "/cases/"+string(d.of) {
		t.Errorf("opening details leads to %q", w.Header().Get("Location"))
	}
}

func TestASecondCaseForAnEmbassyIsLinkedInOneBreath(t *testing.T) {
	d := met(t, events.Adult)
	to := d.send("case.linked", url.Values{"for": {"consular"}}, http.StatusSeeOther)
	linked := events.CaseID(between(to, "/cases/", "?"))
	if c, err := d.a.Stands(linked); err != nil || c.Owner() != agencytest.Own || linked == d.of {
		t.Errorf("leads to %s: %v", to, err)
	}
}

// A request without anything to share is not made, and one that shares is made whole.
func TestARequestIsMadeWithItsSectionsOrNotAtAll(t *testing.T) {
	d := met(t, events.Adult)
	d.send("consent.given", agrees(), http.StatusSeeOther)
	facts := &events.ReferralRequested{
		Said: d.Now(), To: events.Set[events.AgencyID]{agencytest.OtherShelter}, Purpose: events.PurposeAccommodation, Urgency: events.Standard, Age: events.Adult,
		Sections: events.Set[events.Section]{events.SectionContact}, Needs: events.Set[events.Need]{"safe-accommodation"},
	}
	if _, err := d.a.Refer(t.Context(), agency.Referring{Case: d.of, Facts: facts}); err == nil {
		t.Error("nothing was held back, and it was asked all the same")
	}
	id, err := d.a.Refer(t.Context(), agency.Referring{
		Case: d.of, Facts: facts, Values: map[events.Section]jsontext.Value{events.SectionContact: jsontext.Value(`{"call_back":"372 000 0000"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.a.Stands(d.of)
	if err != nil || len(c.Referrals()) != 1 || len(c.Records()) != 1 || c.Records()[0].Referral != id || c.Records()[0].State != mou.RecordHeld {
		t.Errorf("%+v, %v", c.Records(), err)
	}
}
