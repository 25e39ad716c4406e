package audit

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

const social events.AgencyID = "sampletown-social"

// changes appends what changes the directory, as its rules allow, and judges by it
// from then on.
func (b *book) changes(by, about events.AgencyID, p events.Payload) {
	b.t.Helper()
	number := b.forges(by, about, p)
	e, err := events.Parse(b.parsed(number).Attributes, b.entries[number].Data)
	b.must(err)
	next, err := b.who.Apply(number, e, p)
	b.must(err)
	b.who = next
	m := *b.m
	m.Directory, m.Away = next.Kinds(), next.Away()
	m.Ended = func(to events.AgencyID, key events.KeyID) bool {
		_, forGood := next.SealingEnded(to, key)
		return forGood
	}
	b.m = &m
}

// forges appends what is said to change the directory, whatever its rules say.
func (b *book) forges(by, about events.AgencyID, p events.Payload) uint64 {
	b.t.Helper()
	number := b.aside(by, about, p)
	b.directory = append(b.directory, number)
	return number
}

func (b *book) parsed(number uint64) tlog.Entry {
	b.t.Helper()
	entry, err := tlog.ParseEntry(b.entries[number].Opening)
	b.must(err)
	return entry
}

// keys are what an agency has now.
type keys struct {
	signing seal.SigningKey
	sealing seal.SealingKey
	witness tlog.WitnessKey
}

func (b *book) has(a events.AgencyID) keys { return keys{b.signing[a], b.sealing[a], b.witness[a]} }

// gives an agency keys that it had.
func (b *book) gives(a events.AgencyID, k keys) {
	b.signing[a], b.sealing[a], b.witness[a] = k.signing, k.sealing, k.witness
}

// rotates has an agency replace all its keys.
func (b *book) rotates(a events.AgencyID) {
	b.t.Helper()
	before := b.has(a)
	m, _ := b.who.Member(a)
	l := b.listing(a, m.Kind)
	now := b.has(a)
	b.gives(a, before) // it says so with the key of before
	b.changes(a, a, &events.DirectoryKeyed{Listing: l})
	b.gives(a, now)
	b.sequences[a] = 0
}

// vouched is a listing with the word of others.
func (b *book) vouched(l events.Listing, by ...events.AgencyID) *events.DirectoryJoined {
	p := &events.DirectoryJoined{Listing: l}
	for _, a := range by {
		p.Vouching = append(p.Vouching, seal.NewVouching(a, b.signing[a], l, hubID.Origin()))
	}
	return p
}

// joins lists an agency with new keys.
func (b *book) joins(a events.AgencyID, kind events.AgencyKind, by ...events.AgencyID) {
	b.t.Helper()
	b.sequences[a] = 0
	b.changes(events.HubAgency, a, b.vouched(b.listing(a, kind), by...))
}

// turbulent is a book in which a case goes on while everybody's keys change: it is
// asked of the shelter while the harbour's keys are lost, and the police change theirs.
func turbulent(t testing.TB) (*book, events.CaseID) {
	b := newBook(t)
	b.joins(social, events.Social, police, shelter)
	id := b.open()
	b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
	b.say(police, id, "", &events.RightsInformed{Said: b.said(), Language: "ron", Interpreter: events.Independent})
	b.rotates(police)
	yes := b.m.Profile.Bundles["bed"].Consent(b.now)
	yes.Recorded, yes.Channel, yes.By, yes.Capacity, yes.Language, yes.Interpreter = events.At(b.now), events.InPerson, events.ByPerson, events.Clear, "ron", events.Independent
	yes.Present = events.Set[events.Present]{"person-alone"}
	b.say(police, id, "", &yes)
	r := b.say(police, id, "", &events.ReferralRequested{
		Said: b.said(), To: []events.AgencyID{shelter, harbour}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity, events.SectionNeeds},
		Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Standard, Age: events.Adult,
	})
	b.seals(id, r, shelter)
	b.seals(id, r, harbour)
	b.changes(events.HubAgency, harbour, &events.DirectorySuspended{Because: "device-lost"})
	b.changes(events.HubAgency, harbour, &events.DirectoryRevoked{Because: "keys-stolen"})
	b.hub(id) // what waits for the harbour is erased
	b.joins(harbour, events.Shelter, police, social)
	b.seals(id, r, harbour) // and sealed anew
	b.rotates(shelter)
	b.say(shelter, id, r, &events.ReferralAccepted{Said: b.said()})
	b.hub(id)
	b.rotates(police)
	b.isRead(id)
	return b, id
}

func TestATrailVerifiesAfterEverybodysKeysChanged(t *testing.T) {
	b, id := turbulent(t)
	data := b.exported(b.trail(id, police, shelter, social))
	pins := b.pins()
	_, v, err := VerifyExport(data, &pins)
	b.must(err)
	if !v.Witnessed || len(v.Witnesses) != 3 {
		t.Errorf("it counts as witnessed: %v, by %d", v.Witnessed, len(v.Witnesses))
	}
	ended := 0
	for _, gone := range v.Erasures() {
		if gone.Because == events.ErasedKeyEnded {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("%d records were erased because a key ended, want 1", ended)
	}
	if kinds := v.Kinds(); kinds[social] != events.Social || kinds[embassy] != events.ForeignMission || kinds[auditor] != events.Auditor || kinds[events.HubAgency] != "" || len(kinds) != 7 {
		t.Errorf("in the directory are %v", kinds)
	}
	report, err := VerifyLog(t.Context(), b.verification())
	b.must(err)
	if !report.Witnessed || report.Counts.Cases != 1 || report.Counts.Erased != 2 {
		t.Errorf("the whole log holds %+v, witnessed %v", report.Counts, report.Witnessed)
	}
	of := b.verification()
	of.LeavesOnly = true
	if report, err = VerifyLog(t.Context(), of); err != nil || !report.Witnessed {
		t.Errorf("of its leaves alone: %v, witnessed %v", err, report.Witnessed)
	}
}

// Who cosigns with a key of before is no witness of what came after.
func TestACosignatureByAKeyOfBeforeDoesNotCount(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	old := b.has(police)
	b.rotates(police)
	now := b.has(police)
	b.gives(police, old)
	trail := b.trail(id, police, shelter)
	b.gives(police, now)
	v, err := b.auditor().Verify(trail)
	b.must(err)
	if v.Witnessed || len(v.Witnesses) != 1 {
		t.Errorf("witnessed %v, by %v", v.Witnessed, v.Witnesses)
	}
}

// A run that breaks off among changes of the directory goes on with what they gave.
func TestAVerificationGoesOnBehindAChangeOfTheDirectory(t *testing.T) {
	b, _ := turbulent(t)
	for range 150 {
		b.referredBy(police, social)
	}
	whole, err := VerifyLog(t.Context(), b.verification())
	b.must(err)
	for _, source := range []cutOff{{b, 1400, 0}, {b, 0, 120}} {
		of := b.verification()
		of.Resume, of.saveAlways, of.Source = filepath.Join(t.TempDir(), "resume"), true, source
		if _, err := VerifyLog(t.Context(), of); !errors.Is(err, errCutOff) {
			t.Fatalf("it did not break off: %v", err)
		}
		of.Source, of.saveAlways = b, false
		report, err := VerifyLog(t.Context(), of)
		b.must(err)
		if report.Counts != whole.Counts {
			t.Errorf("gone on it counts %+v, whole %+v", report.Counts, whole.Counts)
		}
	}
}

// referredBy tells the beginning of a case again and again.
func (b *book) referredBy(by ...events.AgencyID) {
	b.t.Helper()
	for _, a := range by {
		id := b.open()
		b.say(a, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
		for range 4 {
			b.say(a, id, "", &events.RightsInformed{Said: b.said(), Language: "ron", Interpreter: events.Independent})
		}
	}
}

// Standing is told as it was at each entry.
func TestThePartiesAsTheyWere(t *testing.T) {
	b, id := turbulent(t)
	v, err := b.auditor().Verify(b.trail(id))
	b.must(err)
	suspended := b.directory[slices.IndexFunc(b.directory, func(n uint64) bool {
		return b.parsed(n).Attribute("type") == string(events.TypeDirectorySuspended)
	})]
	d := v.directory
	if d.under(suspended).Away[harbour] || !d.under(suspended + 1).Away[harbour] || d.under(b.tree.Size()).Away[harbour] {
		t.Error("the harbour is away at other entries than it was")
	}
	if d.kind(harbour, suspended+1) != "" || d.kind(harbour, suspended) != events.Shelter || !d.listed(harbour, suspended+1) {
		t.Error("a suspended agency takes part, or is not listed")
	}
	if d.who.StandingAt(social, 1) != "" || d.who.StandingAt(social, b.directory[1]+1) != directory.Active {
		t.Error("social services are listed ahead of their entry")
	}
}
