package agency

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/ledger"
)

func (s *site) witness() agency.WitnessView { return get[agency.WitnessView](s, "/v1/witness") }

func (s *site) alarmed(name string) bool {
	return slices.ContainsFunc(s.status().Alarms, func(a agency.Alarm) bool { return a.Name == name })
}

// opensCase makes an entry in the log.
func (s *site) opensCase() events.EventID {
	s.w.t.Helper()
	status, text := s.ask(http.MethodPost, "/v1/say", `{"type":"case.opened","data":{"age":"adult"}}`)
	if status != http.StatusAccepted {
		s.w.t.Fatalf("opening a case: %d %s", status, text)
	}
	var said agency.SaidOf
	s.w.must(json.Unmarshal([]byte(text), &said))
	return said.Events[0]
}

// watched waits until witnesses have cosigned the same, at least so much, and
// nothing of what was delivered is left to be compared with it.
func (w *world) watched(least uint64, witnesses ...*site) uint64 {
	w.t.Helper()
	var size uint64
	for _, s := range witnesses {
		w.eventually("a witness cosigns", func() bool {
			v := s.witness()
			size = v.Size
			return v.State == agency.WitnessCosigns && v.Size >= least && v.Unconnected == 0
		})
	}
	return size
}

func TestAgenciesCosignTheLogAndCanProveWhatIsInIt(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	id := p.opensCase()
	p.settled()
	w.watched(2, p, s)
	w.eventually("each sees that the other cosigns", func() bool { return p.witness().Others.Enough && s.witness().Others.Enough })

	var proof agency.ProofView
	w.eventually("the hub has a witnessed proof", func() bool {
		status, text := p.ask(http.MethodGet, "/v1/proof/"+string(id), "")
		return status == http.StatusOK && json.Unmarshal([]byte(text), &proof) == nil && proof.Connected
	})
	if !proof.Cosigned.Enough || !slices.Contains(proof.Cosigned.Agencies, theShelter) {
		t.Errorf("the proof is of %+v", proof.Cosigned)
	}
	logKey, err := note.NewVerifier(w.pins.LogVKey)
	w.must(err)
	parsed, err := tlog.ParseProof(proof.Proof)
	w.must(err)
	if entry, _, err := (tlog.Verifier{Hub: hubID, Log: logKey}).VerifyProof(parsed); err != nil || entry.Attribute("id") != string(id) {
		t.Errorf("with nothing but the pinned key it proves %q, %v", entry.Attribute("id"), err)
	}
	if status, text := s.ask(http.MethodGet, "/v1/proof/"+string(id), ""); status != http.StatusNotFound {
		t.Errorf("the shelter, which was not told of the case, gets %d %s", status, text)
	}
	if status, text := p.ask(http.MethodPost, "/v1/witness/reset", `{"staff":"lead-3","because":"state-lost","size":1,"root":"`+p.witness().Root+`"}`); status != http.StatusConflict {
		t.Errorf("a reset that nothing asks for: %d %s", status, text)
	}
	status, text := p.ask(http.MethodGet, "/v1/evidence", "")
	lines := 0
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); lines++ {
	}
	if status != http.StatusOK || lines < 4 || !strings.Contains(text, string(id)) || strings.Contains(text, `"age"`) {
		t.Errorf("evidence: %d %s", status, text)
	}
}

func TestARolledBackLogRingsAtEveryWitnessAndStopsTheHub(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	p.opensCase()
	p.settled()
	w.watched(2, p, s)
	w.stop()
	old := w.copies()
	w.startLedger()
	for range 3 {
		p.opensCase()
	}
	p.settled()
	size := w.watched(5, p, s)
	w.stop()

	w.wipeBroker(func() { time.Sleep(time.Second) }) // control messages are newer by whole seconds
	ended := w.startsOn(old)
	for _, site := range []*site{p, s} {
		w.eventually("a witness rings", func() bool { return site.alarmed("log-rolled-back") })
		if v := site.witness(); v.State != agency.WitnessAlarmed || v.Size != size || len(v.Findings) != 1 {
			t.Errorf("%s: %+v", site.config.Agency, v)
		}
	}
	select {
	case err := <-ended:
		if !errors.Is(err, ledger.ErrRolledBack) {
			t.Errorf("the ledger ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the ledger goes on")
	}
	p.stop()
	p = w.start(thePolice)
	if !p.alarmed("log-rolled-back") {
		t.Error("after a restart the finding is forgotten")
	}
}

func TestAForkedLogIsFoundByBothAndGoesOnWherePeopleAgree(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	p.opensCase()
	p.settled()
	w.watched(2, p, s)
	w.stop()
	old := w.copies()
	w.startLedger()
	lost := []events.EventID{p.opensCase(), p.opensCase()}
	p.settled()
	w.watched(4, p, s)
	w.stop()
	p.stop()
	s.stop()

	w.wipeBroker(func() {})  // what the witnesses last said does not reach the other ledger
	ended := w.startsOn(old) // another history grows, which a third agency sees
	third := w.joined(otherHouse)
	for range 4 {
		third.publishes(`{"needs":["counselling"],"sexes":["woman"],"ages":["adult"],"hours":["daily 00:00-24:00"],"places":"some"}`)
	}
	third.settled()
	w.watched(7, third)
	p, s = w.start(thePolice), w.start(theShelter)
	w.eventually("the one that cosigned less than there is now finds the fork", func() bool { return p.alarmed("log-forked") || s.alarmed("log-forked") })
	select {
	case err := <-ended:
		if !errors.Is(err, ledger.ErrForked) {
			t.Errorf("the ledger ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the ledger goes on")
	}

	w.must(ledger.AcceptHistory(t.Context(), postgres.DSN(old, local.RoleOwner))) // the parties agreed to go on from there
	w.startsOn(old)
	agreed := third.witness()
	for _, site := range []*site{p, s} {
		w.eventually("both have found it", func() bool { return site.alarmed("log-forked") })
		body := fmt.Sprintf(`{"staff":"lead-3","because":"log-forked","size":%d,"root":"%s"}`, agreed.Size, agreed.Root)
		w.eventually("people reset the witness", func() bool {
			status, text := site.ask(http.MethodPost, "/v1/witness/reset", body)
			if status != http.StatusAccepted {
				t.Logf("not yet: %s", text)
			}
			return status == http.StatusAccepted
		})
		site.settled()
	}
	w.watched(agreed.Size+1, p, s, third)
	for _, of := range lost {
		w.eventually("what the police said in the lost history is said again", func() bool {
			status, text := p.ask(http.MethodGet, "/v1/proof/"+string(of), "")
			return status == http.StatusOK && strings.Contains(text, `"connected":true`)
		})
	}
	if resets := third.witness().Resets; len(resets) != 2 {
		t.Errorf("the third agency sees the resets %+v", resets)
	}
	for _, site := range []*site{p, s, third} {
		if alarms := site.status().Alarms; len(alarms) != 0 {
			t.Errorf("%s: %+v", site.config.Agency, alarms)
		}
	}
}

// copies backs the ledger's database up, which must be stopped.
func (w *world) copies() (name string) {
	w.t.Helper()
	name = w.database + "_old"
	w.must(postgres.CreateDatabaseFrom(w.t.Context(), name, local.RoleOwner, w.database))
	w.t.Cleanup(func() { _ = postgres.DropDatabase(context.Background(), name) })
	return name
}

// startsOn starts the ledger on another database, and tells how it ends.
func (w *world) startsOn(database string) (ended chan error) {
	w.t.Helper()
	w.config.DatabaseURL = postgres.DSN(database, local.RoleLedger)
	l, err := ledger.New(w.config)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	over := make(chan struct{})
	go func() {
		ended <- l.Run(ctx)
		close(over)
	}()
	w.stop = func() {
		cancel()
		<-over
	}
	w.t.Cleanup(w.stop)
	return ended
}
