package ledger

import (
	"net/http"
	"testing"

	"handrail/events"
	"handrail/services/ledger"
)

// TestATrailOfDamagedRowsAnswersAndNamesThem. Somebody who may do anything in the
// database made rows of one case unreadable: an auditor still gets all the rest.
func TestATrailOfDamagedRowsAnswersAndNamesThem(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	referral, records := c.ask(shelter, shelter2)
	p := w.agencies[police]
	refused := p.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	p.answer(refused)
	w.settled()
	owner := as(t, w.database, "")
	exec := func(statement string, args ...any) {
		_, err := owner.Exec(t.Context(), statement, args...)
		w.must(err)
	}
	for _, table := range []string{"entry", "opening", "payload", "node"} {
		exec("ALTER TABLE " + table + " DISABLE TRIGGER ALL")
	}
	request := w.entryOf(p.said[referral])
	one, two := w.entryOf(records[shelter]), w.entryOf(records[shelter2])
	exec("DELETE FROM opening WHERE number = 1")
	exec("DELETE FROM payload WHERE number = 2")
	exec("UPDATE opening SET entry = 'x' WHERE number = 3")
	exec("UPDATE payload SET data = 'no record' WHERE number = $1", one)
	exec("DELETE FROM payload WHERE number = $1", two)
	exec("DELETE FROM refusal")
	exec("UPDATE case_state SET state = 'no state'")
	w.damages(url, c, map[uint64]ledger.Damage{
		1: ledger.DamagedOpening, 2: ledger.DamagedData, 3: ledger.DamagedOpening, uint64(one): ledger.DamagedRecord, uint64(two): ledger.DamagedData,
	})
	exec("DELETE FROM entry WHERE number = $1", request)
	trail := w.trailOf(url, c.id)
	for _, e := range trail.Entries {
		switch {
		case e.Number == uint64(request) && e.Damaged != ledger.DamagedEntry:
			t.Errorf("entry %d is gone and is called %q", e.Number, e.Damaged)
		case e.Number != uint64(request) && e.Damaged == "":
			t.Errorf("entry %d cannot be proved without the leaf of %d, and is called whole", e.Number, request)
		}
	}
	me := w.agencies[auditor]
	if status, _ := w.read(url, "/v1/cases", me, events.ReadingCases, ""); status != http.StatusOK {
		t.Errorf("the list of cases is answered %d", status)
	}
	if status, _ := w.read(url, "/v1/log/entries?from=0", me, events.ReadingLog, ""); status != http.StatusOK {
		t.Errorf("the log is answered %d", status)
	}
	w.stop()
}

// damages checks which entries of a trail are called damaged, and as what.
func (w *world) damages(url string, c opened, want map[uint64]ledger.Damage) {
	w.t.Helper()
	trail := w.trailOf(url, c.id)
	for _, e := range trail.Entries {
		if e.Damaged != want[e.Number] || len(e.Proof) == 0 {
			w.t.Errorf("entry %d is called %q with %d hashes of proof, want %q", e.Number, e.Damaged, len(e.Proof), want[e.Number])
		}
		if e.Erased != 0 {
			w.t.Errorf("entry %d is called erased", e.Number)
		}
	}
}
