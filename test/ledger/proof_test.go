package ledger

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/proof"

	"handrail/contracts/tlog"
	"handrail/events"
)

// Years later an agency shows one file, checked with nothing but the pinned keys.
func TestWhoWasDeliveredAnEntryGetsItsWitnessedProof(t *testing.T) {
	const mission events.AgencyID = "elsewhere-mission"
	listen, url := listening(t)
	w := newWorldOf(t, []member{{mission, events.ForeignMission}}, listen)
	c := w.open()
	p := w.agencies[police]
	said := p.say(&events.RiskAssessed{Said: now(), WithPerson: true}, c.id, "")
	entry := p.admitted(said).Entry
	of := fmt.Sprint(url, "/v1/entries/", entry, "/proof")

	_, status, body := w.get(of, p)
	if status != http.StatusNotFound {
		t.Errorf("before anybody cosigned, the proof is answered %d %s", status, body)
	}
	w.watching(police)
	w.open()
	w.cosignedAll(police)
	if problem := w.problem(http.MethodGet, of, "", p); problem.Type != "urn:handrail:problem:unwitnessed-yet" {
		t.Errorf("with one cosignature the proof is answered %+v", problem)
	}
	w.watching(shelter)
	w.open()
	w.cosignedAll(police, shelter)

	w.proves(of, p, entry, said)
	me := w.agencies[auditor]
	w.proves(fmt.Sprint(of, "?reading=", w.reading(url, me, events.ReadingReplay, string(c.id))), me, entry, said)
	w.proves(fmt.Sprint(of, "?reading=", w.reading(url, me, events.ReadingLog, "")), me, entry, said)
	w.clear("an agency that has nothing of the case", w.problem(http.MethodGet, of, "", w.agencies[shelter2]), http.StatusNotFound, "not-found")
	w.clear("a foreign mission that has nothing of it", w.problem(http.MethodGet, of, "", w.agencies[mission]), http.StatusNotFound, "not-found")
	w.clear("an auditor without a reading", w.problem(http.MethodGet, of, "", me), http.StatusForbidden, "reading-unrecorded")
	other := w.open()
	w.clear("an auditor with another reading", w.problem(http.MethodGet, fmt.Sprint(of, "?reading=", w.reading(url, me, events.ReadingReplay, string(other.id))), "", me), http.StatusForbidden, "reading-unrecorded")
	status, body = w.ask(http.MethodGet, url+"/v1/entries/1/proof", "", w.agencies[mission]) // its own listing
	proof, err := tlog.ParseProof(body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the mission's proof is answered %d %s: %v", status, body, err)
	}
	if _, at, err := w.verifier.VerifyProof(proof); err != nil || at.Size >= w.size() {
		t.Errorf("the mission is shown how far the log is: %d of %d entries, %v", at.Size, w.size(), err)
	}
}

// proves checks one proof with our verifier and with transparency-dev's.
func (w *world) proves(url string, by *site, entry uint64, said events.Event) {
	w.t.Helper()
	status, body := w.ask(http.MethodGet, url, "", by)
	proof, err := tlog.ParseProof(body)
	if err != nil || status != http.StatusOK {
		w.t.Fatalf("the proof for %s is answered %d %s: %v", by.id, status, body, err)
	}
	opened, at, err := w.verifier.VerifyProof(proof)
	if err != nil || opened.Number != entry || opened.Attribute("dssematerial") != said.DSSEMaterial {
		w.t.Errorf("the proof for %s: entry %d, %v", by.id, opened.Number, err)
	}
	found, err := tlog.Cosignatures(proof.Checkpoint, w.cosigners())
	if err != nil || len(found) != 2 || time.Since(found[0].At) > time.Minute {
		w.t.Errorf("the proof's checkpoint of %d entries bears %v, %v", at.Size, found, err)
	}
	var theirs formats.TLogProof
	if err := theirs.Unmarshal(body); err != nil || theirs.Index != entry || len(theirs.Hashes) != len(proof.Path) {
		w.t.Errorf("transparency-dev reads entry %d: %v", theirs.Index, err)
	}
}
