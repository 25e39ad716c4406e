package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// admits appends a statement of the police's as a hub does that judges nothing, and
// writes into the entry what it likes.
func (b *book) admits(id events.CaseID, p events.Payload, sign func(*events.Event), write func(*tlog.Entry)) uint64 {
	b.t.Helper()
	data, err := events.Encode(p)
	b.must(err)
	e := b.signed(police, string(id), events.EventID(id), p.Type(), events.EventID(b.uuid()), data, "")
	if sign != nil {
		sign(&e)
		e, err = b.signing[police].Sign(e)
		b.must(err)
	}
	entry := b.admitted(e, nil)
	f := b.cases[id]
	for _, head := range f.heads {
		entry.Previous = &head // the police's case has one chain
	}
	if write != nil {
		write(&entry)
	}
	number := b.append(entry, &ledger.LogEntry{Data: data})
	f.numbers = append(f.numbers, number)
	return number
}

// TestAnEntryThatNoHubMayWriteIsFound: signed as it should be, linked and proved, and
// judged, or written, as no honest hub does.
func TestAnEntryThatNoHubMayWriteIsFound(t *testing.T) {
	const judged = "judged by another clause, profile or version"
	for name, c := range map[string]struct {
		sign  func(*events.Event)
		write func(*tlog.Entry)
		say   func(*events.RightsInformed)
		late  time.Duration
		want  string
	}{
		"by another clause":           {write: func(e *tlog.Entry) { e.Clause = "9.9" }, want: judged},
		"by no clause":                {write: func(e *tlog.Entry) { e.Clause = "" }, want: judged},
		"by another profile":          {write: func(e *tlog.Entry) { e.Profile = "uk@1" }, want: judged},
		"by another meaning":          {write: func(e *tlog.Entry) { e.Semantics = 2 }, want: judged},
		"before what stands ahead":    {late: -2 * time.Hour, want: "admitted before an entry that stands ahead"},
		"linked to the wrong leaf":    {write: func(e *tlog.Entry) { e.Previous = &tlog.Link{Number: e.Previous.Number, Leaf: tlog.Hash{1}} }, want: "does not link"},
		"linked to nothing":           {write: func(e *tlog.Entry) { e.Previous = nil }, want: "does not link"},
		"signed ten minutes from now": {sign: func(e *events.Event) { e.Time = events.At(e.Time.Time().Add(10 * time.Minute)) }, want: "more than 5 minutes ahead"},
		"recorded after it was sent":  {say: func(p *events.RightsInformed) { p.Recorded = events.At(p.Recorded.Time().Add(time.Hour)) }, want: string(events.RuleTimesOrder)},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			id := b.open()
			b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
			p := &events.RightsInformed{Said: b.said(), Language: "ron", Interpreter: events.Independent}
			if c.say != nil {
				c.say(p)
			}
			if c.late != 0 {
				b.now = b.now.Add(c.late)
			}
			number := b.admits(id, p, c.sign, c.write)
			said := fmt.Sprintf("entry %d: ", number)
			if _, err := b.auditor().Verify(b.trail(id, police, shelter)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("of the trail it says %v, want %s%s", err, said, c.want)
			}
			if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("of the log it says %v, want %s%s", err, said, c.want)
			}
		})
	}
}

// A refusal is of somebody who is listed, and of the case that it names.
func TestARefusalOfSomebodyElseIsFound(t *testing.T) {
	for name, forge := range map[string]func(*book, events.CaseID){
		"of nobody listed": func(b *book, id events.CaseID) { b.refuses("village-shelter", id) },
		"of another case": func(b *book, id events.CaseID) {
			b.refuses(police, b.open())
			b.cases[id].numbers = append(b.cases[id].numbers, b.tree.Size()-1)
		},
	} {
		b := newBook(t)
		id := b.open()
		b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
		forge(b, id)
		said := fmt.Sprintf("entry %d: ", b.tree.Size()-1)
		if _, err := b.auditor().Verify(b.trail(id)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: of the trail it says %v", name, err)
		}
		if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: of the log it says %v", name, err)
		}
	}
}

// A signature counts also where nothing is judged: here the hub's own, of a reading.
func TestABadSignatureBesideTheCasesIsFound(t *testing.T) {
	b := newBook(t)
	b.referred(true)
	p := &events.TrailRead{What: events.ReadingCases}
	data, err := events.Encode(p)
	b.must(err)
	b.signing[events.HubAgency], b.signing[police] = b.signing[police], b.signing[events.HubAgency]
	e := b.signed(events.HubAgency, string(auditor), "", p.Type(), events.EventID(b.uuid()), data, "")
	b.signing[events.HubAgency], b.signing[police] = b.signing[police], b.signing[events.HubAgency]
	said := fmt.Sprintf("entry %d: ", b.append(b.admitted(e, nil), &ledger.LogEntry{Data: data}))
	if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), string(events.RuleSignatureInvalid)) {
		t.Errorf("signed with another's key it is said to be %v", err)
	}
}

// What retention ended is over, and destroyed whole or not at all.
func TestACaseIsOverWhenItsRetentionEnded(t *testing.T) {
	for name, c := range map[string]struct {
		goes func(*book, events.CaseID)
		want string
	}{
		"it goes on": {func(b *book, id events.CaseID) {
			b.retires(id, false)
			b.say(police, id, "", &events.RightsInformed{Said: b.said(), Language: "eng", Interpreter: events.NoInterpreter})
		}, "retention had ended"},
		"a part is kept": {func(b *book, id events.CaseID) {
			kept := b.entries[b.cases[id].numbers[1]]
			b.retires(id, true)
			b.entries[kept.Number] = kept
		}, "of only some of"},
	} {
		b := newBook(t)
		id := b.referred(false)
		c.goes(b, id)
		if _, err := b.auditor().Verify(b.trail(id)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: of the trail it says %v", name, err)
		}
		if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || name == "it goes on" && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: of the log it says %v", name, err)
		}
	}
}

// Time does not go back in the log, of whatever its entries are.
func TestTheLogsTimeNeverGoesBack(t *testing.T) {
	b := newBook(t)
	b.isRead(b.referred(true))
	b.now = b.now.Add(-2 * time.Hour)
	b.aside(events.HubAgency, auditor, &events.TrailRead{What: events.ReadingCases})
	said := fmt.Sprintf("entry %d: it was admitted before", b.tree.Size()-1)
	if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) {
		t.Errorf("it says %v", err)
	}
}

// TestAReadingThatNobodyMayDoIsFound, although the hub says that it was done.
func TestAReadingThatNobodyMayDoIsFound(t *testing.T) {
	for name, read := range map[string]func(b *book, id events.CaseID) (events.AgencyID, *events.TrailRead){
		"by an agency": func(_ *book, id events.CaseID) (events.AgencyID, *events.TrailRead) {
			return police, &events.TrailRead{What: events.ReadingReplay, Case: id}
		},
		"approved by an agency": func(_ *book, id events.CaseID) (events.AgencyID, *events.TrailRead) {
			return auditor, &events.TrailRead{What: events.ReadingReplay, Case: id, Approved: police}
		},
		"approved by its reader": func(_ *book, id events.CaseID) (events.AgencyID, *events.TrailRead) {
			return auditor, &events.TrailRead{What: events.ReadingReplay, Case: id, Approved: auditor}
		},
		"of another case": func(b *book, _ events.CaseID) (events.AgencyID, *events.TrailRead) {
			return auditor, &events.TrailRead{What: events.ReadingReplay, Case: events.CaseID(b.uuid())}
		},
	} {
		b := newBook(t)
		id := b.referred(true)
		by, what := read(b, id)
		number := b.aside(events.HubAgency, by, what)
		b.cases[id].reads = append(b.cases[id].reads, number)
		said := fmt.Sprintf("entry %d", number)
		if _, err := b.auditor().Verify(b.trail(id)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: of the trail it says %v", name, err)
		}
		if _, err := VerifyLog(t.Context(), b.verification()); name != "of another case" && (!errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said)) {
			t.Errorf("%s: of the log it says %v", name, err)
		}
	}
	b := newBook(t)
	v, err := b.auditor().Verify(b.trail(b.referred(true)))
	b.must(err)
	d := *v.directory
	profile := *d.profile
	profile.SecondReader.For, d.profile = []events.Reading{events.ReadingReplay}, &profile
	for approved, allowed := range map[events.AgencyID]bool{"": false, second: true} {
		if err := d.mayRead(v.Size, auditor, &events.TrailRead{What: events.ReadingReplay, Approved: approved}); (err == nil) != allowed {
			t.Errorf("where the profile asks for a second reader, approved by %q: %v", approved, err)
		}
	}
}

// The end of another case's retention ends nothing here, whatever it commits to.
func TestTheEndOfAnotherCaseEndsNothing(t *testing.T) {
	b := newBook(t)
	id, other := b.referred(false), b.open()
	b.cases[other].numbers = b.cases[id].numbers
	b.retires(other, false)
	trail := b.trail(id)
	end := b.trail(other).Retired
	trail.Retired = end
	if _, err := b.auditor().Verify(trail); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "does not end this case's retention") {
		t.Errorf("it says %v", err)
	}
}

// TestAnAuditorSaysNothingElseOfATrailThanItHolds: the file is signed by the auditor
// who took it away, and that makes nothing of it true.
func TestAnAuditorSaysNothingElseOfATrailThanItHolds(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	for name, change := range map[string]func(*Export){
		"the profile's name": func(x *Export) { x.Trail.Profile = "uk@1" },
		"genesis":            func(x *Export) { x.Trail.Genesis = strings.Repeat("0", 64) },
		"the pins' genesis":  func(x *Export) { x.Pins.Genesis = strings.Repeat("0", 64) },
		"the pins' log key":  func(x *Export) { x.Pins.Log = "handrail/sampleland+00000000+AAAA" },
		"the pins' hub key":  func(x *Export) { x.Pins.Hub = b.signing[police].Public() },
		"the meaning":        func(x *Export) { x.Trail.Semantics = 2 },
		"the state":          func(x *Export) { x.Trail.State = []byte("{}") },
		"who exported it":    func(x *Export) { x.By = police },
	} {
		x, err := ReadExport(b.exported(b.trail(id, police, shelter)))
		b.must(err)
		change(&x)
		text, err := x.signed()
		b.must(err)
		x.Signature = b.signing[x.By].SignBytes(text)
		if _, err := x.Verify(); !errors.Is(err, ErrUnverified) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
