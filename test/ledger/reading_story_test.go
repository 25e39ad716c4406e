package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

const auditorTwo events.AgencyID = "testland-audit-two"

// everyPage is each page that shows something, with the reading that it needs.
func (c opened) everyPage(referral events.ReferralID) map[string]struct {
	what events.Reading
	of   string
} {
	type needs = struct {
		what events.Reading
		of   string
	}
	return map[string]needs{
		"/v1/cases":                                       {events.ReadingCases, ""},
		"/v1/referrals/" + string(referral):               {events.ReadingCases, ""},
		"/v1/cases/" + string(c.id) + "/trail":            {events.ReadingExport, string(c.id)},
		"/v1/log/entries?from=0":                          {events.ReadingLog, ""},
		"/v1/log/cases?limit=10":                          {events.ReadingLog, ""},
		"/v1/agencies/" + string(police) + "/deliveries":  {events.ReadingCompleteness, string(police)},
		"/v1/agencies/" + string(police) + "/submissions": {events.ReadingCompleteness, string(police)},
	}
}

func TestWhateverAnAuditorReadsStandsInTheLogBeforeItIsShown(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, []member{{auditorTwo, events.Auditor}}, listen)
	c := w.open()
	referral, _ := c.ask(shelter)
	w.settled()
	me, colleague := w.agencies[auditor], w.agencies[auditorTwo]
	for path, needs := range c.everyPage(referral) {
		before := w.count("SELECT count(*) FROM entry")
		sign := "?"
		if strings.Contains(path, "?") {
			sign = "&"
		}
		w.clear(path+" without a reading", w.problem(http.MethodGet, url+path, "", me), http.StatusForbidden, "reading-unrecorded")
		number := w.reading(url, me, needs.what, needs.of)
		if after := w.count("SELECT count(*) FROM entry"); after != before+1 || int64(number) != before {
			t.Errorf("%s: %d entries and then %d, the reading is %d", path, before, after, number)
		}
		w.saysWhoReads(number, events.TrailRead{What: needs.what, Case: events.CaseID(onlyIf(needs.what != events.ReadingCompleteness, needs.of)), Agency: events.AgencyID(onlyIf(needs.what == events.ReadingCompleteness, needs.of))})
		under := fmt.Sprint(url, path, sign, "reading=", number)
		for range 2 {
			if status, body := w.ask(http.MethodGet, under, "", me); status != http.StatusOK || len(body) == 0 {
				t.Errorf("%s is answered %d %.100s", path, status, body)
			}
		}
		w.clear(path+" under a colleague's reading", w.problem(http.MethodGet, under, "", colleague), http.StatusForbidden, "reading-unrecorded")
		w.clear(path+" by an agency", w.problem(http.MethodGet, under, "", w.agencies[police]), http.StatusForbidden, "power")
		w.clear(path+" by nobody", w.problem(http.MethodGet, under, "", nil), http.StatusUnauthorized, "")
		w.clear(path+" by a stranger", w.problem(http.MethodGet, under, "", w.stranger(auditor)), http.StatusUnauthorized, "")
	}
	for _, s := range w.agencies {
		if s.link != nil && strings.Contains(strings.Join(s.types(), " "), "trail.read") {
			t.Errorf("%s was told who reads", s.id)
		}
	}
	w.check()
}

func onlyIf(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// saysWhoReads checks the entry of a reading: the hub says it, of the auditor.
func (w *world) saysWhoReads(number uint64, want events.TrailRead) {
	w.t.Helper()
	var opening, data []byte
	w.must(as(w.t, w.database, local.RoleLedger).QueryRow(w.t.Context(), "SELECT o.entry, p.data FROM opening o JOIN payload p USING (number) WHERE number = $1", number).Scan(&opening, &data))
	entry, err := tlog.ParseEntry(opening)
	w.must(err)
	w.must(seal.VerifyMaterial(entry.Attributes, entry.DataDigest, w.founded.Signing))
	said, err := events.Decode(events.TypeTrailRead, data)
	w.must(err)
	if read, ok := said.(*events.TrailRead); !ok || *read != want || entry.Attribute("subject") != string(auditor) || entry.Submitter != events.HubAgency {
		w.t.Errorf("the entry says %s of %s: %s", entry.Submitter, entry.Attribute("subject"), data)
	}
}

func TestAReadingCountsForTwelveHours(t *testing.T) {
	listen, url := listening(t)
	var ahead atomic.Int64
	w := newWorld(t, listen, func(c *ledger.Config) {
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	me := w.agencies[auditor]
	under := fmt.Sprint(url, "/v1/cases?reading=", w.reading(url, me, events.ReadingCases, ""))
	ahead.Store(int64(12*time.Hour - time.Minute))
	if status, body := w.ask(http.MethodGet, under, "", me); status != http.StatusOK {
		t.Errorf("within its time a reading is answered %d %s", status, body)
	}
	ahead.Store(int64(12*time.Hour + time.Minute))
	w.clear("a reading of this morning", w.problem(http.MethodGet, under, "", me), http.StatusForbidden, "reading-unrecorded")
}

func TestAnApprovalIsAnotherAuditorsAndForThisReadingOnly(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, []member{{auditorTwo, events.Auditor}}, listen)
	c := w.open()
	me, colleague := w.agencies[auditor], w.agencies[auditorTwo]
	right := seal.Approval{By: auditorTwo, Reader: auditor, What: events.ReadingExport, Case: c.id, Expires: w.now().Add(time.Hour)}
	asks := fmt.Sprintf(`{"what":"export","case":%q}`, c.id)
	approve := func(by *site, change func(*seal.Approval), origin string) string {
		a := right
		change(&a)
		token, err := seal.SignApproval(by.signing, a, origin, w.now())
		w.must(err)
		return token
	}
	same := func(*seal.Approval) {}
	good := approve(colleague, same, hubID.Origin())
	for what, token := range map[string]string{
		"an agency's":           approve(w.agencies[police], func(a *seal.Approval) { a.By = police }, hubID.Origin()),
		"one's own":             approve(me, func(a *seal.Approval) { a.By, a.Reader = auditor, auditorTwo }, hubID.Origin()),
		"one's own, as another": approve(me, same, hubID.Origin()),
		"for another reader":    approve(colleague, func(a *seal.Approval) { a.Reader = "testland-audit-three" }, hubID.Origin()),
		"for another case":      approve(colleague, func(a *seal.Approval) { a.Case = w.newCase() }, hubID.Origin()),
		"for another reading":   approve(colleague, func(a *seal.Approval) { a.What = events.ReadingReplay }, hubID.Origin()),
		"for another hub":       approve(colleague, same, "handrail/elsewhere"),
		"by nobody listed":      approve(w.stranger(auditorTwo), same, hubID.Origin()),
		"changed":               good[:len(good)-8] + "AAAAAAAA",
		"nothing":               "",
		"no approval":           "x.y.z",
		"longer than any":       strings.Repeat("x", 3000),
		"a request's signature": requestToken(w, colleague),
	} {
		before := w.count("SELECT count(*) FROM entry")
		status, body := w.askApproved(url, asks, me, token)
		if status != http.StatusForbidden || !strings.Contains(string(body), "approval-needed") || w.count("SELECT count(*) FROM entry") != before {
			t.Errorf("an approval that is %s: %d %s", what, status, body)
		}
	}
	if status, _ := w.askApproved(url, asks, me, good, good); status != http.StatusForbidden {
		t.Errorf("two approvals are answered %d", status)
	}
	status, body := w.askApproved(url, asks, me, good)
	var recorded ledger.ReadingRecorded
	if json.Unmarshal(body, &recorded) != nil || status != http.StatusCreated {
		t.Fatalf("a good approval is answered %d %s", status, body)
	}
	w.saysWhoReads(recorded.Reading, events.TrailRead{What: events.ReadingExport, Case: c.id, Approved: auditorTwo})
}

// requestToken is what a colleague signed for something else.
func requestToken(w *world, by *site) string {
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://hub.example/v1/cases", nil)
	w.must(err)
	w.must(seal.SignRequest(request, by.signing, by.id, hubID.Origin(), nil, w.now()))
	return strings.TrimPrefix(request.Header.Get("Authorization"), "Handrail ")
}

// askApproved asks for a reading and shows approvals.
func (w *world) askApproved(url, body string, by *site, approvals ...string) (int, []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url+"/v1/readings", strings.NewReader(body))
	w.must(err)
	for _, a := range approvals {
		request.Header.Add(seal.ApprovalHeader, a)
	}
	w.must(seal.SignRequest(request, by.signing, by.id, hubID.Origin(), []byte(body), w.now()))
	return w.do(request)
}

// TestAReadingThatCannotBeRecordedShowsNothing, whether the database refuses it or
// goes away in the middle; and the ledger goes on.
func TestAReadingThatCannotBeRecordedShowsNothing(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	me := w.agencies[auditor]
	owner := as(t, w.database, local.RoleOwner)
	exec := func(statement string) {
		_, err := owner.Exec(t.Context(), statement)
		w.must(err)
	}
	for what, fault := range map[string]struct {
		statement string
		status    int
		rule      string
	}{
		"refused":        {"RAISE EXCEPTION 'no' USING ERRCODE = 'data_exception'", http.StatusInternalServerError, "hub-fault"},
		"the connection": {"PERFORM pg_terminate_backend(pg_backend_pid())", http.StatusServiceUnavailable, "not-active"},
	} {
		before := w.count("SELECT count(*) FROM entry")
		exec("CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + fault.statement + "; RETURN NEW; END $$; CREATE TRIGGER broken BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION broken()")
		w.clear(what, w.problem(http.MethodPost, url+"/v1/readings", `{"what":"cases"}`, me), fault.status, fault.rule)
		if after := w.count("SELECT count(*) FROM entry"); after != before {
			t.Errorf("%s: %d entries and then %d", what, before, after)
		}
		exec("DROP TRIGGER broken ON reading; DROP FUNCTION broken()")
		w.eventually("readings are recorded again", func() bool {
			status, _ := w.ask(http.MethodPost, url+"/v1/readings", `{"what":"cases"}`, me)
			return status == http.StatusCreated
		})
		p := w.agencies[police]
		p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	}
	w.check()
}

func TestAStandbyRecordsNoReadingAndShowsWhatTheActiveOneRecorded(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	me := w.agencies[auditor]
	number := w.reading(url, me, events.ReadingCases, "")
	standing, standby := listening(t)
	first := w.stop
	standing(&w.config)
	w.start()
	w.eventually("the other one stands by", func() bool {
		response, err := http.Get(standby + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return strings.Contains(string(body), "standby")
	})
	w.clear("a reading at a standby", w.problem(http.MethodPost, standby+"/v1/readings", `{"what":"cases"}`, me), http.StatusServiceUnavailable, "not-active")
	if status, body := w.ask(http.MethodGet, fmt.Sprint(standby, "/v1/cases?reading=", number), "", me); status != http.StatusOK {
		t.Errorf("the standby answers %d %s", status, body)
	}
	first()
	w.eventually("the standby leads and records", func() bool {
		status, _ := w.ask(http.MethodPost, standby+"/v1/readings", `{"what":"cases"}`, me)
		return status == http.StatusCreated
	})
}

func TestReadingsAreRecordedBesideALoadAndAreHeldToAPace(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	me, p := w.agencies[auditor], w.agencies[police]
	var all sync.WaitGroup
	all.Go(func() {
		for range 100 {
			p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
		}
	})
	statuses := make(chan int, 320)
	for range 8 {
		all.Go(func() {
			for range 40 {
				status, _ := w.ask(http.MethodPost, url+"/v1/readings", `{"what":"cases"}`, me)
				statuses <- status
			}
		})
	}
	all.Wait()
	close(statuses)
	counts := map[int]int{}
	for status := range statuses {
		counts[status]++
	}
	if counts[http.StatusCreated] != 300 || counts[http.StatusTooManyRequests] != 20 {
		t.Errorf("320 readings in less than a minute are answered %v", counts)
	}
	if n := w.count("SELECT count(*) FROM reading"); n != 300 {
		t.Errorf("%d readings stand in the log", n)
	}
	w.settled()
	w.check()
}

// TestATrailIsProvedAtTheNewestCheckpointThatCountsAsWitnessed, as soon as one
// covers the case; what came later, such as the reading itself, does not wait for it.
func TestATrailIsProvedAtTheNewestCheckpointThatCountsAsWitnessed(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	if found, err := tlog.Cosignatures(w.trailOf(url, c.id).Checkpoint, w.cosigners()); err != nil || len(found) != 0 {
		t.Errorf("before anybody witnesses a trail has %d cosignatures: %v", len(found), err)
	}
	w.watching(police, shelter, coordinator)
	w.agencies[police].say(consent(events.Recipient{Class: events.Shelter}), c.id, "")
	w.settled()
	w.cosignedAll(police, shelter, coordinator)
	trail := w.trailOf(url, c.id)
	checkpoint, err := tlog.ParseCheckpoint(trail.Checkpoint, w.verifier.Log)
	w.must(err)
	found, err := tlog.Cosignatures(trail.Checkpoint, w.cosigners())
	w.must(err)
	if len(found) < 2 || len(trail.Entries) != 4 || checkpoint.Size <= trail.Entries[3].Number || checkpoint.Size > w.size() {
		t.Errorf("the checkpoint of %d entries has %d cosignatures, the case %d entries", checkpoint.Size, len(found), len(trail.Entries))
	}
	for _, e := range append(append([]ledger.TrailEntry{trail.Founding}, trail.Entries...), trail.Readings...) {
		if e.Number >= checkpoint.Size {
			t.Errorf("entry %d is behind the checkpoint of %d entries", e.Number, checkpoint.Size)
		}
		_, _, err := w.verifier.VerifyEntry(e.Number, tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}, e.Proof, trail.Checkpoint)
		w.must(err)
	}
	status, body := w.ask(http.MethodGet, url+"/v1/tlog/checkpoint", "", w.agencies[auditor])
	if newest, err := tlog.ParseCheckpoint(body, w.verifier.Log); status != http.StatusOK || err != nil || newest.Size != w.size() {
		t.Errorf("the head is %d %s: %v", status, body, err)
	}
}
