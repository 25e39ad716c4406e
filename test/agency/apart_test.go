package agency

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
)

// lockedBuffer is a log that a test reads.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// wipeBroker stops the broker, destroys all that it stored, and starts it again
// after what happens meanwhile.
func (w *world) wipeBroker(meanwhile func()) {
	w.t.Helper()
	w.must(w.broker.Stop())
	meanwhile()
	w.must(os.RemoveAll(filepath.Join(w.options.Dir, "jetstream")))
	var err error
	w.broker, err = local.StartBroker(w.options)
	w.must(err)
}

// once checks that a site's whole outbox was admitted, and that its case holds
// each statement once.
func (s *site) once(of events.CaseID) {
	s.w.t.Helper()
	s.settled()
	for _, said := range get[agency.OutboxView](s, "/v1/outbox").Said {
		if said.State != "admitted" {
			s.w.t.Errorf("%s: %s is %s: %s", s.config.Agency, said.Type, said.State, said.Rule)
		}
	}
	seen := map[events.EventID]bool{}
	for _, line := range get[agency.CaseView](s, "/v1/cases/"+string(of)).Trail {
		if seen[line.ID] {
			s.w.t.Errorf("%s holds %s twice", s.config.Agency, line.Type)
		}
		seen[line.ID] = true
	}
	if alarms := s.status().Alarms; len(alarms) != 0 {
		s.w.t.Errorf("%s has alarms: %+v", s.config.Agency, alarms)
	}
}

func TestPeopleWorkWhileCutOffAndNothingIsLost(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.settled()
	w.wipeBroker(func() {
		p.agrees(c)
		p.refers(c, `["harbour-shelter"]`)
		if waiting := p.status().Waiting; waiting < 4 {
			t.Errorf("%d statements wait", waiting)
		}
		p.stop()
		p = w.start(thePolice)
		if view := get[agency.CaseView](p, "/v1/cases/"+string(c)); len(view.Referrals) != 1 || view.Waiting < 4 {
			t.Errorf("after a restart while cut off: %+v", view.CaseSummary)
		}
	})
	s.sees(c, "referral.requested")
	s.says(c, "referral.accepted", `{}`)
	w.wipeBroker(func() { w.stop() })
	w.startLedger()
	w.eventually("four sections are released", func() bool { return len(s.sections(c)) == 4 })
	p.sees(c, "referral.accepted")
	p.once(c)
	s.once(c)
}

func TestARowThatIsDamagedOnDiskIsFetchedAgain(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter"]`)
	s.sees(c, "referral.requested")
	s.stop()
	path := filepath.Join(s.config.Dir, "journal.db")
	journal, err := os.ReadFile(path)
	w.must(err)
	if bytes.Count(journal, []byte(`"urgency":"standard"`)) != 1 {
		t.Fatal("the journal does not hold the request once, in its main file")
	}
	w.must(os.WriteFile(path, bytes.Replace(journal, []byte(`"urgency":"standard"`), []byte(`"urgency":"tonight!"`), 1), 0o600))
	s = w.start(theShelter)
	s.sees(c, "referral.requested")
	w.eventually("the damage is repaired", func() bool { return len(s.status().Alarms) == 0 })
	if health := get[agency.Health](s, "/v1/doctor"); !health.OK {
		t.Errorf("the doctor says %+v", health.Checks)
	}
}

func TestWhatIsRefusedReachesNobodyAndHoldsNothingUp(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	said := `{"happened":"2026-01-02T03:04:05Z","recorded":"2026-01-02T03:04:05Z","channel":"system","to":["harbour-shelter"],"purpose":"accommodation",` +
		`"sections":["identity"],"needs":["safe-accommodation"],"urgency":"standard","age":"adult"}`
	status, text := p.post("/v1/events", `{"type":"org.handrail.referral.requested.v1","case":"`+string(c)+`","data":`+said+`}`)
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	p.answer(c, agency.AssessRisk, `{"with_person":true}`)
	p.settled()
	outbox := get[agency.OutboxView](p, "/v1/outbox").Said
	at := slices.IndexFunc(outbox, func(v agency.SaidView) bool { return v.Type == "referral.requested" })
	if outbox[at].State != "refused" || outbox[at].Rule != "consent-required" || outbox[at].Reason == "" {
		t.Errorf("without consent: %+v", outbox[at])
	}
	if last := outbox[len(outbox)-1]; last.Type != "risk.assessed" || last.State != "admitted" {
		t.Errorf("what came behind: %+v", last)
	}
	p.sees(c, "risk.assessed")
	if line := p.line(c, "referral.requested"); line.Type != "" {
		t.Error("the refused request stands in the case")
	}
	if cases := s.Cases(); len(cases) != 0 {
		t.Errorf("the shelter sees %+v", cases)
	}
}

func TestSystemsNeedTheTokenAndTheRightForm(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	status, text := p.send(http.DefaultClient, http.MethodPost, "http://"+p.systems.Address()+"/v1/events", `{}`, "wrong")
	if status != http.StatusUnauthorized || member(text, "rule") != `"token-missing"` {
		t.Errorf("a wrong token: %d %s", status, text)
	}
	for body, want := range map[string]string{
		`{"type":"org.handrail.record.released.v1","case":"0190f3a0-0000-7000-8000-000000000001","data":{}}`: `"type-unknown"`,
		`{"my secret name":1}`: `"data-malformed"`,
		`{"type":"org.handrail.case.opened.v1","case":"0190f3a0-0000-7000-8000-000000000001","data":{"age":"old"}}`: `"data-code"`,
	} {
		if _, text := p.post("/v1/events", body); member(text, "rule") != want || bytes.Contains([]byte(text), []byte("secret")) {
			t.Errorf("%s: %s", body, text)
		}
	}
	if status, _ := p.post("/v1/cases", `{}`); status != http.StatusNotFound {
		t.Errorf("a system reads cases: %d", status)
	}
}
