package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/ledger"
)

// asideAs appends what the shelter says of itself, changed before it is signed.
func (b *book) asideAs(p events.Payload, change func(*events.Event)) uint64 {
	b.t.Helper()
	data, err := events.Encode(p)
	b.must(err)
	e := b.signed(shelter, string(shelter), "", p.Type(), events.EventID(b.uuid()), data, "")
	change(&e)
	e, err = b.signing[shelter].Sign(e)
	b.must(err)
	return b.append(b.admitted(e, nil), &ledger.LogEntry{Data: e.Data})
}

func (b *book) roomFor(hours ...events.Hours) *events.CapacityPublished {
	return &events.CapacityPublished{
		Said: b.said(), Needs: events.Set[events.Need]{"emergency-shelter"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Hours: events.Set[events.Hours](hours), Places: events.SomePlaces,
	}
}

func (b *book) reset() *events.WitnessReset {
	return &events.WitnessReset{Said: b.said(), Because: events.ResetStateLost, Size: 3, Root: strings.Repeat("ab", 32)}
}

// TestWhatNobodyMaySayBesideTheCasesIsFound: each is signed as it should be, and the hub admitted it.
func TestWhatNobodyMaySayBesideTheCasesIsFound(t *testing.T) {
	correlated := func(b *book) func(*events.Event) {
		return func(e *events.Event) { e.CorrelationID = events.EventID(b.uuid()) }
	}
	caused := func(b *book) func(*events.Event) {
		return func(e *events.Event) { e.CausationID = events.EventID(b.uuid()) }
	}
	for name, c := range map[string]struct {
		tell func(*book) (forged uint64)
		want string
	}{
		"the directory is founded again":          {func(b *book) uint64 { return b.aside(events.HubAgency, events.HubAgency, b.founded) }, "it founds the directory a second time"},
		"capacity that belongs to something else": {func(b *book) uint64 { return b.asideAs(b.roomFor("daily 00:00-24:00"), correlated(b)) }, "names a cause that it cannot have"},
		"capacity that something else caused":     {func(b *book) uint64 { return b.asideAs(b.roomFor("daily 00:00-24:00"), caused(b)) }, "names a cause that it cannot have"},
		"a reset that something else caused":      {func(b *book) uint64 { return b.asideAs(b.reset(), caused(b)) }, "names a cause that it cannot have"},
		"keys that something else caused": {func(b *book) uint64 {
			before := b.has(shelter)
			l := b.listing(shelter, events.Shelter)
			b.gives(shelter, before)
			return b.asideAs(&events.DirectoryKeyed{Listing: l}, caused(b))
		}, "it names a cause that it cannot have"},
		"a reset by no witness":       {func(b *book) uint64 { return b.aside(auditor, auditor, b.reset()) }, "its sender is no witness"},
		"capacity of a mission":       {func(b *book) uint64 { return b.aside(embassy, embassy, b.roomFor("daily 00:00-24:00")) }, "the powers of its sender's kind do not include this"},
		"capacity of an auditor":      {func(b *book) uint64 { return b.aside(auditor, auditor, b.roomFor("daily 00:00-24:00")) }, "the powers of its sender's kind do not include this"},
		"a reading by its own sender": {func(b *book) uint64 { return b.aside(auditor, auditor, &events.TrailRead{What: events.ReadingCases}) }, "its sender may not say this"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			said := fmt.Sprintf("entry %d: ", c.tell(b))
			if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %s%s", err, said, c.want)
			}
		})
	}
}

// What no event can be, the reading of events refuses before it comes here; it counts here too.
func TestWhatIsOfACaseIsNotJudgedBesideTheCases(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	v, err := b.auditor().Verify(b.trail(id))
	b.must(err)
	d := *v.directory
	opened := v.Steps[0]
	event, err := events.Parse(opened.Entry.Attributes, nil)
	b.must(err)
	if err := d.uncased(v.Size, event, opened.Facts); err == nil || !strings.Contains(err.Error(), "of a type that is") {
		t.Errorf("a statement of a case: %v", err)
	}
	event = b.signed(shelter, string(shelter), "", events.TypeCapacityPublished, events.EventID(b.uuid()), nil, "")
	b.must(d.ofItself(v.Size, event))
	event.Subject = string(harbour)
	if err := d.ofItself(v.Size, event); err == nil || !strings.Contains(err.Error(), "not of the agency that says it") {
		t.Errorf("the capacity of another: %v", err)
	}
	r := &logRun{LogVerification: b.verification()}
	for _, number := range b.cases[id].numbers {
		if b.parsed(number).Rule == "" {
			continue
		}
		shown, _, err := r.shown(b.entries[number], number)
		b.must(err)
		if err := r.readUncased(shown, &inOrder{}); !errors.Is(err, errNotOfCase) {
			t.Errorf("a refusal that names a case: %v", err)
		}
	}
}

// TestAnEntryUnderAnotherNumberIsFound: it stands at its place, and says that it stands elsewhere.
func TestAnEntryUnderAnotherNumberIsFound(t *testing.T) {
	for name, forge := range map[string]func(*book, events.CaseID) uint64{
		"a reading": func(b *book, id events.CaseID) uint64 {
			p := &events.TrailRead{What: events.ReadingReplay, Case: id}
			data, err := events.Encode(p)
			b.must(err)
			entry := b.admitted(b.signed(events.HubAgency, string(auditor), "", p.Type(), events.EventID(b.uuid()), data, ""), nil)
			entry.Number = b.tree.Size() + 1
			number := b.place(entry, &ledger.LogEntry{Data: data})
			b.cases[id].reads = append(b.cases[id].reads, number)
			return number
		},
		"a refusal in a case": func(b *book, id events.CaseID) uint64 {
			entry := b.parsed(b.cases[id].numbers[2])
			number := b.place(entry, &ledger.LogEntry{})
			b.cases[id].numbers = append(b.cases[id].numbers, number)
			return number
		},
	} {
		b := newBook(t)
		id := b.referred(true)
		said := fmt.Sprintf("entry %d", forge(b, id))
		const want = "it was recorded under another number"
		if _, err := b.auditor().Verify(b.trail(id)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: of the trail it says %v", name, err)
		}
		for _, leaves := range []bool{false, true} {
			of := b.verification()
			of.LeavesOnly = leaves
			if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: of the log, leaves only %v, it says %v", name, leaves, err)
			}
		}
	}
}

// meanwhile is a source in which something happens between the two readings.
type meanwhile struct {
	*book

	happens func()
}

func (m meanwhile) Cases(ctx context.Context, after events.CaseID) iter.Seq2[CaseEntries, error] {
	m.happens()
	return m.book.Cases(ctx, after)
}

// TestWhatIsDestroyedMeanwhileIsNoFinding, and nothing is kept of the run either: it
// cannot go on.
func TestWhatIsDestroyedMeanwhileIsNoFinding(t *testing.T) {
	for name, early := range map[string]bool{"before the log was read": true, "between the readings": false} {
		b := newBook(t)
		b.referred(true)
		id := b.referred(false)
		of := b.verification()
		of.Resume, of.saveAlways = filepath.Join(t.TempDir(), "resume"), true
		if early {
			b.retires(id, true)
		} else {
			of.Source = meanwhile{b, func() { b.retires(id, true) }}
		}
		if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrRetiredMeanwhile) || errors.Is(err, ErrUnverified) {
			t.Errorf("%s: it says %v", name, err)
		}
		if _, err := os.Stat(of.Resume); !os.IsNotExist(err) {
			t.Errorf("%s: the file is left behind: %v", name, err)
		}
		_, err := VerifyLog(t.Context(), b.verification())
		b.must(err)
	}
}
