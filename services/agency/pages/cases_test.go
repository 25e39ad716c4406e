package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// own is a case that the agency opened, with consent and a request to another.
func own(t *testing.T, l *agencytest.Log, a *agency.Agency) events.CaseID {
	t.Helper()
	of := l.NewCase()
	say(t, a, agency.Statement{Case: of, Payload: &events.CaseOpened{Said: l.Now(), Age: events.Adult}})
	say(t, a, agency.Statement{Case: of, Payload: &events.RightsInformed{Said: l.Now(), Language: "lit", Interpreter: "independent"}})
	say(t, a, agency.Statement{Case: of, Payload: &events.ConsentGiven{
		Said: l.Now(), Recipient: events.Recipient{Class: events.Health, Except: events.Set[events.AgencyID]{agencytest.OtherShelter}}, Purpose: events.PurposeMedical,
		Sections: events.Set[events.Section]{events.SectionHealth}, Expires: events.At(time.Now().Add(48 * time.Hour)), By: "person", Capacity: "clear", Language: "lit", Interpreter: "independent",
		Present: events.Set[events.Present]{"person-alone"},
	}})
	say(t, a, agency.Statement{Case: of, Payload: &events.ReferralRequested{
		Said: l.Now(), To: events.Set[events.AgencyID]{agencytest.Health}, Purpose: events.PurposeMedical, Sections: events.Set[events.Section]{events.SectionHealth},
		Needs: events.Set[events.Need]{"medical"}, Urgency: events.Standard, Age: events.Adult,
	}})
	return of
}

func TestACaseShowsAllThatTheDeskHasToKnow(t *testing.T) {
	l := agencytest.New(t, events.Social)
	a, h := served(t, l)
	of := own(t, l, a)
	say(t, a, agency.Statement{Case: of, Payload: &events.PersonMissing{Said: l.Now()}})
	w := agencytest.Page(h, lead(), "/cases/"+string(of))
	shows(t, w, http.StatusOK, string(of), "The person is missing since", "Opened by", "Medical care", "testtown-clinic", "(Health service)", "Asked", "Health service</strong>", "but not", "Given", "Counts until",
		"A case was opened", "Consent was given", "waits to be sent", `<ol class="timeline">`, `<svg viewBox=`, `aria-hidden="true"`, "/say/person.found", "Who knows what: a sheet for the person", "Nobody yet.")
	l.Admit(a)
	w = agencytest.Page(h, lead(), "/cases/"+string(of)+"?said=person.missing")
	shows(t, w, http.StatusOK, "The agencies that help the person are told")
	if strings.Contains(w.Body.String(), `data-waiting`) {
		t.Error("something still waits after the receipts")
	}
}

// Every statement that the memorandum lets the agency make has its link, and every
// other one says what stands against it.
func TestEveryStepIsOfferedOrExplained(t *testing.T) {
	l := agencytest.New(t, events.Social)
	a, h := served(t, l)
	of := own(t, l, a)
	l.Admit(a)
	view, err := a.Case(of)
	if err != nil {
		t.Fatal(err)
	}
	page := agencytest.Page(h, lead(), "/cases/"+string(of)).Body.String()
	ready, against := 0, 0
	for _, move := range view.Next {
		name := move.Type.Name()
		switch {
		case move.Type == events.TypeCaseOpened || move.Type == events.TypeRecordOpened:
		case move.Allowed:
			ready++
			link := "/cases/" + string(of) + "/say/" + name
			if move.Referral != "" {
				link += "?referral=" + string(move.Referral)
			}
			if !strings.Contains(page, `href="`+link+`"`) {
				t.Errorf("%s may be said and is not offered", name)
			}
		default:
			against++
		}
	}
	if got := strings.Count(page, ` disabled>`); got != against || ready == 0 {
		t.Errorf("%d steps are greyed, want %d; %d are ready", got, against, ready)
	}
	if got := strings.Count(page, `<p class="why">`); got < against {
		t.Errorf("%d of %d greyed steps say why", got, against)
	}
	if !strings.Contains(page, "This takes an accepted referral. Accept it first.") && !strings.Contains(page, "Your agency was not asked") {
		t.Error("no rule is said in words")
	}
}

func TestOnlyTheirOwnAndUntakenCasesAreListed(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	mine, _ := asks(l, events.Standard)
	theirs, _ := asks(l, events.Standard)
	free, _ := asks(l, events.Standard)
	for id, who := range map[events.CaseID]string{mine: "worker-1", theirs: "worker-2"} {
		if err := a.Assign(t.Context(), id, who, "lead-1"); err != nil {
			t.Fatal(err)
		}
	}
	link := func(id events.CaseID) string { return `href="/cases/` + string(id) + `"` }
	list := agencytest.Page(h, worker(), "/cases").Body.String()
	if !strings.Contains(list, link(mine)) || strings.Contains(list, string(theirs)) || strings.Contains(list, link(free)) || !strings.Contains(list, "/cases/"+string(free)+"/take") {
		t.Errorf("a worker's list: %s", list)
	}
	list = agencytest.Page(h, lead(), "/cases").Body.String()
	for _, id := range []events.CaseID{mine, theirs, free} {
		if !strings.Contains(list, link(id)) {
			t.Errorf("the lead's list lacks a case")
		}
	}
	shows(t, agencytest.Page(h, worker(), "/cases?mine=1"), http.StatusOK, "1 case")
	shows(t, agencytest.Page(h, lead(), "/cases?state=closed"), http.StatusOK, "No case is like this.")
	shows(t, agencytest.Page(h, lead(), "/cases?number="+string(free[len(free)-8:])), http.StatusOK, "1 case", link(free))
	shows(t, agencytest.Page(h, lead(), `/cases?number="><b>`), http.StatusOK, `value="b"`)
	shows(t, agencytest.Page(h, agencytest.Staff("dpo-1", access.DPO), "/cases/"+string(theirs)), http.StatusOK)
	shows(t, agencytest.Page(h, agencytest.Staff("aud-1", access.Auditor), "/cases/"+string(theirs)), http.StatusForbidden)
}

func TestALeadSaysWhoWorksOnACase(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	of, _ := asks(l, events.Standard)
	path := "/cases/" + string(of)
	shows(t, agencytest.Send(h, lead(), path+"/staff", url.Values{"staff": {"Mary Poppins"}}), http.StatusUnprocessableEntity, "A code is of small letters", `value="Mary Poppins"`, `aria-invalid="true"`)
	if w := agencytest.Send(h, lead(), path+"/staff", url.Values{"staff": {"worker-2"}}); w.Code != http.StatusSeeOther || a.Assigned(of)[0] != "worker-2" {
		t.Errorf("answered %d, with %v", w.Code, a.Assigned(of))
	}
	agencytest.Send(h, lead(), path+"/staff/remove", url.Values{"staff": {"worker-2"}})
	if got := a.Assigned(of); len(got) != 0 {
		t.Errorf("still with %v", got)
	}
	for _, who := range []*access.Person{worker(), agencytest.Staff("dpo-1", access.DPO), nil} {
		agencytest.Send(h, who, path+"/staff", url.Values{"staff": {"worker-1"}})
		if got := a.Assigned(of); len(got) != 0 {
			t.Errorf("somebody who may not assigned %v", got)
		}
	}
	shows(t, agencytest.Page(h, lead(), "/cases/"+string(l.NewCase())), http.StatusNotFound, "There is no such page")
}

func TestTheReadLogIsForTheDataProtectionOfficer(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	dpo := agencytest.Staff("dpo-1", access.DPO)
	shows(t, agencytest.Page(h, dpo, "/readlog"), http.StatusOK, "Nothing sealed was opened yet.")
	of, _ := released(t, l, a)
	w := agencytest.Page(h, dpo, "/readlog")
	shows(t, w, http.StatusOK, "1 reading", "worker-1", "Case worker", "Name and identity", "A place to stay", "The person&#39;s consent", string(of[len(of)-8:]))
	if strings.Contains(w.Body.String(), "Robin") {
		t.Error("the read log tells what was read")
	}
	shows(t, agencytest.Page(h, worker(), "/readlog"), http.StatusForbidden)
	shows(t, agencytest.Page(h, lead(), "/readlog"), http.StatusForbidden)
}

func TestWhoHasNotAnsweredIsNamed(t *testing.T) {
	l := agencytest.New(t, events.Social)
	a, h := served(t, l)
	of := own(t, l, a)
	l.Admit(a)
	view, err := a.Case(of)
	if err != nil {
		t.Fatal(err)
	}
	referral := view.Referrals[0].ID
	l.Says(agencytest.Health, of, referral, &events.ReferralAccepted{Said: l.Now()})
	if _, err := a.SealTo(t.Context(), agency.Sealing{
		Case: of, Referral: referral, To: agencytest.Health, Purpose: events.PurposeMedical, Sections: events.Set[events.Section]{events.SectionHealth},
		Values: health(),
	}); err != nil {
		t.Fatal(err)
	}
	l.Admit(a)
	view, err = a.Case(of)
	if err != nil {
		t.Fatal(err)
	}
	record := view.Trail[len(view.Trail)-1].ID
	l.Says(events.HubAgency, of, referral, &events.RecordReleased{Said: l.Now(), Record: record, To: agencytest.Health})
	say(t, a, agency.Statement{Case: of, Payload: &events.ConsentWithdrawn{Said: l.Now(), Recipient: events.Recipient{Class: events.Health, Except: events.Set[events.AgencyID]{agencytest.OtherShelter}}}})
	l.Admit(a)
	shows(t, agencytest.Page(h, lead(), "/erasure"), http.StatusOK, "We owe no answer.", "<strong>testtown-clinic</strong>", "Consent was withdrawn")
	if w := a.Erasures(); len(w) != 1 || w[0].Holders[0].Agency != agencytest.Health {
		t.Errorf("%+v", w)
	}
	if c, _ := a.Stands(of); c.Consent(agencytest.Health, events.PurposeMedical, events.SectionHealth, time.Now()) != mou.ConsentWithdrawn {
		t.Error("the consent stands")
	}
	shows(t, agencytest.Page(h, lead(), "/cases/"+string(of)), http.StatusOK, "Withdrawn", "An answer about it is owed")
}
