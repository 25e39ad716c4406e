package audit

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

func TestATrailVerifiesAndShowsWhoWitnessedIt(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	b.isRead(id)
	a := b.auditor()
	v, err := a.Verify(b.trail(id, police, shelter))
	b.must(err)
	if !v.Witnessed || len(v.Witnesses) != 2 || len(v.Readings) != 1 || v.Retirement != nil {
		t.Errorf("witnessed %v by %d, %d readings, retirement %v", v.Witnessed, len(v.Witnesses), len(v.Readings), v.Retirement)
	}
	var out bytes.Buffer
	b.must(Show(&out, v, b.now, false))
	for _, want := range []string{
		"Witnessed by sampletown-police (police)", "referral.accepted", "Read by auditors", "refused consent-required",
		"lighthouse-shelter accepted", "harbour-shelter: erased on 2026-03-02", "by the hub",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not show %q:\n%s", want, &out)
		}
	}
	b.must(Show(io.Discard, v, b.now, true))
	lonely, err := a.Verify(b.trail(id, shelter))
	b.must(err)
	if lonely.Witnessed || !strings.Contains(lonely.Holds(), "Unwitnessed: cosigned only by lighthouse-shelter") {
		t.Errorf("one witness is enough: %s", lonely.Holds())
	}
	twoShelters, err := a.Verify(b.trail(id, shelter, harbour))
	b.must(err)
	if twoShelters.Witnessed {
		t.Error("two agencies of one kind are enough")
	}
}

func TestWhatIsFoundNamesTheFirstEntry(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	b.isRead(id)
	a := b.auditor()
	last := len(b.trail(id).Entries) - 1
	for name, c := range map[string]struct {
		tamper func(*ledger.Trail)
		want   string
	}{
		"an opening is altered": {func(t *ledger.Trail) {
			t.Entries[1].Opening = bytes.Replace(t.Entries[1].Opening, []byte("verdict admitted"), []byte("verdict AdmitteD"), 1)
		}, "entry 3: its content is not what its leaf commits to"},
		"facts are altered": {func(t *ledger.Trail) {
			t.Entries[1].Data = bytes.Replace(t.Entries[1].Data, []byte("ron"), []byte("eng"), 1)
		}, "entry 3: its facts are not the ones that were signed"},
		"an entry is dropped":  {func(t *ledger.Trail) { t.Entries = slices.Delete(slices.Clone(t.Entries), 1, 2) }, "entry 5: "},
		"the last is dropped":  {func(t *ledger.Trail) { t.Entries = t.Entries[:last] }, "changed the stored state"},
		"two are exchanged":    {func(t *ledger.Trail) { t.Entries[1], t.Entries[2] = t.Entries[2], t.Entries[1] }, "entry 3: it is out of order"},
		"a leaf is another":    {func(t *ledger.Trail) { t.Entries[2].Leaf[0] ^= 1 }, "entry 4: its leaf does not stand at this number"},
		"a proof is cut":       {func(t *ledger.Trail) { t.Entries[2].Proof = t.Entries[2].Proof[1:] }, "entry 4: its leaf does not stand at this number"},
		"an opening is gone":   {func(t *ledger.Trail) { t.Entries[0].Opening, t.Entries[0].Salt = nil, nil }, "entry 2: its opening is missing, and no end of retention explains it"},
		"facts are gone":       {func(t *ledger.Trail) { t.Entries[0].Data = nil }, "entry 2: its facts are gone"},
		"a row is damaged":     {func(t *ledger.Trail) { t.Entries[0].Data, t.Entries[0].Damaged = nil, ledger.DamagedData }, "entry 2: the ledger's own row of it (data) is missing or damaged"},
		"erased by another":    {func(t *ledger.Trail) { t.Entries[6].Erased = 3 }, "entry 8: its content is gone, and the entry that is said to have erased it does not say so"},
		"a header is another":  {func(t *ledger.Trail) { h := *t.Entries[5].Record; h.To = harbour; t.Entries[5].Record = &h }, "entry 7: the record is sealed to a key"},
		"the state is another": {func(t *ledger.Trail) { t.State = []byte(`{}`) }, "changed the stored state"},
		"genesis is another":   {func(t *ledger.Trail) { t.Genesis = strings.Repeat("0", 64) }, "entry 0, the founding of the directory"},
		"another case":         {func(t *ledger.Trail) { t.Case = events.CaseID(b.uuid()) }, "entry 2: it is of another case"},
		"a mission is dropped": {func(t *ledger.Trail) { t.Directory[0].Number = 2 }, "entry 2, a change of the directory"},
		"a reading is another": {func(t *ledger.Trail) { t.Readings[0] = t.Entries[0] }, "entry 2, a reading: it says of no reading of this case"},
		"the checkpoint": {func(t *ledger.Trail) {
			t.Checkpoint = bytes.Replace(t.Checkpoint, []byte("handrail/sampleland\n"), []byte("handrail/sampleland\n9"), 1)
		}, "the checkpoint is not signed"},
		"a false end":        {func(t *ledger.Trail) { e := t.Entries[0]; t.Retired = &e }, "entry 2, the end of retention"},
		"another semantics":  {func(t *ledger.Trail) { t.Semantics = 2 }, "version 2 of the memorandum's meaning"},
		"an unknown profile": {func(t *ledger.Trail) { t.Profile = "nowhere@1" }, "does not have the profile"},
	} {
		t.Run(name, func(t *testing.T) {
			trail := b.trail(id, police, shelter)
			c.tamper(&trail)
			if _, err := a.Verify(trail); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

func TestACosignatureThatItsAgencyDidNotMakeIsFound(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	trail := b.trail(id, police, shelter)
	others := newBook(t)
	others.random.Seed([32]byte{2})
	old := trail.Checkpoint
	b.now = b.now.Add(time.Hour)
	trail.Checkpoint = tlog.WithCosignatures(b.checkpoint(), [][]byte{lineOf(t, old, police)})
	if v, err := b.auditor().Verify(trail); err != nil || len(v.Witnesses) != 1 {
		t.Errorf("a cosignature of the same checkpoint counts for %d: %v", len(v.Witnesses), err)
	}
	b.aside(events.HubAgency, auditor, &events.TrailRead{What: events.ReadingCases}) // the log grows
	grown := b.trail(id)
	grown.Checkpoint = tlog.WithCosignatures(grown.Checkpoint, [][]byte{lineOf(t, old, police)})
	if _, err := b.auditor().Verify(grown); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "cosignature") {
		t.Errorf("a cosignature of another checkpoint: %v", err)
	}
}

func lineOf(t *testing.T, checkpoint []byte, agency events.AgencyID) []byte {
	t.Helper()
	for line := range bytes.Lines(checkpoint) {
		if bytes.Contains(line, []byte("/"+string(agency)+" ")) {
			return line
		}
	}
	t.Fatal("the checkpoint is not cosigned")
	return nil
}

func TestATrailAsItWas(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	b.isRead(id)
	v, err := b.auditor().Verify(b.trail(id))
	b.must(err)
	moment, err := ParseMoment("6", b.now) // the request
	b.must(err)
	then, at, err := v.At(moment)
	b.must(err)
	if got := then.Case.Referrals(); len(got) != 1 || got[0].Legs[0].State != "requested" || len(then.Case.Records()) != 0 || !at.Equal(v.Steps[4].Entry.Admitted) {
		t.Errorf("behind the request the case has %+v at %s", got, at)
	}
	if len(then.Readings) != 0 || len(v.Readings) != 1 {
		t.Errorf("of %v it had been read %v", v.Readings, then.Readings)
	}
	if clocks := then.Case.Clocks(at); len(clocks) == 0 || clocks[len(clocks)-1].State != "pending" {
		t.Errorf("the clocks then: %+v", clocks)
	}
	moment, err = ParseMoment(v.Steps[4].Entry.Admitted.Format(time.RFC3339), b.now)
	b.must(err)
	same, _, err := v.At(moment)
	b.must(err)
	if len(same.Steps) != len(then.Steps) {
		t.Errorf("by time there are %d entries, by number %d", len(same.Steps), len(then.Steps))
	}
	before, _, err := v.At(Moment{Time: v.Steps[0].Entry.Admitted.Add(-time.Hour)})
	b.must(err)
	if before.Case.Status() != "unknown" || len(before.Steps) != 0 {
		t.Error("something was said before the case was opened")
	}
	b.must(Show(io.Discard, before, b.now, false))
	if _, _, err := v.At(Moment{Number: v.Size}); err == nil {
		t.Error("an entry that the log does not have is a moment")
	}
	if gone := v.Erasures(); len(gone) != 1 {
		t.Fatalf("erased are %v", gone)
	}
	by := v.Erasures()[0].By
	for number, want := range map[uint64]bool{by - 1: false, by: true} {
		then, _, err := v.At(Moment{Number: number})
		b.must(err)
		if got := slices.ContainsFunc(then.Steps, func(s Step) bool { return s.Erased }); got != want {
			t.Errorf("behind entry %d a record is erased: %v", number, got)
		}
	}
	first, at, err := v.At(Moment{Number: 0})
	if err != nil || len(first.Steps) != 0 || at.Year() != b.now.Year() {
		t.Errorf("at the founding there are %d entries, at %s: %v", len(first.Steps), at, err)
	}
	for _, text := range []string{"", "yesterday", "-1", "99999999999999999999", "2026-13-01", "2100-01-01", b.now.Add(time.Second).Format(time.RFC3339)} {
		if _, err := ParseMoment(text, b.now); err == nil {
			t.Errorf("%q is a moment", text)
		}
	}
}

func TestARetiredTrailStillVerifies(t *testing.T) {
	for _, destroyed := range []bool{false, true} {
		b := newBook(t)
		id := b.referred(false)
		b.isRead(id)
		b.retires(id, destroyed)
		b.refuses(police, id)
		v, err := b.auditor().Verify(b.trail(id, police, shelter))
		b.must(err)
		if v.Retirement == nil || v.Retirement.Destroyed != destroyed || !v.Retirement.Early || !v.Witnessed {
			t.Errorf("destroyed %v: %+v", destroyed, v.Retirement)
		}
		if then, _, err := v.At(Moment{Number: v.Retirement.Number - 1}); err != nil || (then.Retirement == nil) == destroyed {
			t.Errorf("destroyed %v: before it, retention had ended: %+v, %v", destroyed, then.Retirement, err)
		}
		var out bytes.Buffer
		b.must(Show(&out, v, b.now, false))
		if !strings.Contains(out.String(), "ended sooner") {
			t.Errorf("it does not show that it ended too soon\n%s", &out)
		}
		if strings.Contains(out.String(), "openings destroyed on") != destroyed || !strings.Contains(out.String(), "retention ended on") {
			t.Errorf("it shows\n%s", &out)
		}
		for name, tamper := range map[string]func(*ledger.Trail){
			"an entry is dropped":   func(t *ledger.Trail) { t.Entries = t.Entries[1:] },
			"an entry of elsewhere": func(t *ledger.Trail) { t.Entries = slices.Insert(t.Entries, 0, t.Directory[0]) },
			"one is left":           func(t *ledger.Trail) { t.Entries[1].Opening, t.Entries[1].Salt = []byte("x"), make([]byte, 32) },
			"a proof is cut":        func(t *ledger.Trail) { t.Entries[1].Proof = t.Entries[1].Proof[1:] },
			"it is not said":        func(t *ledger.Trail) { t.Retired = nil },
			"one has none":          func(t *ledger.Trail) { t.Entries[1].Opening, t.Entries[1].Erased = nil, t.Entries[1].Erased^1 },
		} {
			trail := b.trail(id)
			tamper(&trail)
			if _, err := b.auditor().Verify(trail); !errors.Is(err, ErrUnverified) && (destroyed || name != "it is not said") {
				t.Errorf("destroyed %v, %s: %v", destroyed, name, err)
			}
		}
	}
}
