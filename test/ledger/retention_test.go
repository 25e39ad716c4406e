package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger"
)

// retiring is a world that looks for cases to retire all the time.
func retiring(t *testing.T) (*world, string) {
	t.Helper()
	listen, url := listening(t)
	return newWorld(t, listen, func(c *ledger.Config) { c.LookEvery = 100 * time.Millisecond }), url
}

// age makes the last statement of a case older than any retention, and waits for its end.
func (c opened) age() got {
	c.t.Helper()
	_, err := as(c.t, c.database, local.RoleOwner).Exec(c.t.Context(), "UPDATE case_state SET said = said - interval '50 years' WHERE case_id = $1::text::uuid", string(c.id))
	c.must(err)
	var found got
	c.eventually("the hub says that the retention ended", func() bool {
		p := c.agencies[police]
		p.mu.Lock()
		defer p.mu.Unlock()
		at := slices.IndexFunc(p.got, func(g got) bool {
			return g.event.Type == events.TypeRetentionEnded && payloadOf[*events.RetentionEnded](c.world, g.event).Case == c.id
		})
		if at >= 0 {
			found = p.got[at]
		}
		return at >= 0
	})
	return found
}

// retain runs the retention job.
func (w *world) retain() ledger.Retained {
	w.t.Helper()
	done, err := ledger.Retain(w.t.Context(), postgres.DSN(w.database, local.RoleRetention))
	w.must(err)
	return done
}

// filesWith counts the files of the database that hold some bytes.
func (w *world) filesWith(what []byte) (names []string) {
	w.t.Helper()
	admin := as(w.t, w.database, "")
	_, err := admin.Exec(w.t.Context(), "CHECKPOINT")
	w.must(err)
	found, err := admin.Query(w.t.Context(), `SELECT f FROM pg_database d, pg_ls_dir('base/' || d.oid) f
		WHERE d.datname = current_database() AND position($1::bytea IN pg_read_binary_file('base/' || d.oid || '/' || f, 0, 1 << 29, true)) > 0`, what)
	w.must(err)
	defer found.Close()
	for found.Next() {
		var name string
		w.must(found.Scan(&name))
		names = append(names, name)
	}
	w.must(found.Err())
	_ = admin.Close(w.t.Context())
	return names
}

func TestWhatIsStoredOfARetiredCaseIsDestroyedAndStillProved(t *testing.T) {
	w, url := retiring(t)
	c, other := w.open(), w.open()
	referral, records := c.ask(shelter, shelter2)
	one, p := w.agencies[shelter], w.agencies[police]
	one.has(p.said[referral])
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	one.has(records[shelter])
	w.settled()
	before := w.trailOf(url, c.id)
	markers := map[string][]byte{
		"a sealed record":     records[shelter].Data[400:460],
		"an erased record":    records[shelter2].Data[400:460],
		"facts":               p.said[referral].Data,
		"an event's material": []byte(p.said[referral].DSSEMaterial),
		"an opening's salt":   before.Entries[0].Salt,
		"a stored state":      []byte(before.State)[:200],
	}
	for what, marker := range markers {
		if what != "an erased record" && len(w.filesWith(marker)) == 0 {
			t.Fatalf("%s is in no file before: the search finds nothing", what)
		}
	}

	ended := c.age()
	if done := w.retain(); done.Cases != 1 || int(done.Openings) != len(before.Entries) || len(done.Remaining) != 0 || len(done.Rewritten) != 7 {
		t.Errorf("retention did %+v, of %d entries", done, len(before.Entries))
	}
	for what, marker := range markers {
		if files := w.filesWith(marker); len(files) > 0 {
			t.Errorf("%s is still in the files %v", what, files)
		}
	}
	if done := w.retain(); done.Cases != 0 || done.Openings != 0 || len(done.Remaining) != 0 {
		t.Errorf("doing it again did %+v", done)
	}
	w.provedBehind(w.trailOf(url, c.id), before, ended)
	w.streamedBehind(url, c.id, ended, len(before.Entries))
	if trail := w.trailOf(url, other.id); trail.Retired != nil || trail.Entries[0].Opening == nil || trail.State == nil {
		t.Error("another case lost something")
	}
}

// provedBehind checks the trail of a destroyed case against what it was.
func (w *world) provedBehind(trail, before ledger.Trail, ended got) {
	w.t.Helper()
	checkpoint, err := tlog.ParseCheckpoint(trail.Checkpoint, w.verifier.Log)
	w.must(err)
	if trail.Retired == nil || trail.Retired.Number != ended.Entry || string(trail.State) != "null" && trail.State != nil || len(trail.Entries) != len(before.Entries) {
		w.t.Fatalf("the trail says retired by %+v, with state %.40s and %d entries", trail.Retired, trail.State, len(trail.Entries))
	}
	leaves := sha256.New()
	for i, e := range trail.Entries {
		if e.Number != before.Entries[i].Number || e.Leaf != before.Entries[i].Leaf {
			w.t.Errorf("entry %d has another leaf than before", e.Number)
		}
		if e.Opening != nil || e.Salt != nil || e.Data != nil || e.Record != nil || e.Reason != "" || e.Erased != ended.Entry || e.Damaged != "" {
			w.t.Errorf("entry %d still says something: %+v", e.Number, e)
		}
		w.must(sumdb.CheckRecord(sumdb.RecordProof(e.Proof), int64(checkpoint.Size), checkpoint.Root, int64(e.Number), e.Leaf))
		fmt.Fprintf(leaves, "%d %x\n", e.Number, e.Leaf[:])
	}
	said := payloadOf[*events.RetentionEnded](w, ended.event)
	if said.Leaves != hex.EncodeToString(leaves.Sum(nil)) || said.Entries != uint64(len(trail.Entries)) {
		w.t.Error("what the hub said of the case's entries is not what the trail has")
	}
	for _, e := range append([]ledger.TrailEntry{trail.Founding, *trail.Retired}, trail.Readings...) {
		_, _, err := w.verifier.VerifyEntry(e.Number, tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}, e.Proof, trail.Checkpoint)
		w.must(err)
	}
	if len(trail.Readings) != 2 { // this one and that before
		w.t.Errorf("the trail has %d readings, want 2", len(trail.Readings))
	}
}

// streamedBehind checks what the log stream has of a destroyed case.
func (w *world) streamedBehind(url string, id events.CaseID, ended got, entries int) {
	w.t.Helper()
	destroyed := 0
	_, all := w.stream(url, "/v1/log/entries?from=0")
	for i, e := range all {
		if e.Number != uint64(i) || e.Damaged {
			w.t.Errorf("the stream has entry %d in place %d, damaged: %v", e.Number, i, e.Damaged)
		}
		if e.Erased == ended.Entry {
			destroyed++
		}
		if (e.Opening == nil) != (e.Erased == ended.Entry) {
			w.t.Errorf("entry %d has an opening of %d bytes and is erased by %d", e.Number, len(e.Opening), e.Erased)
		}
	}
	if destroyed != entries || int64(len(all)) < w.count("SELECT count(*) FROM entry")-1 {
		w.t.Errorf("the stream of %d entries has %d destroyed ones, want %d", len(all), destroyed, entries)
	}
	cases, all := w.stream(url, "/v1/log/cases")
	at := slices.IndexFunc(cases, func(c ledger.LogCase) bool { return c.Case == id })
	if at < 0 || cases[at].Retired != ended.Entry || cases[at].State != nil || cases[at].Entries != uint64(entries) || len(cases) != 2 || len(all) != entries+int(cases[1-at].Entries) {
		w.t.Errorf("by case the stream has %+v, with %d entries", cases, len(all))
	}
}

// stream reads one page of the log stream.
func (w *world) stream(url, path string) (cases []ledger.LogCase, entries []ledger.LogEntry) {
	w.t.Helper()
	status, body := w.read(url, path, w.agencies[auditor], events.ReadingLog, "")
	if status != http.StatusOK {
		w.t.Fatalf("the stream is answered %d %s", status, body)
	}
	r := ledger.NewLogReader(body)
	for {
		c, e, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return cases, entries
		case err != nil:
			w.t.Fatal(err)
		case c != nil:
			cases = append(cases, *c)
		default:
			entries = append(entries, *e)
		}
	}
}

// trailOf reads a trail over HTTP.
func (w *world) trailOf(url string, id events.CaseID) (trail ledger.Trail) {
	w.t.Helper()
	status, body := w.read(url, "/v1/cases/"+string(id)+"/trail", w.agencies[auditor], events.ReadingReplay, string(id))
	if status != http.StatusOK {
		w.t.Fatalf("the trail is answered %d %s", status, body)
	}
	w.must(json.Unmarshal(body, &trail))
	return trail
}

func TestNothingIsSaidInACaseWhoseRetentionEnded(t *testing.T) {
	w, url := retiring(t)
	c, other := w.open(), w.open()
	p := w.agencies[police]
	ended := c.age()
	for range 2 { // before and after it is destroyed
		p.refused(p.say(consent(events.Recipient{Class: events.Shelter}), c.id, ""), "retention-ended")
		p.refused(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, c.id, ""), "retention-ended")
		p.admitted(p.say(consent(events.Recipient{Class: events.Shelter}), other.id, ""))
		w.retain()
	}
	w.stop()
	w.start() // what a ledger remembers it reads from the database
	p.refused(p.say(request(shelter), c.id, ""), "retention-ended")
	if n := w.count("SELECT count(*) FROM case_state WHERE case_id = $1::text::uuid", string(c.id)); n != 0 {
		t.Error("a destroyed case has a state again")
	}
	trail := w.trailOf(url, c.id)
	late := 0
	for _, e := range trail.Entries {
		if e.Number > ended.Entry {
			late++
			if e.Opening == nil || e.Erased != 0 {
				t.Errorf("entry %d, a refusal behind the end, is not open", e.Number)
			}
		}
	}
	if late != 5 {
		t.Errorf("the trail has %d refusals behind the end, want 5", late)
	}
	for _, s := range []events.AgencyID{shelter, shelter2, coordinator} {
		if slices.Contains(w.agencies[s].types(), "event "+events.TypeRetentionEnded.Name()) {
			t.Errorf("%s had nothing of the case and was told of its end", s)
		}
	}
}

func TestWhatIsDeliveredAgainOfADestroyedCaseIsATombstone(t *testing.T) {
	w, _ := retiring(t)
	c := w.open()
	p := w.agencies[police]
	c.age()
	w.retain()
	w.stop()
	w.start()
	w.settled()
	p.mu.Lock()
	before := len(p.got)
	p.got, p.repeated = nil, nil
	p.mu.Unlock()
	w.eventually("the police say that they hold nothing", func() bool { return p.sayPosition(t.Context(), 0, true) == nil })
	w.eventually("everything comes again", func() bool { return p.position() == uint64(before) })
	if want := []string{"event directory.founded", "tombstone", "tombstone", "tombstone", "event retention.ended"}; !slices.Equal(p.types(), want) {
		t.Errorf("delivered again: %s, want %s", strings.Join(p.types(), ", "), strings.Join(want, ", "))
	}
}

// TestARetentionJobThatDiedIsFinishedByTheNext. Rows are destroyed and the job dies
// before it rewrote the tables: nothing would tell that the bytes are still there.
func TestARetentionJobThatDiedIsFinishedByTheNext(t *testing.T) {
	w, _ := retiring(t)
	c := w.open()
	p := w.agencies[police]
	said := p.say(consent(events.Recipient{Class: events.Shelter}), c.id, "")
	p.admitted(said)
	w.settled()
	c.age()
	job := as(t, w.database, local.RoleRetention)
	_, err := job.Exec(t.Context(), "SELECT destroy_case($1::text::uuid)", string(c.id))
	w.must(err)
	w.must(job.Close(t.Context()))
	if len(w.filesWith([]byte(said.DSSEMaterial))) == 0 {
		t.Fatal("a deleted row left its file by itself")
	}
	if done := w.retain(); done.Cases != 0 || len(done.Rewritten) != 7 {
		t.Errorf("the next job did %+v", done)
	}
	if files := w.filesWith([]byte(said.DSSEMaterial)); len(files) > 0 {
		t.Errorf("the bytes are still in %v", files)
	}
}

// TestARetentionJobDestroysOnlyWhatTheLogGivesUp: which entries are a case's is
// derived, and whoever changes that may not have another case's openings destroyed.
func TestARetentionJobDestroysOnlyWhatTheLogGivesUp(t *testing.T) {
	w, _ := retiring(t)
	c, other := w.open(), w.open()
	w.settled()
	c.age()
	owner := as(t, w.database, local.RoleOwner)
	move := func(statement string) {
		_, err := owner.Exec(t.Context(), statement, string(c.id), string(other.id))
		w.must(err)
	}
	openings := w.count("SELECT count(*) FROM opening")
	move("INSERT INTO case_entry SELECT $1::text::uuid, number FROM case_entry WHERE case_id = $2::text::uuid")
	if done := w.retain(); done.Cases != 0 || done.Openings != 0 || len(done.Remaining) != 1 || w.count("SELECT count(*) FROM opening") != openings {
		t.Errorf("with another case's entries it did %+v", done)
	}
	move("DELETE FROM case_entry WHERE case_id = $1::text::uuid AND number IN (SELECT number FROM case_entry WHERE case_id = $2::text::uuid)")
	move("WITH ended AS (SELECT number FROM retired WHERE case_id = $1::text::uuid) INSERT INTO retired SELECT $2::text::uuid, number FROM ended")
	if done := w.retain(); done.Cases != 1 || len(done.Remaining) != 1 {
		t.Errorf("with another case's end it did %+v", done)
	}
}

// TestARetentionJobWaitsForWhoeverStillReads: rewriting a table keeps the rows that
// an open snapshot may see.
func TestARetentionJobWaitsForWhoeverStillReads(t *testing.T) {
	w, _ := retiring(t)
	c := w.open()
	p := w.agencies[police]
	said := p.say(consent(events.Recipient{Class: events.Shelter}), c.id, "")
	p.admitted(said)
	w.settled()
	c.age()
	tx, err := as(t, w.database, local.RoleLedger).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	w.must(err)
	_, err = tx.Exec(t.Context(), "SELECT 1 FROM entry")
	w.must(err)
	finished := make(chan ledger.Retained, 1)
	go func() {
		done, err := ledger.Retain(context.WithoutCancel(t.Context()), postgres.DSN(w.database, local.RoleRetention))
		if err != nil {
			t.Error(err)
		}
		finished <- done
	}()
	w.eventually("the rows are deleted", func() bool { return w.count("SELECT count(*) FROM retired WHERE destroyed IS NOT NULL") == 1 })
	select {
	case <-finished:
		t.Error("the job did not wait")
	case <-time.After(time.Second):
	}
	w.must(tx.Rollback(t.Context()))
	if done := <-finished; done.Cases != 1 || len(done.Remaining) != 0 || len(done.Rewritten) != 7 {
		t.Errorf("the job did %+v", done)
	}
	if files := w.filesWith([]byte(said.DSSEMaterial)); len(files) > 0 {
		t.Errorf("the bytes are still in %v", files)
	}
}

func TestARetentionJobDestroysNothingWhoseTimeHasNotCome(t *testing.T) {
	w, _ := retiring(t)
	c := w.open()
	if done := w.retain(); done.Cases != 0 || done.Openings != 0 {
		t.Errorf("retention did %+v", done)
	}
	job := as(t, w.database, local.RoleRetention)
	for _, statement := range []string{
		"SELECT destroy_case('" + string(c.id) + "')", "SELECT destroy_case(NULL)", "SELECT rewrite_derived('entry')", "SELECT rewrite_derived('retired; DROP TABLE entry')",
		"DELETE FROM opening WHERE number = 1", "DELETE FROM payload WHERE number = 1", "UPDATE opening SET entry = entry", "UPDATE payload SET data = data", "TRUNCATE opening", "TRUNCATE payload",
		"INSERT INTO destroyed VALUES (1, 1)", "INSERT INTO retired VALUES ('" + string(c.id) + "', 1)", "UPDATE retired SET destroyed = now()", "SELECT state FROM case_state", "DELETE FROM case_state",
	} {
		if _, err := job.Exec(context.WithoutCancel(t.Context()), statement); err == nil {
			t.Errorf("the retention role may: %s", statement)
		}
	}
	w.check()
}

func TestRetentionCountsFromTheLastStatementNotFromTheHubsLook(t *testing.T) {
	w, ahead := later(t)
	c := w.open()
	said := func() int64 {
		return w.count("SELECT extract(epoch FROM said)::bigint FROM case_state WHERE case_id = $1::text::uuid", string(c.id))
	}
	before := said()
	ahead.Store(int64(241 * time.Hour))
	c.expired()
	if after := said(); after != before {
		t.Errorf("the hub looked at the case, and its last statement moved by %d s", after-before)
	}
	p := w.agencies[police]
	p.admitted(p.say(consent(events.Recipient{Class: events.Shelter}), c.id, ""))
	if after := said(); after < before+240*3600 {
		t.Errorf("something was said, and the last statement moved by %d s", after-before)
	}
}
