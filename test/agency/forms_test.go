package agency

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/police"
)

func TestTheSameFormIsOneCaseAlsoAfterARestart(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	first := p.files("referral")
	form, err := police.Form("referral")
	w.must(err)
	_, before := p.post("/v1/intake/uk-nrm", string(form))
	p.stop()
	p = w.start(thePolice)
	if _, after := p.post("/v1/intake/uk-nrm", string(form)); after != before || member(after, "case") != `"`+string(first.Case)+`"` {
		t.Errorf("the same form got another answer: %s, then %s", before, after)
	}
	changed := strings.Replace(string(form), "Inventedville", "Elsewhere", 1)
	status, text := p.post("/v1/intake/uk-nrm", changed)
	if status != http.StatusConflict || member(text, "rule") != `"form-changed"` || strings.Contains(text, "Elsewhere") {
		t.Errorf("a changed form under the same id: %d %s", status, text)
	}
	status, text = p.post("/v1/intake/uk-nrm", `{"Type":"560734"}`)
	if status != http.StatusBadRequest || member(text, "pointer") != `"/ExternalId"` {
		t.Errorf("a form without an id: %d %s", status, text)
	}
	if cases := p.Cases(); len(cases) != 1 {
		t.Errorf("%d cases of one form", len(cases))
	}
	if first.Sections == nil || !slices.Equal(first.Sections, []events.Section{"contact", "identity", "needs", "risk", "statistics", "testimony"}) {
		t.Errorf("held back: %v", first.Sections)
	}
}

func TestADutyToNotifyTellsAuthoritiesNothingButCodes(t *testing.T) {
	w := newWorld(t)
	p, c, children := w.joined(thePolice), w.joined(coordinator), w.joined(theChildren)
	filed := p.files("notification")
	if len(filed.Sections) != 0 || len(filed.Tasks) != 0 || filed.Notified != 1 {
		t.Errorf("%+v", filed)
	}
	for _, leak := range []string{"PVBirthplace", "PVFamily", "PVEducation", "PVEmploymentHistory", "ExploitationTreatment"} {
		if !slices.ContainsFunc(filed.Dropped, func(d agency.Dropped) bool { return d.Field == leak && d.Why != "" }) {
			t.Errorf("the sender is not told that %s was dropped", leak)
		}
	}
	line := c.sees(filed.Case, "notice.sent")
	if got := string(line.Facts); member(got, "region") != `"GB-ENG"` || member(got, "age") != `"adult"` {
		t.Errorf("the coordinator is told %s", got)
	}
	if line := children.line(filed.Case, "notice.sent"); line.Type != "" {
		t.Error("child protection is told of an adult")
	}

	form, err := police.Form("notification")
	w.must(err)
	unsure := strings.NewReplacer(`"Adult"`, `"Unknown"`, "000000000002", "000000000009").Replace(string(form))
	_, text := p.post("/v1/intake/uk-nrm", unsure)
	second := read[agency.Filed](p, text)
	c.sees(second.Case, "notice.sent")
	children.sees(second.Case, "notice.sent")
}

func TestAnUnknownAgeFollowsTheChildRules(t *testing.T) {
	w := newWorld(t)
	p, children := w.joined(thePolice), w.joined(theChildren)
	c := p.files("unknown-age").Case
	children.sees(c, "notice.sent") // in the same breath as the case
	if slices.ContainsFunc(p.tasks(), func(task agency.Task) bool { return task.Kind == agency.TellChildProtection }) {
		t.Error("child protection was told, and is to be told again")
	}
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	status, text := p.tryAnswer(c, agency.AskConsent, `{"answer":"yes","bundle":"bed","by":"person","capacity":"clear","language":"ron","interpreter":"independent","present":["person-alone"],"child_view":"agrees"}`)
	if status != http.StatusUnprocessableEntity || member(text, "rule") != `"child-guardian"` {
		t.Errorf("a child consents alone: %d %s", status, text)
	}
	const guardian = `{"answer":"yes","bundle":"bed","by":"guardian","capacity":"clear","language":"ron","interpreter":"independent","present":["guardian"]`
	if status, text := p.tryAnswer(c, agency.AskConsent, guardian+`}`); status != http.StatusBadRequest || member(text, "pointer") != `"/child_view"` {
		t.Errorf("nobody asked the child: %d %s", status, text)
	}
	p.answer(c, agency.AskConsent, guardian+`,"child_view":"agrees"}`)
}

func TestNoNeedForSupportAsksForNoShelter(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	filed := p.files("no-support")
	if !slices.Equal(filed.Tasks, []agency.TaskKind{agency.InformRights, agency.AssessRisk}) {
		t.Errorf("asked for %v", filed.Tasks)
	}
}

func TestTasksAppearAsTheRulesAllow(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	c := p.files("referral").Case
	ready := func() (kinds []agency.TaskKind) {
		for _, task := range p.tasks() {
			if task.Ready {
				kinds = append(kinds, task.Kind)
			} else if task.Rule == "" || task.Reason == "" {
				t.Errorf("%s waits without a reason", task.Kind)
			}
		}
		return kinds
	}
	if got := ready(); slices.Contains(got, agency.AskConsent) || !slices.Contains(got, agency.InformRights) {
		t.Errorf("before the rights: %v", got)
	}
	status, text := p.tryAnswer(c, agency.InformRights, `{"language":"Romanian","interpreter":"independent"}`)
	if status != http.StatusUnprocessableEntity || member(text, "pointer") != `"/language"` || strings.Contains(text, "Romanian") {
		t.Errorf("a language that is no code: %d %s", status, text)
	}
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	if got := ready(); !slices.Contains(got, agency.AskConsent) || slices.Contains(got, agency.InformRights) {
		t.Errorf("after the rights: %v", got)
	}
	p.answer(c, agency.AskConsent, `{"answer":"not-now","bundle":"bed"}`)
	if got := ready(); !slices.Contains(got, agency.AskConsent) {
		t.Errorf("not now ends the question: %v", got)
	}
	p.answer(c, agency.AskConsent, `{"answer":"no","bundle":"bed"}`)
	if got := ready(); !slices.Contains(got, agency.AskConsent) || slices.Contains(got, agency.ChooseProvider) {
		t.Errorf("after a no to one offer: %v", got)
	}
}

// No value of a form's free text is anywhere but in the agency's own journal:
// not with the broker, not with another agency, not in an answer or a log.
func TestWhatAFormSaysStaysWithTheAgency(t *testing.T) {
	const marker = "m4rkedPerson"
	w := newWorld(t)
	var log lockedBuffer
	w.sites[thePolice].config.Logger = log.logger()
	p, s := w.joined(thePolice), w.joined(theShelter)
	form, err := police.Form("referral")
	w.must(err)
	var members map[string]string
	w.must(json.Unmarshal(form, &members))
	for name, value := range members {
		if !slices.Contains([]string{"Type", "ExternalId", "AdultOrChild", "NRMOrDuty", "NeedSupport"}, name) && value != "" {
			members[name] = marker
		}
	}
	body, err := json.Marshal(members)
	w.must(err)
	_, answer := p.post("/v1/intake/uk-nrm", string(body))
	c := read[agency.Filed](p, answer).Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter"]`)
	p.settled()
	s.sees(c, "referral.requested")
	_, view := p.ask(http.MethodGet, "/v1/cases/"+string(c), "")
	_, tasks := p.ask(http.MethodGet, "/v1/tasks", "")
	_, outbox := p.ask(http.MethodGet, "/v1/outbox", "")
	_, doctor := p.ask(http.MethodGet, "/v1/doctor", "")
	for what, text := range map[string]string{"answer": answer, "case": view, "tasks": tasks, "outbox": outbox, "doctor": doctor, "log": log.String()} {
		if strings.Contains(text, marker) {
			t.Errorf("the %s repeats the form: %s", what, text)
		}
	}
	for _, folder := range []string{filepath.Join(w.dir, "broker"), s.config.Dir} {
		w.must(filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), marker) {
				t.Errorf("%s holds what the form says", path)
			}
			return err
		}))
	}
	if journal, err := os.ReadFile(filepath.Join(p.config.Dir, "journal.db-wal")); err != nil || !strings.Contains(string(journal), marker) {
		t.Error("the sections are not held back in the agency's own journal")
	}
}
