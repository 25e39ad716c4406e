package duty_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

// short is how people name a case to one another.
func short(id events.CaseID) string { return string(id[len(id)-8:]) }

func TestAShiftWithNothingToTellTeachesWhatWouldStandHere(t *testing.T) {
	h := open(t, events.Shelter, "")
	h.says(h.page(worker(), "/shift"), "Nothing waits", "case by case", "Nobody has handed over")
}

func TestAShiftTellsTheNextWhatTheJournalKnows(t *testing.T) {
	h := open(t, events.Shelter, "")
	of, referral := h.asks(events.Tonight)
	page := h.page(worker(), "/shift")
	h.says(page, "1 case with something to tell", "1 request waits for our answer", "1 case has nobody assigned", "Case "+short(of),
		"testtown-police asks for our help", "minutes left", "Nobody is assigned.", "Take the case", "Only who is assigned to the case writes here")
	h.not(page, "/cases/"+string(of)+`"`)
	h.says(h.send(worker(), "/shift", url.Values{"take": {string(of)}}), "You are assigned to the case", "With worker-1", "/cases/"+string(of)+`"`)
	h.not(h.page(worker(), "/shift"), "Nobody is assigned.")

	if _, err := h.a.Say(t.Context(), agency.Statement{Case: of, Referral: referral, Payload: &events.ReferralAcknowledged{Said: h.Now(), Duty: "worker-1"}}); err != nil {
		t.Fatal(err)
	}
	h.says(h.page(worker(), "/shift"), "1 message waits to be sent to the hub")
	h.Admit(h.a)
	h.not(h.page(worker(), "/shift"), "to be sent to the hub")
}

func TestWordsForTheNextShiftStayHereAndGoAfterTwoShifts(t *testing.T) {
	h := open(t, events.Shelter, "")
	of, _ := h.asks(events.Tonight)
	if err := h.a.Assign(t.Context(), of, "worker-1", "lead-1"); err != nil {
		t.Fatal(err)
	}
	const words = "The taxi comes at six <b>sharp</b>."
	h.says(h.page(worker(), "/shift"), "Write no names", "never sent to the hub", `name="note-`+string(of)+`"`)
	h.not(h.page(other(), "/shift"), `name="note-`+string(of)+`"`)
	if w := agencytest.Send(h.pages, other(), "/shift", url.Values{"note-" + string(of): {"x"}}); w.Code != http.StatusForbidden {
		t.Errorf("somebody who is not assigned wrote: %d", w.Code)
	}
	page := h.send(worker(), "/shift", url.Values{"note-" + string(of): {words}, "do": {"give"}})
	h.says(page, "You handed over", "worker-1 handed over", "The taxi comes at six &lt;b&gt;sharp&lt;/b&gt;.", "worker-1, today")
	h.says(h.page(other(), "/shift"), "The taxi comes")
	if w := agencytest.Send(h.pages, worker(), "/shift/take-over", url.Values{}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Somebody else takes it over") {
		t.Errorf("one's own shift: %d", w.Code)
	}
	h.says(h.send(other(), "/shift/take-over", url.Values{}), "You took over", "worker-2 took over", "The taxi comes")
	h.says(h.send(lead(), "/shift/take-over", url.Values{}), "Nobody had handed over", "The taxi comes")
	h.not(h.send(worker(), "/shift/take-over", url.Values{}), "The taxi comes")
	if notes, err := h.a.ShiftNotes(t.Context()); err != nil || len(notes) != 0 {
		t.Errorf("%v %v", notes, err)
	}
	for _, file := range []string{"journal.db", "journal.db-wal"} {
		if strings.Contains(h.read(file), "taxi") {
			t.Errorf("%s still holds what was deleted", file)
		}
	}
}

func TestWordsThatAreTooLongAreShownAgain(t *testing.T) {
	h := open(t, events.Shelter, "")
	of, _ := h.asks(events.Standard)
	second, _ := h.asks(events.Standard)
	for _, id := range []events.CaseID{of, second} {
		if err := h.a.Assign(t.Context(), id, "worker-1", "lead-1"); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("ö", agency.MostShiftNote)
	h.send(worker(), "/shift", url.Values{"note-" + string(of): {long}})
	w := agencytest.Send(h.pages, worker(), "/shift", url.Values{"note-" + string(of): {long + "x"}, "note-" + string(second): {"short enough"}, "do": {"give"}})
	page := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", w.Code)
	}
	h.says(page, `href="#note-`+string(of)+`"`, long+"x", "short enough", "make it shorter")
	h.not(page, `href="#note-`+string(second)+`"`, "handed over, ")
	if notes, err := h.a.ShiftNotes(t.Context()); err != nil || len(notes) != 1 || notes[of].Text != long {
		t.Errorf("%v %v", notes, err)
	}
}

func TestAShiftIsPrintedWithoutForms(t *testing.T) {
	h := open(t, events.Shelter, "")
	of, _ := h.asks(events.Tonight)
	if err := h.a.NoteShift(t.Context(), of, "lead-1", "Ring twice."); err != nil {
		t.Fatal(err)
	}
	page := h.page(worker(), "/shift/print")
	h.says(page, "Ring twice.", "lead-1, today", "Case "+short(of), "destroy it", "data-print")
	h.not(page, "<textarea", "I hand over", "I take over", "Take the case")
}

func TestNobodyButStaffHandsOverAShift(t *testing.T) {
	h := open(t, events.Shelter, "")
	for path, form := range map[string]url.Values{"/shift": {"do": {"give"}}, "/shift/take-over": {}} {
		if w := agencytest.Send(h.pages, agencytest.Staff("dpo-1"), path, form); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if list, err := h.a.Handovers(t.Context(), 5); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}
