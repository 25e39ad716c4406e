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

// asks has this agency ask the other shelter, with a sealed contact.
func (d *desk) asks() (path string, of events.CaseID) {
	d.t.Helper()
	of = d.NewCase()
	consent := events.ConsentGiven{
		Said: d.Now(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation, Expires: events.At(d.Now().Happened.Time().AddDate(0, 1, 0)),
		Sections: events.Set[events.Section]{events.SectionContact, events.SectionQuestion}, By: events.ByPerson, Capacity: events.Clear, Language: "ron",
		Interpreter: events.Independent, Present: events.Set[events.Present]{"person-alone"},
	}
	_, err := d.a.Say(d.t.Context(),
		agency.Statement{Case: of, Payload: &events.CaseOpened{Said: d.Now(), Age: events.Adult}},
		agency.Statement{Case: of, Payload: &events.RightsInformed{Said: d.Now(), Language: "ron", Interpreter: events.Independent}},
		agency.Statement{Case: of, Payload: &consent})
	if err != nil {
		d.t.Fatal(err)
	}
	id, err := d.a.Refer(d.t.Context(), agency.Referring{
		Case: of, Values: map[events.Section]jsontext.Value{events.SectionContact: jsontext.Value(`{"call_back":"372 000 0000"}`)},
		Facts: &events.ReferralRequested{
			Said: d.Now(), To: events.Set[events.AgencyID]{agencytest.OtherShelter}, Purpose: events.PurposeAccommodation, Urgency: events.Standard, Age: events.Adult,
			Sections: events.Set[events.Section]{events.SectionContact}, Needs: events.Set[events.Need]{"safe-accommodation"}, Order: events.InTurn,
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.a.Assign(d.t.Context(), of, "duty-1", "duty-1"); err != nil {
		d.t.Fatal(err)
	}
	d.Admit(d.a)
	return "/referrals/" + string(of) + "/" + string(id), of
}

func TestWhoeverAskedSeesHowItStandsAndAnswersAQuestion(t *testing.T) {
	d := newDesk(t)
	path, of := d.asks()
	page := d.page(worker(), path, http.StatusOK)
	d.shows(page, "We asked for help for this person.", "hill-shelter</strong> · Asked", "asked one after another", "Safe contact · hill-shelter · Waiting, locked", "Withdraw the referral", "Ask somebody else")
	d.hides(page, "372 000 0000", "Your answer")
	d.page(other(), path, http.StatusForbidden)

	_, id, _ := strings.Cut(strings.TrimPrefix(path, "/referrals/"), "/")
	question := d.Seals(agencytest.OtherShelter, events.TypeReferralAsked, of, events.ReferralID(id), events.PurposeAccommodation, events.SectionQuestion, `{"text":"Is there a pram?"}`)
	d.Releases(question)
	d.shows(d.page(worker(), path, http.StatusOK), "hill-shelter asks a question", "Answer the question")
	read := d.send(worker(), path+"/open/"+string(question.ID), url.Values{"basis": {"consent"}}, http.StatusOK).Body.String()
	d.shows(read, "Is there a pram?", "/say/referral.answered?referral="+id)

	d.shows(d.page(worker(), say(path, "referral.answered"), http.StatusOK), `value="`+string(question.ID)+`" checked`, "hill-shelter (Shelter)")
	empty := d.send(worker(), say(path, "referral.answered"), url.Values{"question": {string(question.ID)}, "text": {" "}}, http.StatusUnprocessableEntity).Body.String()
	d.shows(empty, `href="#text"`)
	stray := d.send(worker(), say(path, "referral.answered"), url.Values{"question": {string(d.NewCase())}, "text": {"No."}}, http.StatusUnprocessableEntity).Body.String()
	d.shows(stray, `href="#question"`, "There is no such question any more", ">No.</textarea>")
	d.send(worker(), say(path, "referral.answered"), url.Values{"question": {string(question.ID)}, "text": {"No pram."}}, http.StatusSeeOther)
	d.shows(d.page(worker(), path, http.StatusOK), "Answered")
}
