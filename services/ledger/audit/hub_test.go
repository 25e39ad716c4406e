package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// The parties of the tests' hub: fictional.
const (
	police  events.AgencyID = "sampletown-police"
	shelter events.AgencyID = "lighthouse-shelter"
	harbour events.AgencyID = "harbour-shelter"
	embassy events.AgencyID = "otherland-embassy"
	auditor events.AgencyID = "sampleland-audit"
	second  events.AgencyID = "sampleland-second-audit"
)

const hubID events.HubID = "sampleland"

// book is a log as an honest hub keeps it, made by the same contracts and without
// a hub: what the tests verify, and tamper with.
type book struct {
	t         testing.TB
	random    *rand.ChaCha8
	now       time.Time
	signing   map[events.AgencyID]seal.SigningKey
	sealing   map[events.AgencyID]seal.SealingKey
	witness   map[events.AgencyID]tlog.WitnessKey
	log       note.Signer
	logKey    string
	founded   *events.DirectoryFounded
	texts     []mou.ProfileText
	m         *mou.Memorandum
	sequences map[events.AgencyID]events.Sequence

	tree     tlog.Tree
	nodes    map[int][]tlog.Hash
	entries  []*ledger.LogEntry
	cases    map[events.CaseID]*file
	headers  map[uint64][]byte // of destroyed records
	capacity []uint64

	who       *directory.Directory
	directory []uint64 // entries that changed who takes part
}

// file is one case in the book.
type file struct {
	state   mou.Case
	heads   map[string]tlog.Link
	numbers []uint64
	reads   []uint64
	retired uint64

	stored   []byte // the state, and at how many entries
	storedAt int
}

// model is the profile of the tests, which is read-only and takes long to read.
var model = sync.OnceValues(func() (*mou.Profile, error) { return mou.LoadProfile("model@1") })

func newBook(t testing.TB) *book {
	t.Helper()
	b := &book{
		t: t, random: rand.NewChaCha8([32]byte{1}), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		signing: map[events.AgencyID]seal.SigningKey{}, sealing: map[events.AgencyID]seal.SealingKey{}, witness: map[events.AgencyID]tlog.WitnessKey{},
		sequences: map[events.AgencyID]events.Sequence{}, nodes: map[int][]tlog.Hash{}, cases: map[events.CaseID]*file{}, headers: map[uint64][]byte{},
	}
	var err error
	skey, vkey, err := tlog.NewLogKey(hubID.Origin(), b.random)
	b.must(err)
	b.log, err = note.NewSigner(skey)
	b.must(err)
	b.logKey = vkey
	b.texts, err = mou.ProfileTexts("model@1")
	b.must(err)
	profile, err := model()
	b.must(err)
	b.m = &mou.Memorandum{Profile: profile, Directory: map[events.AgencyID]events.AgencyKind{}}
	b.signing[events.HubAgency], err = seal.NewSigningKey(b.random)
	b.must(err)
	b.founded = &events.DirectoryFounded{Log: vkey, Signing: b.signing[events.HubAgency].Public(), Profile: profile.Ref(), Text: mou.ProfileDigest(b.texts)}
	for _, one := range []struct {
		id   events.AgencyID
		kind events.AgencyKind
	}{{police, events.Police}, {shelter, events.Shelter}, {harbour, events.Shelter}, {auditor, events.Auditor}, {second, events.Auditor}} {
		b.founded.Agencies = append(b.founded.Agencies, b.listing(one.id, one.kind))
	}
	b.aside(events.HubAgency, events.HubAgency, b.founded)
	b.who, err = directory.Found(hubID, 0, b.founded)
	b.must(err)
	b.changes(events.HubAgency, embassy, b.who.ListedOf(b.listing(embassy, events.ForeignMission)))
	return b
}

func (b *book) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) listing(id events.AgencyID, kind events.AgencyKind) events.Listing {
	b.t.Helper()
	var err error
	b.signing[id], err = seal.NewSigningKey(b.random)
	b.must(err)
	b.sealing[id], err = seal.NewSealingKey(b.random)
	b.must(err)
	verifier := ""
	if kind != events.Auditor && kind != events.ForeignMission {
		var secret string
		secret, verifier, err = tlog.NewWitnessKey(hubID.Origin(), id, b.random)
		b.must(err)
		b.witness[id], err = tlog.ParseWitnessKey(secret)
		b.must(err)
	}
	b.m.Directory[id] = kind
	return seal.NewListing(id, kind, b.signing[id], b.sealing[id], verifier, hubID.Origin())
}

func (b *book) uuid() string {
	b.t.Helper()
	id, err := events.NewUUID(b.now, b.random)
	b.must(err)
	return id
}

// signed makes an agency's event; without a referral it is correlated with the case or itself.
func (b *book) signed(by events.AgencyID, subject string, correlation events.EventID, t events.Type, id events.EventID, data []byte, commit string) events.Event {
	b.t.Helper()
	b.sequences[by]++
	e := events.Event{
		ID: id, Source: events.Source(hubID, by), Type: t, DataContentType: events.FactsContent, DataSchema: t.Schema(), Subject: subject,
		Time: events.At(b.now), Hub: hubID.Origin(), Sequence: b.sequences[by].String(), CorrelationID: cmp.Or(correlation, id), CausationID: id,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", PlainCommit: commit, Data: data,
	}
	if t.Sealed() {
		e.DataContentType = events.SealedContent
	}
	e, err := b.signing[by].Sign(e)
	b.must(err)
	return e
}

// append gives an entry its place.
func (b *book) append(entry tlog.Entry, one *ledger.LogEntry) uint64 {
	b.t.Helper()
	entry.Number = b.tree.Size()
	return b.place(entry, one)
}

// place gives an entry the next place, whatever number it bears.
func (b *book) place(entry tlog.Entry, one *ledger.LogEntry) uint64 {
	b.t.Helper()
	entry.Admitted = b.now
	o, err := tlog.NewOpening(entry, b.random)
	b.must(err)
	leaf := o.Leaf()
	number := b.tree.Size()
	one.Number, one.MAC, one.Salt, one.Opening = number, [32]byte(leaf[len(leaf)-32:]), o.Salt, o.Entry
	b.entries = append(b.entries, one)
	b.nodes[0] = append(b.nodes[0], o.LeafHash())
	b.tree.Append(o.LeafHash(), func(n tlog.Node) { b.nodes[n.Level] = append(b.nodes[n.Level], n.Hash) })
	b.now = b.now.Add(time.Minute)
	return number
}

func (b *book) admitted(e events.Event, previous *tlog.Link) tlog.Entry {
	term, _ := b.m.Term(e.Type)
	return tlog.Entry{
		Verdict: tlog.Admitted, Submitter: e.Agency(), Profile: b.m.Profile.Ref(), Clause: term.Clause, Semantics: mou.Semantics,
		Attributes: e.Attributes(), DataDigest: sha256.Sum256(e.Data), Previous: previous,
	}
}

// aside appends what is about no case.
func (b *book) aside(by, subject events.AgencyID, p events.Payload) uint64 {
	b.t.Helper()
	data, err := events.Encode(p)
	b.must(err)
	e := b.signed(by, string(subject), "", p.Type(), events.EventID(b.uuid()), data, "")
	return b.append(b.admitted(e, nil), &ledger.LogEntry{Data: data})
}

func (b *book) open() events.CaseID {
	id := events.CaseID(b.uuid())
	b.cases[id] = &file{state: b.m.NewCase(""), heads: map[string]tlog.Link{}}
	return id
}

func (b *book) said() events.Said {
	return events.Said{Happened: events.At(b.now), Recorded: events.At(b.now), Channel: events.InPerson}
}

// say has the memorandum judge a statement and appends it.
func (b *book) say(by events.AgencyID, id events.CaseID, referral events.ReferralID, p events.Payload) events.EventID {
	b.t.Helper()
	data, err := events.Encode(p)
	b.must(err)
	correlation := cmp.Or(referral, events.EventID(id))
	own := events.EventID(b.uuid())
	if p.Type() == events.TypeReferralRequested {
		correlation = own
	}
	e := b.signed(by, string(id), correlation, p.Type(), own, data, "")
	b.take(e, p, &ledger.LogEntry{Data: data})
	return e.ID
}

// seals has the police say what the person needs, to one recipient.
func (b *book) seals(id events.CaseID, referral events.ReferralID, to events.AgencyID) {
	b.t.Helper()
	own := events.EventID(b.uuid())
	h := events.RecordHeader{Source: events.Source(hubID, police), ID: own, To: to, Case: id, Referral: referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionNeeds}
	jwe, commit, err := seal.Seal(b.sealing[to].Public(), h, []byte(`{"says":"nothing of anybody"}`), b.random)
	b.must(err)
	e := b.signed(police, string(id), referral, events.TypeRecordSealed, own, jwe, commit)
	record, err := seal.CheckRecord(e)
	b.must(err)
	header, err := seal.ProtectedHeader(jwe)
	b.must(err)
	b.take(e, record, &ledger.LogEntry{Record: header})
}

func (b *book) take(e events.Event, p events.Payload, one *ledger.LogEntry) {
	b.t.Helper()
	f := b.cases[e.Case()]
	act := mou.Act{Number: b.tree.Size(), Event: e, Payload: p}
	next, err := f.state.Under(b.m).Apply(act, b.now)
	if err != nil {
		b.t.Fatalf("%s says %s: %v", e.Agency(), e.Type.Name(), err)
	}
	chain := next.Chain(act)
	var previous *tlog.Link
	if head, ok := f.heads[chain]; ok {
		previous = &head
	}
	number := b.append(b.admitted(e, previous), one)
	f.state, f.numbers = next, append(f.numbers, number)
	f.heads[chain] = tlog.Link{Number: number, Leaf: b.nodes[0][number]}
}

// hub says all that is due while no duty is staffed.
func (b *book) hub(id events.CaseID) {
	b.t.Helper()
	b.hubWith(id, func(events.AgencyID) bool { return false })
}

// hubWith says all that is due, with these duties taken for staffed.
func (b *book) hubWith(id events.CaseID, staffed func(events.AgencyID) bool) {
	b.t.Helper()
	for {
		due := b.cases[id].state.Under(b.m).Due(b.now, staffed)
		if len(due) == 0 {
			return
		}
		b.say(events.HubAgency, id, due[0].Referral, due[0].Payload)
		if gone, ok := due[0].Payload.(*events.RecordErased); ok {
			b.destroys(id, gone.Record)
		}
	}
}

// destroys marks a record as erased by the last entry.
func (b *book) destroys(id events.CaseID, record events.EventID) {
	for _, item := range b.cases[id].state.Trail() {
		if item.ID == record {
			e := b.entries[item.Number]
			b.headers[item.Number] = e.Record
			e.Record, e.Erased = nil, b.tree.Size()-1
		}
	}
}

// refuses records a refusal of an authenticated sender, or (no case) of any.
func (b *book) refuses(by events.AgencyID, id events.CaseID) {
	b.t.Helper()
	number := b.append(tlog.Entry{Verdict: tlog.Refused, Submitter: by, Rule: mou.RuleConsentRequired, Pointer: "/sections", Case: id, Salted: [32]byte{1}}, &ledger.LogEntry{})
	if f := b.cases[id]; f != nil {
		f.numbers = append(f.numbers, number)
	}
}

// referred tells one short case: a person is asked, and a shelter accepts or not.
func (b *book) referred(accept bool) events.CaseID {
	b.t.Helper()
	id := b.open()
	b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
	b.say(police, id, "", &events.RightsInformed{Said: b.said(), Language: "ron", Interpreter: events.Independent})
	b.refuses(police, id)
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
	if accept {
		b.say(shelter, id, r, &events.ReferralAccepted{Said: b.said()})
	} else {
		b.say(shelter, id, r, &events.ReferralDeclined{Said: b.said(), Reason: "full"})
	}
	b.hub(id)
	return id
}

func (b *book) isRead(id events.CaseID) {
	b.t.Helper()
	number := b.aside(events.HubAgency, auditor, &events.TrailRead{What: events.ReadingReplay, Case: id})
	b.cases[id].reads = append(b.cases[id].reads, number)
}

// retires ends a case's retention, and destroys the openings if asked to.
func (b *book) retires(id events.CaseID, destroy bool) {
	b.t.Helper()
	f := b.cases[id]
	all := newLeaves()
	for _, number := range f.numbers {
		all.add(number, b.nodes[0][number])
	}
	f.retired = b.aside(events.HubAgency, events.HubAgency, &events.RetentionEnded{Case: id, Entries: all.count, Leaves: hex.EncodeToString(all.digest.Sum(nil))})
	if destroy {
		for _, number := range f.numbers {
			gone := &ledger.LogEntry{Number: number, MAC: b.entries[number].MAC, Erased: f.retired}
			b.entries[number] = gone
		}
	}
}
