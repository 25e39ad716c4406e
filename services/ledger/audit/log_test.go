package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// library is a book with everything that a log may hold.
func library(t testing.TB) *book {
	b := newBook(t)
	b.capacity = append(b.capacity, b.aside(shelter, shelter, &events.CapacityPublished{
		Said: b.said(), Needs: events.Set[events.Need]{"emergency-shelter"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.SomePlaces,
	}))
	for i := range 6 {
		id := b.referred(i%2 == 0)
		b.isRead(id)
		if i == 4 {
			b.retires(id, true)
			b.refuses(police, id)
		}
	}
	b.refuses(harbour, "")           // nobody can believe it
	b.refuses("village-shelter", "") // nor this, of one that is about to join
	b.aside(shelter, shelter, &events.WitnessReset{Said: b.said(), Because: events.ResetStateLost, Size: 3, Root: strings.Repeat("ab", 32)})
	return b
}

func TestAWholeLogVerifies(t *testing.T) {
	b := library(t)
	var told []LogProgress
	of := b.verification()
	of.Progress = func(p LogProgress) { told = append(told, p) }
	report, err := VerifyLog(t.Context(), of)
	b.must(err)
	want := LogCounts{Entries: b.tree.Size(), Refused: 8, Cases: 6, Judged: report.Counts.Judged, Signatures: report.Counts.Signatures, Readings: 6, Erased: 5, Retired: 1, Resets: 1}
	if report.Counts != want || !report.Witnessed || report.Size != b.tree.Size() || report.Counts.Judged == 0 {
		t.Errorf("it counts %+v, want %+v, witnessed %v", report.Counts, want, report.Witnessed)
	}
	if len(report.Early) != 1 {
		t.Errorf("one case was retired after minutes, and %v are said to be", report.Early)
	}
	if last := told[len(told)-1]; last.Phase != 2 || last.Done != last.Of || last.Left() != 0 {
		t.Errorf("the last progress is %+v", last)
	}
	of = b.verification()
	of.LeavesOnly = true
	_, err = VerifyLog(t.Context(), of)
	b.must(err)
}

// altered is a source that shows something else, in one of the readings or in both.
type altered struct {
	*book

	entry func(*ledger.LogEntry) *ledger.LogEntry
	one   func(*CaseEntries) bool // false: leave it out
}

func (a altered) Entries(ctx context.Context, from, to uint64) iter.Seq2[*ledger.LogEntry, error] {
	return func(yield func(*ledger.LogEntry, error) bool) {
		for e, err := range a.book.Entries(ctx, from, to) {
			if a.entry != nil {
				e = a.entry(e)
			}
			if e != nil && !yield(e, err) {
				return
			}
		}
	}
}

func (a altered) Cases(ctx context.Context, after events.CaseID) iter.Seq2[CaseEntries, error] {
	return func(yield func(CaseEntries, error) bool) {
		for one, err := range a.book.Cases(ctx, after) {
			if (a.one == nil || a.one(&one)) && !yield(one, err) {
				return
			}
		}
	}
}

// but gives another entry instead of one.
func but(number uint64, change func(*ledger.LogEntry)) func(*ledger.LogEntry) *ledger.LogEntry {
	return func(e *ledger.LogEntry) *ledger.LogEntry {
		if e.Number != number {
			return e
		}
		other := *e
		change(&other)
		return &other
	}
}

func TestALogThatWasTamperedWithDoesNotVerify(t *testing.T) {
	b := library(t)
	first := b.cases[firstCase(b)].numbers
	for name, c := range map[string]struct {
		source altered
		want   string
	}{
		"an opening":          {altered{book: b, entry: but(5, func(e *ledger.LogEntry) { e.Opening = bytes.Replace(e.Opening, []byte("e"), []byte("f"), 1) })}, "entry 5: its content is not what its leaf commits to"},
		"a leaf":              {altered{book: b, entry: but(5, func(e *ledger.LogEntry) { *e = ledger.LogEntry{Number: 5, Erased: 7} })}, "leaves do not give the root"},
		"an entry is dropped": {altered{book: b, entry: func(e *ledger.LogEntry) *ledger.LogEntry { return map[bool]*ledger.LogEntry{true: e}[e.Number != 9] }}, "entry 9: the hub does not show it at its place"},
		"the last is dropped": {altered{book: b, entry: func(e *ledger.LogEntry) *ledger.LogEntry {
			return map[bool]*ledger.LogEntry{true: e}[e.Number+1 != b.tree.Size()]
		}}, "it is missing, although the checkpoint covers"},
		"an opening is gone":   {altered{book: b, entry: but(5, func(e *ledger.LogEntry) { e.Opening = nil })}, "entry 5: its opening is missing"},
		"hours are altered":    {altered{book: b, entry: but(2, func(e *ledger.LogEntry) { e.Data = bytes.Replace(e.Data, []byte("24:00"), []byte("23:00"), 1) })}, "entry 2: its facts are not the ones that were signed"},
		"a case is left out":   {altered{book: b, one: func(c *CaseEntries) bool { return c.Head.Case != firstCase(b) }}, "and of no case"},
		"an entry is left out": {altered{book: b, one: inCase(b, func(c *CaseEntries) { c.Entries = c.Entries[1:] })}, "entry "},
		"the last is left out": {altered{book: b, one: inCase(b, func(c *CaseEntries) { c.Entries = c.Entries[:len(c.Entries)-1] })}, otherState},
		"facts are altered": {altered{book: b, one: inCase(b, func(c *CaseEntries) {
			c.Entries[1] = but(first[1], func(e *ledger.LogEntry) { e.Data = []byte("{}") })(c.Entries[1])
		})}, "its facts are not the ones that were signed"},
		"the state is altered":  {altered{book: b, one: inCase(b, func(c *CaseEntries) { c.Head.State = []byte("{}") })}, otherState},
		"the state is gone":     {altered{book: b, one: inCase(b, func(c *CaseEntries) { c.Head.State = nil })}, otherState},
		"it is shown otherwise": {altered{book: b, one: inCase(b, func(c *CaseEntries) { c.Entries[2] = b.reopened(c.Entries[2]) })}, "in its case the hub shows it otherwise"},
		"two are exchanged":     {altered{book: b, one: inCase(b, func(c *CaseEntries) { c.Entries[0], c.Entries[1] = c.Entries[1], c.Entries[0] })}, "entry "},
		"destroyed with no end": {altered{book: b, one: inCase(b, func(c *CaseEntries) {
			c.Entries[1] = &ledger.LogEntry{Number: c.Entries[1].Number, MAC: c.Entries[1].MAC, Erased: 1}
		})}, "its opening is missing, and no end of retention explains it"},
		"a header that is none": {altered{book: b, one: inCase(b, func(c *CaseEntries) {
			c.Entries[5] = but(first[5], func(e *ledger.LogEntry) { e.Record = []byte("{}") })(c.Entries[5])
		})}, "header cannot be read"},
		"somebody else's record": {altered{book: b, one: inCase(b, func(c *CaseEntries) {
			c.Entries[5] = but(first[5], func(e *ledger.LogEntry) { e.Record = b.otherRecord(first[5]) })(c.Entries[5])
		})}, "does not belong to its event"},
	} {
		t.Run(name, func(t *testing.T) {
			of := b.verification()
			of.Source = c.source
			if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

// TestAnEndOfRetentionThatComesTooSoonIsSaid: a hub could else destroy what it wants
// to hide, an auditor's reading among it, as if its time had come. How late the
// entry was admitted the hub cannot hide: older entries around it are still opened.
func TestAnEndOfRetentionThatComesTooSoonIsSaid(t *testing.T) {
	b := newBook(t)
	kept := b.referred(true)
	b.isRead(kept)
	hidden := b.cases[kept].reads[0]
	b.cases[kept].reads = nil
	id := b.open()
	b.cases[id].numbers = []uint64{hidden} // of a case that never was
	b.now = b.now.Add(b.m.Profile.Retention() - 24*time.Hour)
	b.retires(id, true)
	report, err := VerifyLog(t.Context(), b.verification())
	b.must(err)
	if len(report.Early) != 1 || report.Early[0] != b.cases[id].retired || report.Counts.Readings != 0 {
		t.Errorf("it counts %+v, too soon are %v", report.Counts, report.Early)
	}
	var out bytes.Buffer
	b.must(ShowLog(&out, report, false))
	if !strings.Contains(out.String(), "ended sooner") {
		t.Errorf("it shows\n%s", &out)
	}
	b.now = b.now.Add(b.m.Profile.Retention() + time.Hour)
	b.retires(kept, true)
	if report, err = VerifyLog(t.Context(), b.verification()); err != nil || len(report.Early) != 1 {
		t.Errorf("one whose time had come is said to be too soon: %v, %v", report.Early, err)
	}
}

// otherRecord is the header of another record than an entry's.
func (b *book) otherRecord(than uint64) []byte {
	for _, e := range b.entries {
		if e.Record != nil && e.Number != than {
			return e.Record
		}
	}
	return nil
}

func firstCase(b *book) events.CaseID {
	for one := range b.Cases(context.Background(), "") {
		return one.Head.Case
	}
	return ""
}

// inCase changes what is shown of the first case.
func inCase(b *book, change func(*CaseEntries)) func(*CaseEntries) bool {
	id := firstCase(b)
	return func(c *CaseEntries) bool {
		if c.Head.Case == id {
			change(c)
		}
		return true
	}
}

// reopened is the same entry under another salt, and so with another leaf.
func (b *book) reopened(e *ledger.LogEntry) *ledger.LogEntry {
	other := *e
	other.Salt[0] ^= 1
	leaf := tlog.Opening{Salt: other.Salt, Entry: other.Opening}.Leaf()
	other.MAC = [32]byte(leaf[len(leaf)-32:])
	return &other
}

func TestABadSignatureAmongManyIsNamed(t *testing.T) {
	b := newBook(t)
	b.referred(true)
	p := &events.CaseOpened{Said: b.said(), Age: events.Adult}
	data, err := events.Encode(p)
	b.must(err)
	id := b.open()
	e := b.signed(police, string(id), events.EventID(id), p.Type(), events.EventID(b.uuid()), data, "")
	raw, err := base64.StdEncoding.DecodeString(e.DSSEMaterial)
	b.must(err)
	at := bytes.Index(raw, []byte(`"sig":"`)) + len(`"sig":"`)
	raw[at] = map[bool]byte{true: 'B', false: 'A'}[raw[at] == 'A']
	e.DSSEMaterial = base64.StdEncoding.EncodeToString(raw)
	b.take(e, p, &ledger.LogEntry{Data: data})
	forged := b.tree.Size() - 1
	b.referred(false)
	if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), fmt.Sprintf("entry %d: ", forged)) || !strings.Contains(err.Error(), string(events.RuleSignatureInvalid)) {
		t.Errorf("it says %v, want entry %d", err, forged)
	}
}

// cutOff is a source that breaks off.
type cutOff struct {
	*book

	entries, cases int // how many it gives; 0: all
}

var errCutOff = errors.New("broken off")

func (c cutOff) Entries(ctx context.Context, from, to uint64) iter.Seq2[*ledger.LogEntry, error] {
	return broken(c.book.Entries(ctx, from, to), c.entries)
}

func (c cutOff) Cases(ctx context.Context, after events.CaseID) iter.Seq2[CaseEntries, error] {
	return broken(c.book.Cases(ctx, after), c.cases)
}

func broken[T any](all iter.Seq2[T, error], behind int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for one, err := range all {
			if n++; behind > 0 && n > behind {
				err = errCutOff
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}

func TestAVerificationGoesOnWhereItBrokeOff(t *testing.T) {
	b := newBook(t)
	for range 150 {
		b.referred(true)
	}
	whole, err := VerifyLog(t.Context(), b.verification())
	b.must(err)
	file := filepath.Join(t.TempDir(), "resume")
	for _, source := range []cutOff{{b, 1400, 0}, {b, 0, 120}} {
		of := b.verification()
		of.Resume, of.saveAlways, of.Source = file, true, source
		if _, err := VerifyLog(t.Context(), of); !errors.Is(err, errCutOff) {
			t.Fatalf("it did not break off: %v", err)
		}
		data, err := os.ReadFile(file)
		b.must(err)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || bytes.Contains(data, []byte("person")) || bytes.Contains(data, []byte("consent")) {
			t.Errorf("the file is %v, or tells something of a case: %v", info, err)
		}
		b.referred(true) // the log goes on; the verification does not
		of = b.verification()
		of.Resume = file
		var from uint64
		of.Progress = func(p LogProgress) { from = max(from, p.Resumed) }
		report, err := VerifyLog(t.Context(), of)
		b.must(err)
		if report.Counts != whole.Counts || from == 0 {
			t.Errorf("gone on from %d it counts %+v, whole %+v", from, report.Counts, whole.Counts)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Error("the file is left behind")
		}
		whole, err = VerifyLog(t.Context(), b.verification())
		b.must(err)
	}
}

func TestAResumeFileThatIsNoneIsRefused(t *testing.T) {
	b := newBook(t)
	for range 60 {
		b.referred(true)
	}
	of := b.verification()
	of.Resume, of.saveAlways, of.Source = filepath.Join(t.TempDir(), "resume"), true, cutOff{b, 600, 0}
	if _, err := VerifyLog(t.Context(), of); !errors.Is(err, errCutOff) {
		t.Fatal(err)
	}
	data, err := os.ReadFile(of.Resume)
	b.must(err)
	for name, bad := range map[string][]byte{"empty": {}, "cut": data[:len(data)-1], "flipped": append([]byte{data[0] ^ 1}, data[1:]...), "text": []byte(strings.Repeat("x", 100))} {
		b.must(os.WriteFile(of.Resume, bad, 0o600))
		if _, err := VerifyLog(t.Context(), of); err == nil || errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "remove") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkLog verifies a whole log from memory, against Ed25519 alone on all cores.
func BenchmarkLog(b *testing.B) {
	log := newBook(b)
	for range 3000 {
		log.referred(true)
	}
	of := log.verification()
	for name, only := range map[string]bool{"leaves": true, "whole": false} {
		b.Run(name, func(b *testing.B) {
			of := of
			of.LeavesOnly = only
			begin := cpu(b)
			for b.Loop() {
				_, err := VerifyLog(b.Context(), of)
				log.must(err)
			}
			b.ReportMetric(float64((cpu(b)-begin).Microseconds())/float64(log.tree.Size())/float64(b.N), "cpu-µs/entry")
			b.ReportMetric(float64(log.tree.Size())*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
	b.Run("ed25519", func(b *testing.B) {
		public, private, err := ed25519.GenerateKey(log.random)
		log.must(err)
		message := bytes.Repeat([]byte("x"), 300)
		signature := ed25519.Sign(private, message)
		begin := cpu(b)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if !ed25519.Verify(public, message, signature) {
					b.Error("it does not verify")
				}
			}
		})
		b.ReportMetric(float64((cpu(b)-begin).Microseconds())/float64(b.N), "cpu-µs/entry")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signatures/s")
	})
}
