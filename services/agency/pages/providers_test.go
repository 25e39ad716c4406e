package pages_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

func health() map[events.Section]jsontext.Value {
	return map[events.Section]jsontext.Value{events.SectionHealth: jsontext.Value(`{"text":"needs rest"}`)}
}

func TestProvidersAreRankedByWhatTheyPublished(t *testing.T) {
	l := agencytest.New(t, events.Social)
	_, h := served(t, l)
	l.Says(agencytest.OtherShelter, "", "", &events.CapacityPublished{
		Said: l.Now(), Needs: events.Set[events.Need]{"safe-accommodation"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult}, Children: 2,
		Languages: events.Set[events.Language]{"lit"}, Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: "few", Region: "GB-ENG", Access: events.Set[events.Access]{"step-free"},
	})
	w := agencytest.Page(h, worker(), "/providers")
	shows(t, w, http.StatusOK, "hill-shelter", "Few places", "A safe place to live", "2 children can come along", "Lithuanian", "Said just now.", "Somebody is there now.", "Have not said yet", "testtown-clinic", "Takes part")
	if strings.Contains(w.Body.String(), "harbour-shelter</h3>") {
		t.Error("the own agency stands among those to ask")
	}
	w = agencytest.Send(h, worker(), "/providers", url.Values{"needs": {"safe-accommodation"}, "sex": {"man"}, "urgency": {"tonight"}})
	shows(t, w, http.StatusOK, "Who fits, the best first", "Does not fit", "does not take people of this sex", `value="man" selected`)
	w = agencytest.Send(h, worker(), "/providers", url.Values{"needs": {"safe-accommodation"}, "sex": {"woman"}, "age": {"adult"}, "language": {"lit"}})
	shows(t, w, http.StatusOK, ">Fits<", "speaks the language")
	shows(t, agencytest.Send(h, worker(), "/providers", url.Values{"children": {"many"}, "needs": {"a castle"}}), http.StatusOK, "children", `href="#needs"`)
	shows(t, agencytest.Page(h, agencytest.Staff("one-1", access.Auditor), "/providers"), http.StatusForbidden)
}

func TestALeadPublishesWhatRoomThereIs(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	shows(t, agencytest.Page(h, lead(), "/providers"), http.StatusOK, "We have not said yet", `href="/capacity"`)
	w := agencytest.Send(h, lead(), "/capacity", url.Values{"places": {"some"}, "from-mo-a": {"08:00"}})
	shows(t, w, http.StatusUnprocessableEntity, "Each time needs a beginning and an end.", `href="#needs"`, `value="some" checked`)
	if facts, _ := a.Capacity(); facts != nil {
		t.Fatalf("published %+v", facts)
	}
	form := url.Values{
		"places": {"some"}, "needs": {"counselling", "safe-accommodation"}, "sexes": {"woman", "man"}, "ages": {"adult"}, "children": {"3"}, "access": {"step-free"},
		"language-1": {"lit"}, "language-2": {"eng"}, "region": {"GB-ENG"},
		"from-mo-a": {"20:00"}, "to-mo-a": {"08:00"}, "from-sa-a": {"00:00"}, "to-sa-a": {"00:00"}, "from-su-b": {"22:00:00"}, "to-su-b": {"06:30:00"},
	}
	if w := agencytest.Send(h, lead(), "/capacity", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/capacity?told=1" {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	l.Admit(a)
	facts, at := a.Capacity()
	if facts == nil || at.IsZero() || facts.Places != "some" || facts.Children != 3 || len(facts.Languages) != 2 || len(facts.Needs) != 2 {
		t.Fatalf("published %+v", facts)
	}
	slices.Sort(facts.Hours)
	want := []events.Hours{"mo 00:00-06:30", "mo 20:00-24:00", "sa 00:00-24:00", "su 22:00-24:00", "tu 00:00-08:00"}
	if !slices.Equal(facts.Hours, want) {
		t.Errorf("the hours are %v, want %v", facts.Hours, want)
	}
	shows(t, agencytest.Page(h, lead(), "/capacity?told=1"), http.StatusOK, "The other organisations are being told.", `name="from-mo-a" value="20:00"`, `name="to-mo-a" value="08:00"`,
		`name="from-su-a" value="22:00"`, `name="to-su-a" value="06:30"`, `value="counselling" checked`, `<option value="lit" selected>`)
	if w := agencytest.Send(h, worker(), "/capacity", form); w.Code != http.StatusForbidden {
		t.Errorf("a case worker's word is answered %d", w.Code)
	}
	form.Set("always", "1")
	agencytest.Send(h, lead(), "/capacity", form)
	l.Admit(a)
	if facts, _ := a.Capacity(); len(facts.Hours) != 1 || facts.Hours[0] != "daily 00:00-24:00" {
		t.Errorf("the hours are %v", facts.Hours)
	}
}

func TestWhoPublishesNoCapacityIsToldWhy(t *testing.T) {
	_, h := served(t, agencytest.New(t, events.Police))
	shows(t, agencytest.Page(h, lead(), "/capacity"), http.StatusUnprocessableEntity, "An organisation of your kind does not do this step.")
	if page := agencytest.Page(h, lead(), "/providers").Body.String(); strings.Contains(page, "What we say about ourselves") {
		t.Error("the police are asked for their beds")
	}
}
