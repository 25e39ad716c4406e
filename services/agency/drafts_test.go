package agency

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

const (
	day    = 24 * time.Hour
	marker = "m4rker-of-a-person"
)

// holdsBack stores a section as if a form had been filed at a time.
func (l *aLog) holdsBack(a *Agency, of events.CaseID, at time.Time) {
	l.t.Helper()
	l.must(a.journal.update(l.t.Context(), func(tx *sql.Tx) error {
		life := a.book.memo.Profile.DraftLife()
		return storeDraft(l.t.Context(), tx, of, events.SectionContact, jsontext.Value(`{"phone":"`+marker+`"}`), at, life)
	}))
}

// onDisk says whether the marker stands in any of the journal's files.
func (a *Agency) onDisk(t *testing.T) bool {
	t.Helper()
	return contains(t, a.config.path("journal.db"), marker) || contains(t, a.config.path("journal.db-wal"), marker)
}

func TestWhatIsHeldBackExpiresAsTheProfileSaysAndLeavesTheFile(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, now := newCaseID(t), time.Now()
	l.holdsBack(a, of, now)
	if _, err := readDraft(t.Context(), a.journal.reader, of, events.SectionContact, now.Add(28*day-time.Second)); err != nil {
		t.Error(err)
	}
	var v *events.Violation
	if _, err := readDraft(t.Context(), a.journal.reader, of, events.SectionContact, now.Add(28*day)); !errors.As(err, &v) || v.Rule != RuleSectionMissing {
		t.Errorf("after 28 days: %v", err)
	}
	a.now = func() time.Time { return now.Add(28 * day) }
	a.dropExpired(t.Context())
	if a.purgeAgain(t.Context()) || a.onDisk(t) {
		t.Error("the journal's files still hold what has expired")
	}
}

func TestStaffAreWarnedFromThe21stDay(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, now := newCaseID(t), time.Now()
	l.must(errOf(a.Say(t.Context(), Statement{Case: of, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})))
	l.holdsBack(a, of, now)
	l.must(a.journal.update(t.Context(), func(tx *sql.Tx) error {
		return storeTask(t.Context(), tx, of, Question{Kind: InformRights}, now)
	}))
	for days, warned := range map[int]bool{20: false, 21: true, 27: true, 28: false} {
		a.now = func() time.Time { return now.Add(time.Duration(days) * day) }
		status, err := a.Status(t.Context())
		l.must(err)
		if (len(status.Expiring) == 1) != warned || warned && (status.Expiring[0].Case != of || !status.Expiring[0].Deleted.Equal(now.Add(28*day))) {
			t.Errorf("on day %d the status says %+v", days, status.Expiring)
		}
		tasks, err := a.Tasks(t.Context())
		l.must(err)
		if len(tasks) != 1 || strings.Contains(tasks[0].Prompt, now.Add(28*day).UTC().Format(time.DateOnly)) != warned {
			t.Errorf("on day %d staff are asked %+v", days, tasks)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestAClosedCaseHoldsNothingBack(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, other := newCaseID(t), newCaseID(t)
	l.admitted(a, Statement{Case: of, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.holdsBack(a, of, time.Now())
	ids, err := a.Say(t.Context(), Statement{Case: of, Payload: &events.CaseClosed{Said: justNow(), Reason: "completed"}})
	l.must(err)
	rows, err := readOutbox(t.Context(), a.journal.reader, a.keys, `WHERE id = ?`, string(ids[0]))
	l.must(err)
	if _, err := readDraft(t.Context(), a.journal.reader, of, events.SectionContact, time.Now()); err != nil {
		t.Errorf("before the ledger has closed the case: %v", err)
	}
	l.gives(a, l.receipts(rows[0].event))
	if sections, err := draftSections(t.Context(), a.journal.reader, of, time.Now()); err != nil || len(sections) != 0 || a.onDisk(t) {
		t.Errorf("the closed case still holds back %v, %v", sections, err)
	}
	l.holdsBack(a, other, time.Now())
	if sections, err := draftSections(t.Context(), a.journal.reader, other, time.Now()); err != nil || len(sections) != 1 {
		t.Errorf("another case holds back %v, %v", sections, err)
	}
}

// A reader keeps SQLite from emptying the write-ahead log: that must not pass
// for done.
func TestWhatSomebodyReadsIsErasedAsSoonAsTheyEnd(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.holdsBack(a, newCaseID(t), time.Now().Add(-28*day))
	reader, err := a.journal.reader.Conn(t.Context())
	l.must(err)
	defer func() { _ = reader.Close() }()
	for _, statement := range []string{`BEGIN DEFERRED`, `SELECT COUNT(*) FROM drafts`} {
		_, err := reader.ExecContext(t.Context(), statement)
		l.must(err)
	}
	a.dropExpired(t.Context())
	if err := a.journal.purge(t.Context()); !errors.Is(err, errResidue) || !a.onDisk(t) {
		t.Fatalf("while somebody reads: %v", err)
	}
	if !a.purgeAgain(t.Context()) || !a.alarmed("residue") {
		t.Error("nobody is told that something erased is still on disk")
	}
	_, err = reader.ExecContext(t.Context(), `ROLLBACK`)
	l.must(err)
	if a.purgeAgain(t.Context()) || a.alarmed("residue") || a.onDisk(t) {
		t.Error("something erased is still on disk after the reader ended")
	}
}
