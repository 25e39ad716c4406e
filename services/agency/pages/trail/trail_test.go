package trail_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/agency/pages/trail"
	"handrail/services/web/access"
)

// town is a shelter that accepted somebody, and its pages of a trail.
type town struct {
	t        *testing.T
	log      *agencytest.Log
	agency   *agency.Agency
	pages    http.Handler
	of       events.CaseID
	referral events.ReferralID
	record   events.EventID
}

// asked is a shelter that was asked for a bed, with who the person is sealed to it.
func asked(t *testing.T, options trail.Options) *town {
	t.Helper()
	l := agencytest.New(t, events.Shelter)
	a := l.Open()
	p, err := pages.New(a, pages.Config{Door: agencytest.Door{}, Drafts: options.Drafts})
	if err != nil {
		t.Fatal(err)
	}
	x := &town{t: t, log: l, agency: a, pages: p.Handler(), of: l.NewCase()}
	l.Says(agencytest.Police, x.of, "", &events.CaseOpened{Said: l.Now(), Age: events.Adult})
	l.Says(agencytest.Police, x.of, "", &events.RightsInformed{Said: l.Now(), Language: "ron", Interpreter: events.Independent})
	l.Says(agencytest.Police, x.of, "", &events.ConsentGiven{
		Said: l.Now(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Expires: events.At(time.Now().Add(720 * time.Hour)), By: events.ByPerson, Capacity: events.Clear, Language: "ron", Interpreter: events.Independent, Present: events.Set[events.Present]{"person-alone"},
	})
	request := l.Says(agencytest.Police, x.of, "", &events.ReferralRequested{
		Said: l.Now(), To: []events.AgencyID{agencytest.Own, agencytest.OtherShelter}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Standard, Age: events.Adult,
	})
	x.referral = request.ID
	record := l.Seals(agencytest.Police, events.TypeRecordSealed, x.of, x.referral, events.PurposeAccommodation, events.SectionIdentity, `{"name":"nobody"}`)
	x.record = record.ID
	if _, err := a.Say(t.Context(), agency.Statement{Case: x.of, Referral: x.referral, Payload: &events.ReferralAccepted{Said: l.Now()}}); err != nil {
		t.Fatal(err)
	}
	l.Admit(a)
	l.Releases(record)
	return x
}

// verifier is what anybody has who pinned the log's key.
func (x *town) verifier() tlog.Verifier {
	x.t.Helper()
	key, err := note.NewVerifier(x.log.Config().Pins.LogVKey)
	if err != nil {
		x.t.Fatal(err)
	}
	return tlog.Verifier{Hub: agencytest.Hub, Log: key}
}

func (x *town) path(rest string) string { return "/cases/" + string(x.of) + rest }

func (x *town) page(who *access.Person, path string, status int, texts ...string) string {
	x.t.Helper()
	w := agencytest.Page(x.pages, who, path)
	if w.Code != status {
		x.t.Fatalf("%s is answered %d, want %d:\n%s", path, w.Code, status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			x.t.Errorf("%s lacks %q:\n%s", path, text, w.Body)
		}
	}
	return w.Body.String()
}

func lead() *access.Person { return agencytest.Staff("lead-1", access.DutyLead) }

func TestAnAgencySeesItsOwnPartWithItsProofs(t *testing.T) {
	x := asked(t, trail.Options{})
	page := x.page(lead(), x.path("/trail"), http.StatusOK, "A referral was requested", "The referral was accepted", "Fingerprint of the entry", "the part of the case that was sent to your agency")
	if strings.Contains(page, `"name"`) {
		t.Error("the page shows what was sealed")
	}
	view, err := x.agency.Trail(t.Context(), x.of)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range view.Entries {
		if e.Delivery == nil || e.Size <= e.Number || e.Clause == "" {
			t.Errorf("entry %d has no proof: %+v", e.Number, e)
		}
	}
	first := x.page(lead(), x.path("/trail?step=1"), http.StatusOK, "Step 1 of", "This is how the case stood")
	if strings.Contains(first, "The referral was accepted") {
		t.Error("a later step is shown at an earlier one")
	}
	x.page(lead(), x.path("/trail/print"), http.StatusOK, "<details", " open>")
	x.page(agencytest.Staff("worker-1", access.CaseWorker), x.path("/trail"), http.StatusForbidden)
	x.page(lead(), "/cases/"+string(x.log.NewCase())+"/trail", http.StatusNotFound)
}

func TestTheSliderGetsAPartOfThePage(t *testing.T) {
	x := asked(t, trail.Options{})
	r := httptest.NewRequest(http.MethodGet, x.path("/trail?step=2"), nil)
	r.Header.Set("HX-Request", "true")
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	agencytest.Signed(x.pages, lead()).ServeHTTP(w, r)
	if body := w.Body.String(); !strings.HasPrefix(body, `<div id="trail"`) || strings.Contains(body, "<html") || strings.Contains(body, "sse:connect") {
		t.Errorf("the slider is answered\n%s", body)
	}
}

func TestWhatWaitsForTheHubIsShownAsWaiting(t *testing.T) {
	x := asked(t, trail.Options{})
	if _, err := x.agency.Say(t.Context(), agency.Statement{Case: x.of, Referral: x.referral, Payload: &events.HandoverArranged{Said: x.log.Now(), Planned: events.At(time.Now().Add(time.Hour))}}); err != nil {
		t.Fatal(err)
	}
	x.page(lead(), x.path("/trail"), http.StatusOK, "Not sent yet", "A hand-over was arranged")
}

func TestAnAgencyTakesItsPartAway(t *testing.T) {
	x := asked(t, trail.Options{})
	dpo := agencytest.Staff("dpo-1", access.DPO)
	w := agencytest.Send(x.pages, dpo, x.path("/trail/export"), url.Values{})
	var file agency.OwnTrail
	if err := json.Unmarshal(w.Body.Bytes(), &file, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%d %v: %s", w.Code, err, w.Body)
	}
	if file.Case != x.of || file.Agency != agencytest.Own || len(file.Entries) < 4 {
		t.Errorf("the file holds %+v", file)
	}
	for _, e := range file.Entries {
		if e.Delivery.Recipient != agencytest.Own || e.Data != nil && strings.Contains(string(e.Data), "ciphertext") {
			t.Errorf("entry %d is another's, or holds what was sealed", e.Delivery.Entry)
		}
		entry, _, err := x.verifier().VerifyEntry(e.Delivery.Entry, e.Delivery.Opening(), e.Delivery.Proof, e.Delivery.Checkpoint)
		if err != nil {
			t.Errorf("entry %d does not prove itself: %v", e.Delivery.Entry, err)
		}
		if e.Data != nil && sha256.Sum256(e.Data) != entry.DataDigest {
			t.Errorf("entry %d has other facts than were signed", e.Delivery.Entry)
		}
	}
	if w := agencytest.Send(x.pages, lead(), x.path("/trail/export"), url.Values{}); w.Code != http.StatusForbidden {
		t.Errorf("the duty lead may not export, and is answered %d", w.Code)
	}
}

func TestThePersonIsGivenTheSheetInTheirLanguage(t *testing.T) {
	x := asked(t, trail.Options{})
	ask := x.page(lead(), x.path("/sheet"), http.StatusOK, "is it safe for the person to carry this paper", "Not yet offered", "Arabic", "Romanian")
	if strings.Contains(ask, `value="ro"`) {
		t.Error("a language that has no words is offered")
	}
	x.page(lead(), x.path("/sheet?lang=ro"), http.StatusOK, "Not yet offered")
	sheet := x.page(lead(), x.path("/sheet?lang=en"), http.StatusOK, "Who knows what about me", "who I am", "I agreed to it.", "I can change my mind", string(agencytest.Police), `class="paper"`, `dir="ltr"`)
	if strings.Contains(sheet, "trafficking") {
		t.Error("the paper says what it is about: somebody may find it")
	}
	x.page(agencytest.Staff("worker-9", access.CaseWorker), x.path("/sheet"), http.StatusForbidden)
	if err := x.agency.Assign(t.Context(), x.of, "worker-9", "lead-1"); err != nil {
		t.Fatal(err)
	}
	x.page(agencytest.Staff("worker-9", access.CaseWorker), x.path("/sheet"), http.StatusOK)
}

func TestNoTextOfRightsIsShownThatNobodyReviewed(t *testing.T) {
	x := asked(t, trail.Options{})
	list := x.page(lead(), "/rights", http.StatusOK, "No text has been reviewed for this country yet", "with an independent interpreter", "How a text gets reviewed", "Arabic")
	if strings.Contains(list, "/rights?lang=") {
		t.Error("a text is offered that nobody reviewed")
	}
	for _, tag := range []string{"en", "ar", "xx"} {
		page := x.page(lead(), "/rights?lang="+tag, http.StatusNotFound)
		if strings.Contains(page, "Nobody who came with me") {
			t.Errorf("%s is shown", tag)
		}
	}
	demo := asked(t, trail.Options{Drafts: true})
	demo.page(lead(), "/rights?lang=en", http.StatusOK, "Draft for demonstration", "Nobody who came with me has to interpret for me", `dir="ltr"`)
	demo.page(lead(), "/rights", http.StatusOK, `href="/rights?lang=en"`, "Draft for demonstration")
}
