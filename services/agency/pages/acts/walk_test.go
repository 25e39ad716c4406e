package acts_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// A new event type needs no new page: whatever any kind of agency may say under any
// country's profile has one, whose form, filled as it stands, is admitted, or refused
// by a rule that the page can say.
func TestEveryStatementOfEveryKindInEveryCountryHasAPage(t *testing.T) {
	said, why, walked := map[events.Type]int{}, map[events.Type]string{}, map[string]bool{}
	all := spoken(t)
	for _, country := range mou.ProfileRefs() {
		profile := profileOf(t, country)
		for _, code := range events.AgencyKind("").Codes() {
			kind := events.AgencyKind(code)
			var powers strings.Builder
			for _, may := range all {
				if profile.May(kind, may) {
					powers.WriteString(may.Name() + " ")
				}
			}
			if walked[powers.String()] || powers.String() == "" || kind == events.ForeignMission {
				continue // whoever may say the same walks the same; a mission sees no directory here
			}
			walked[powers.String()] = true
			w := &walk{T: t, said: said, why: why, records: map[events.CaseID]events.Event{}, name: country + " " + code, Log: agencytest.NewUnder(t, country, kind)}
			w.all(kind, all)
		}
	}
	t.Logf("%d kinds of powers", len(walked))
	for _, one := range all {
		if said[one] == 0 {
			t.Errorf("no form of %s was ever admitted; last: %s", one.Name(), why[one])
		}
	}
}

// spoken lists what agencies say about cases on pages of this package.
func spoken(t *testing.T) (all []events.Type) {
	t.Helper()
	for _, term := range (&mou.Memorandum{Profile: profileOf(t, "model@1")}).Terms() {
		if !term.Event.HubOnly() && term.Event != events.TypeRecordOpened && term.Event != events.TypeCaseOpened { // these have pages of their own
			all = append(all, term.Event)
		}
	}
	return all
}

func profileOf(t *testing.T, country string) *mou.Profile {
	t.Helper()
	texts, err := mou.ProfileTexts(country)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := mou.ParseProfile(texts)
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

// walk is one agency whose people try everything.
type walk struct {
	*testing.T
	*agencytest.Log

	name  string
	said  map[events.Type]int
	why   map[events.Type]string // last refusal
	a     *agency.Agency
	pages http.Handler

	records map[events.CaseID]events.Event // that wait at the hub
}

func (w *walk) all(kind events.AgencyKind, catalogue []events.Type) {
	w.Helper()
	w.a = w.Open()
	defer func() { _ = w.a.Close() }()
	w.pages = pagesOf(w.T, w.a)
	memo, err := w.a.Memorandum()
	if err != nil {
		w.Fatal(err)
	}
	ends := []events.Type{
		events.TypeReferralDeclined, events.TypeReferralWithdrawn, events.TypeHandoverFailed, events.TypeConsentWithdrawn, events.TypeConsentRefused,
		events.TypeErasureConfirmed, events.TypeCaseClosed,
	}
	may := slices.DeleteFunc(slices.Clone(catalogue), func(t events.Type) bool { return !memo.Profile.May(kind, t) })
	first := slices.DeleteFunc(slices.Clone(may), func(t events.Type) bool { return slices.Contains(ends, t) })
	asked, promised, going := w.asked(events.PurposeAccommodation), w.asked(events.PurposeAccommodation), w.asked(events.PurposeReturn)
	w.tries(w.asked(events.PurposeAccommodation), events.TypeReferralDeclined)
	w.says(promised, events.TypeReferralAccepted)
	w.tries(promised, events.TypeHandoverFailed)
	w.tries(promised, events.TypeErasureConfirmed)
	cases := []events.CaseID{w.own(events.Adult), w.own(events.Child), asked, going}
	for range 2 {
		for _, of := range cases {
			for _, t := range first {
				w.says(of, t)
			}
		}
	}
	for _, of := range cases {
		for _, t := range ends {
			if slices.Contains(may, t) {
				w.tries(of, t)
			}
		}
	}
}

// own is a case that the agency opened, if it may.
func (w *walk) own(age events.AgeClass) events.CaseID {
	w.Helper()
	of := w.NewCase()
	_, err := w.a.Say(w.Context(), agency.Statement{Case: of, Payload: &events.CaseOpened{Said: w.Now(), Age: age}})
	if err != nil {
		w.Logf("%s opens no case: %v", w.name, err)
		w.Says(agencytest.Police, of, "", &events.CaseOpened{Said: w.Now(), Age: age})
	}
	return of
}

// asked is a case of the police in which the agency is asked for help, with sealed
// details.
func (w *walk) asked(purpose events.Purpose) events.CaseID {
	w.Helper()
	of := w.NewCase()
	w.Says(agencytest.Police, of, "", &events.CaseOpened{Said: w.Now(), Age: events.Adult})
	request := w.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: w.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: purpose, Urgency: events.Standard, Age: events.Adult,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Needs: events.Set[events.Need]{"safe-accommodation"},
	})
	w.records[of] = w.Seals(agencytest.Police, events.TypeRecordSealed, of, request.ID, purpose, events.SectionIdentity, `{"name":"Robin"}`)
	return of
}

// says is tries, and then the hub releases what was sealed for whoever accepted.
func (w *walk) says(of events.CaseID, t events.Type) {
	w.Helper()
	w.tries(of, t)
	if t == events.TypeReferralRequested {
		w.questions(of)
	}
	if record, waits := w.records[of]; waits && t == events.TypeReferralAccepted && w.accepted(of) {
		w.Releases(record)
		delete(w.records, of)
	}
}

// questions has whoever was asked by the agency ask back.
func (w *walk) questions(of events.CaseID) {
	w.Helper()
	c, err := w.a.Stands(of)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range c.Referrals() {
		if r.By == agencytest.Own {
			w.Releases(w.Seals(r.Legs[0].To, events.TypeReferralAsked, of, r.ID, r.Purpose, events.SectionQuestion, `{"text":"When?"}`))
		}
	}
}

func (w *walk) accepted(of events.CaseID) bool {
	c, err := w.a.Stands(of)
	return err == nil && len(c.Referrals()) > 0 && slices.ContainsFunc(c.Referrals()[0].Legs, func(l mou.Leg) bool { return l.To == agencytest.Own && l.State == mou.LegAccepted })
}

// tries opens the page of a statement, sends its form as a person would fill it, and
// wants it said, or refused in words.
func (w *walk) tries(of events.CaseID, t events.Type) {
	w.Helper()
	path, who := "/cases/"+string(of)+"/say/"+t.Name(), lead()
	if t == events.TypeEmergencyConfirmed {
		who.Code = "duty-7" // another one than who signed
	}
	shown := agencytest.Page(w.pages, who, path)
	if shown.Code != http.StatusOK {
		w.Errorf("%s, %s: the page answers %d", w.name, t.Name(), shown.Code)
		return
	}
	action, values, found := formOf(w.T, shown)
	if !found {
		w.why[t] += "\n" + w.name + " no form: " + between(shown.Body.String(), `</h2><p>`, "</p>")
		return
	}
	filled(values)
	sent := agencytest.Send(w.pages, who, action, values.values)
	switch sent.Code {
	case http.StatusSeeOther:
		w.said[t]++
		w.Admit(w.a)
	case http.StatusUnprocessableEntity:
		w.why[t] += "\n" + w.name + " refused: " + between(sent.Body.String(), `<li>`, "</li>")
		if !told(sent) {
			w.Errorf("%s, %s: refused without a reason", w.name, t.Name())
		}
	default:
		w.Errorf("%s, %s: the form is answered with %d", w.name, t.Name(), sent.Code)
	}
}

// lead is somebody who may speak in every case, and is on duty.
func lead() *access.Person {
	return agencytest.Staff("lead-1", access.CaseWorker, access.DutyLead, access.Coordinator)
}

func told(sent *httptest.ResponseRecorder) bool {
	return len(between(sent.Body.String(), `class="ds-error-summary"`, "</div>")) > 40
}

func inDays(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
