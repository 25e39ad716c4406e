package audit

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/ledger"
)

// What happens to a log while it is verified, or between two runs.

// waiting is a case whose records wait for an answer, and the police's request.
func (b *book) waiting() (events.CaseID, events.EventID) {
	b.t.Helper()
	id := b.open()
	b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
	b.say(police, id, "", &events.RightsInformed{Said: b.said(), Language: "ron", Interpreter: events.Independent})
	yes := b.m.Profile.Bundles["bed"].Consent(b.now)
	yes.Recorded, yes.Channel, yes.By, yes.Capacity, yes.Language, yes.Interpreter = events.At(b.now), events.InPerson, events.ByPerson, events.Clear, "ron", events.Independent
	yes.Present = events.Set[events.Present]{"person-alone"}
	b.say(police, id, "", &yes)
	r := b.say(police, id, "", &events.ReferralRequested{
		Said: b.said(), To: []events.AgencyID{shelter, harbour}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionNeeds},
		Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Standard, Age: events.Adult,
	})
	b.seals(id, r, shelter)
	b.seals(id, r, harbour)
	return id, r
}

// TestARecordThatIsErasedMeanwhileWasThereAtTheCheckpoint: a log goes on while it is
// verified, and a run that goes on later verifies up to the checkpoint of the first.
func TestARecordThatIsErasedMeanwhileWasThereAtTheCheckpoint(t *testing.T) {
	b := newBook(t)
	id, r := b.waiting()
	of := b.verification()
	report, err := VerifyLog(t.Context(), of)
	b.must(err)
	b.say(shelter, id, r, &events.ReferralAccepted{Said: b.said()})
	b.hub(id) // what waits for the harbour is erased
	again, err := VerifyLog(t.Context(), of)
	if err != nil || again.Counts != report.Counts || again.Counts.Erased != 0 {
		t.Errorf("it says %v, and counts %+v; before it was %+v", err, again.Counts, report.Counts)
	}
	now, err := VerifyLog(t.Context(), b.verification())
	if err != nil || now.Counts.Erased != 1 {
		t.Errorf("up to now it says %v, and counts %+v", err, now.Counts)
	}
	// Without the entry that says so nothing is erased, whenever that is to have been.
	of.Source = altered{book: b, one: inCase(b, func(c *CaseEntries) {
		for i, e := range c.Entries {
			if e.Erased != 0 {
				c.Entries[i] = but(e.Number, func(e *ledger.LogEntry) { e.Erased = 1000 })(e)
			}
		}
	})}
	if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "does not say so") {
		t.Errorf("erased by an entry that nobody has: %v", err)
	}
}

// TestARunThatBreaksOffKeepsWhatItVerified, however short it was.
func TestARunThatBreaksOffKeepsWhatItVerified(t *testing.T) {
	b := newBook(t)
	for range 150 {
		b.referred(true)
	}
	whole, err := VerifyLog(t.Context(), b.verification())
	b.must(err)
	for _, source := range []cutOff{{b, 1400, 0}, {b, 0, 120}} {
		of := b.verification()
		of.Resume, of.Source = filepath.Join(t.TempDir(), "resume"), source
		if _, err := VerifyLog(t.Context(), of); !errors.Is(err, errCutOff) {
			t.Fatalf("it did not break off: %v", err)
		}
		of.Source = b
		var from uint64
		of.Progress = func(p LogProgress) { from = max(from, p.Resumed) }
		report, err := VerifyLog(t.Context(), of)
		if err != nil || report.Counts != whole.Counts || from == 0 {
			t.Errorf("gone on from %d it says %v and counts %+v, whole %+v", from, err, report.Counts, whole.Counts)
		}
	}
}
