package ledger

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// boundary is a ledger between the broker and the database: what it does with one
// message, from raw bytes to verdict, on a log with a case in the middle of a
// referral. It is the same in every process of a fuzzing run.
type boundary struct {
	lead     *lead
	memory   *memory
	files    map[events.CaseID]*caseFile
	keys     map[events.AgencyID]seal.SigningKey
	random   *rand.ChaCha8
	now      time.Time
	about    events.CaseID
	referral events.ReferralID
	record   events.EventID
}

const (
	fuzzPolice      events.AgencyID = "testtown-police"
	fuzzShelter     events.AgencyID = "harbour-shelter"
	fuzzCoordinator events.AgencyID = "testland-coordination"
)

// FuzzAdmission: whatever an agency sends, and whatever it signs, gets a verdict
// that names a rule; nothing panics, nothing is the hub's fault, no refusal repeats
// what was sent, and the next honest event is admitted. A long run:
//
//	go test ./services/ledger -run '^$' -fuzz '^FuzzAdmission$' -fuzztime 1000000x -fuzzminimizetime 10x
func FuzzAdmission(f *testing.F) {
	l := newBoundary(f)
	f.Add(byte(0), byte(0), "", []byte{})
	for number, of := range events.Types() {
		example := examplesOf(f)[of]
		for way := range byte(4) {
			f.Add(byte(number+1), way, "", []byte(l.timely(example)))
		}
	}
	whole := exchange.Encode(l.signed(f, l.opening(f, fuzzPolice)))
	f.Add(byte(0), byte(0), headerLines(whole), whole.Data)
	f.Add(byte(0), byte(1), headerLines(whole), whole.Data)
	sealed := exchange.Encode(l.signed(f, l.sealed(f)))
	f.Add(byte(0), byte(0), headerLines(sealed), sealed.Data)
	f.Add(byte(0), byte(0), "content-type: application/cloudevents+json", []byte(`{"specversion":"1.0","data":{}}`))
	f.Fuzz(func(t *testing.T, kind, way byte, header string, data []byte) {
		l.random.Seed([32]byte{2}) // the same input does the same again
		from := []events.AgencyID{fuzzPolice, fuzzShelter, fuzzCoordinator}[int(way)%3]
		if kind == 0 {
			l.judges(t, from, exchange.Message{Header: parsedHeader(header), Data: data})
			return
		}
		e, fits := l.addressed(from, kind, way, header, data)
		if !fits {
			return
		}
		signed, err := l.keys[from].Sign(e)
		if err != nil {
			return // not even its sender's own library takes it; as a raw message it is tried above
		}
		l.judges(t, from, exchange.Encode(signed))
	})
}

// judges takes one message through everything but the broker and the database.
func (l *boundary) judges(t *testing.T, from events.AgencyID, m exchange.Message) {
	t.Helper()
	b := l.batch(t.Context())
	s := &submission{from: from}
	l.lead.verify(b.ctx, s, m)
	if s.event.Type == events.TypeWitnessReset && s.fault == nil && s.unauthenticated == nil || s.event.Type.IsControl() {
		return // a good reset asks the database; control messages are not judged
	}
	l.meets(b, s)
	if b.judge(s); b.lost != nil || len(b.verdicts) != 1 {
		t.Fatalf("it has %d verdicts: %v", len(b.verdicts), b.lost)
	}
	if l.lead.status.faults != 0 || b.verdicts[0].rule == events.RuleHubFault {
		t.Fatalf("it was the hub's fault: %s", b.verdicts[0].rule)
	}
	for i, text := range b.rows.openings {
		entry, err := tlog.ParseEntry(text)
		if err != nil || entry.Number != b.rows.numbers[i] {
			t.Fatalf("entry %d cannot be read: %v", b.rows.numbers[i], err)
		}
	}
	if b.verdicts[0].verdict == tlog.Refused {
		l.tellsNothing(t, b, m)
	}
	for _, c := range b.files {
		if c != nil && c.opened != nil {
			text, err := c.state.MarshalJSON()
			if err == nil {
				_, err = b.parties.memorandum.RestoreCase(text)
			}
			if err != nil {
				t.Fatalf("a case cannot be stored or loaded any more: %v", err)
			}
		}
	}
	honest := &submission{from: fuzzPolice}
	e := l.opening(t, fuzzPolice)
	e.Sequence = b.next[l.keys[fuzzPolice].ID()].String()
	l.lead.verify(b.ctx, honest, exchange.Encode(l.signed(t, e)))
	l.meets(b, honest)
	if b.judge(honest); b.verdicts[1].verdict != tlog.Admitted {
		t.Fatalf("behind it an honest event is %s %s", b.verdicts[1].verdict, b.verdicts[1].rule)
	}
}

// tellsNothing: rule, place and reason of a refusal are words of ours.
func (l *boundary) tellsNothing(t *testing.T, b *batch, m exchange.Message) {
	t.Helper()
	if len(b.rows.payloads) != 0 || len(b.rows.refusalReasons) != 1 {
		t.Fatalf("a refusal stores %d payloads", len(b.rows.payloads))
	}
	reason, pointer := b.rows.refusalReasons[0], b.rows.refusalPointers[0]
	if !plainReason.MatchString(reason) || pointer != tlog.CleanPointer(pointer) {
		t.Fatalf("a refusal in no words of the contract: %q %q", pointer, reason)
	}
	for value := range strings.FieldsFuncSeq(string(m.Data), func(r rune) bool { return r < 'A' || r > 'z' }) {
		if len(value) > 40 && strings.Contains(reason+pointer, value) {
			t.Fatalf("a refusal repeats what was sent: %q %q", pointer, reason)
		}
	}
}

// meets gives the batch the files of the cases that a submission names, as lookup
// does from the database.
func (l *boundary) meets(b *batch, s *submission) {
	need := func(id events.CaseID) {
		if id == "" || b.files[id] != nil {
			return
		}
		if known, ok := l.files[id]; ok {
			b.files[id] = known
			return
		}
		b.files[id] = newCaseFile(b.parties.memorandum.NewCase(""))
	}
	if s.unauthenticated != nil {
		return
	}
	need(s.event.Case())
	if p, ok := s.payload.(*events.CaseLinked); ok {
		need(p.Case)
	}
	for _, id := range b.others(s) {
		need(id)
	}
}

func (l *boundary) batch(ctx context.Context) *batch {
	b := l.lead.newBatch(ctx, &memory{tree: l.memory.tree, next: maps.Clone(l.memory.next), assigned: maps.Clone(l.memory.assigned), parties: l.lead.roster.now()})
	b.capacity = map[events.AgencyID]*events.CapacityPublished{}
	return b
}

// addressed is an event of a type with any data, in the case that is under way or
// in none; header lines replace attributes.
func (l *boundary) addressed(from events.AgencyID, kind, way byte, header string, data []byte) (events.Event, bool) {
	all := events.Types()
	of := all[int(kind-1)%len(all)]
	e := l.envelope(from, of, data, l.about, l.referral)
	if way&8 != 0 {
		e.Subject = l.id()
	}
	if way&16 != 0 {
		e.CorrelationID = e.ID
	}
	if way&32 != 0 {
		e.CorrelationID = events.EventID(e.Subject)
	}
	if way&64 != 0 {
		e.CausationID = l.record
	}
	values := map[string]string{}
	for _, a := range e.Attributes() {
		values[a.Name] = a.Value
	}
	for name, given := range parsedHeader(header) {
		if _, known := values[name]; known && name != "hub" && name != "source" && name != "sequence" {
			values[name] = given[0]
		}
	}
	values["dssematerial"] = strings.Repeat("A", 16)
	var attributes []events.Attribute
	for name, value := range values {
		attributes = append(attributes, events.Attribute{Name: name, Value: value})
	}
	e, err := events.Parse(attributes, data)
	e.DSSEMaterial = ""
	return e, err == nil
}

func (l *boundary) envelope(from events.AgencyID, of events.Type, data []byte, about events.CaseID, correlation events.EventID) events.Event {
	id := events.EventID(l.id())
	e := events.Event{
		ID: id, Source: events.Source(testHub, from), Type: of, DataContentType: events.FactsContent, DataSchema: of.Schema(), Subject: string(about),
		Time: events.At(l.now), Hub: testHub.Origin(), Sequence: l.memory.next[l.keys[from].ID()].String(), CorrelationID: correlation, CausationID: id,
		TraceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00", Data: data,
	}
	switch {
	case of.Sealed():
		e.DataContentType, e.PlainCommit = events.SealedContent, strings.Repeat("0a", 32)
	case of == events.TypeReferralRequested:
		e.CorrelationID = id
	case of.IsControl():
		e.Sequence, e.Subject, e.CorrelationID = "", string(from), id
	case of == events.TypeCapacityPublished, of == events.TypeWitnessReset, strings.HasPrefix(of.Name(), "directory."), of == events.TypeTrailRead:
		e.Subject, e.CorrelationID = string(from), id
	}
	return e
}

// id is a UUIDv7 that differs from all before.
func (l *boundary) id() string {
	id, err := events.NewUUID(l.now, l.random)
	if err != nil {
		panic(err)
	}
	return id
}

func (l *boundary) signed(t testing.TB, e events.Event) events.Event {
	t.Helper()
	signed, err := l.keys[fuzzPolice].Sign(e)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (l *boundary) opening(t testing.TB, from events.AgencyID) events.Event {
	t.Helper()
	about := events.CaseID(l.id())
	return l.envelope(from, events.TypeCaseOpened, l.encoded(t, &events.CaseOpened{Said: l.said(), Age: events.Adult}), about, events.EventID(about))
}

func (l *boundary) encoded(t testing.TB, p events.Payload) []byte {
	t.Helper()
	data, err := events.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (l *boundary) said() events.Said {
	return events.Said{Happened: events.At(l.now), Recorded: events.At(l.now), Channel: events.InPerson}
}

// timely has an example happen now, and speak of what there is.
func (l *boundary) timely(example string) string {
	var members map[string]any
	if json.Unmarshal([]byte(example), &members) != nil {
		return example
	}
	for name := range members {
		switch name {
		case "happened", "recorded":
			members[name] = events.At(l.now).String()
		case "record", "disclosure":
			members[name] = l.record
		case "to":
			if _, list := members[name].([]any); list {
				members[name] = []events.AgencyID{fuzzShelter}
			} else {
				members[name] = fuzzShelter
			}
		}
	}
	text, _ := json.Marshal(members)
	return string(text)
}

// newBoundary founds a log in memory and brings a case to where a shelter was
// asked and a record waits for its answer.
func newBoundary(f *testing.F) *boundary {
	f.Helper()
	must := func(err error) {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
	}
	l := &boundary{
		random: rand.NewChaCha8([32]byte{1}), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		files: map[events.CaseID]*caseFile{}, keys: map[events.AgencyID]seal.SigningKey{},
	}
	profile, err := mou.LoadProfile("model@1")
	must(err)
	measure, err := newTelemetry()
	must(err)
	_, vkey, err := tlog.NewLogKey(testHub.Origin(), l.random)
	must(err)
	hub, err := seal.NewSigningKey(l.random)
	must(err)
	founded := &events.DirectoryFounded{Log: vkey, Signing: hub.Public(), Profile: profile.Ref()}
	l.memory = &memory{next: map[events.KeyID]events.Sequence{hub.ID(): 1}, assigned: map[events.AgencyID]uint64{}}
	for _, a := range []struct {
		id   events.AgencyID
		kind events.AgencyKind
	}{{fuzzPolice, events.Police}, {fuzzShelter, events.Shelter}, {fuzzCoordinator, events.Coordinator}} {
		key, err := seal.NewSigningKey(l.random)
		must(err)
		sealing, err := seal.NewSealingKey(l.random)
		must(err)
		_, witness, err := tlog.NewWitnessKey(testHub.Origin(), a.id, l.random)
		must(err)
		l.keys[a.id], l.memory.next[key.ID()] = key, 1
		founded.Agencies = append(founded.Agencies, seal.NewListing(a.id, a.kind, key, sealing, witness, testHub.Origin()))
	}
	d, err := directory.Found(testHub, 0, founded)
	must(err)
	o := &openLog{hub: testHub, founded: founded, profile: profile, roster: new(roster)}
	o.roster.advance(o.parties(d, nil, change{subject: events.HubAgency, of: events.TypeDirectoryFounded, everyone: true}))
	l.lead = &lead{
		openLog: o, config: Config{Clock: func() time.Time { return l.now }}, key: hub, telemetry: measure, status: newStatus(),
		log: slog.New(slog.DiscardHandler), random: l.random,
	}
	l.memory.tree.Append(tlog.Hash{}, nil) // genesis has the number 0
	l.tells(f)
	return l
}

// tells has the police refer somebody.
func (l *boundary) tells(f *testing.F) {
	f.Helper()
	opened := l.opening(f, fuzzPolice)
	l.about = events.CaseID(opened.Subject)
	l.admits(f, opened)
	l.fact(f, &events.RightsInformed{Said: l.said(), Language: "eng", Interpreter: events.NoInterpreter}, events.EventID(l.about))
	sections := events.Set[events.Section]{events.SectionIdentity, events.SectionNeeds}
	l.fact(f, &events.ConsentGiven{
		Said: l.said(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation, Sections: sections,
		Expires: events.At(l.now.Add(240 * time.Hour)), By: events.ByPerson, Capacity: events.Clear, Language: "eng", Interpreter: events.NoInterpreter,
		Present: events.Set[events.Present]{"person-alone"},
	}, events.EventID(l.about))
	l.referral = l.fact(f, &events.ReferralRequested{
		Said: l.said(), To: events.Set[events.AgencyID]{fuzzShelter}, Purpose: events.PurposeAccommodation, Sections: sections,
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
	}, "")
	record := l.sealed(f)
	l.record = record.ID
	l.admits(f, record)
}

func (l *boundary) fact(f *testing.F, p events.Payload, correlation events.EventID) events.EventID {
	f.Helper()
	e := l.envelope(fuzzPolice, p.Type(), l.encoded(f, p), l.about, correlation)
	l.admits(f, e)
	return e.ID
}

func (l *boundary) sealed(f *testing.F) events.Event {
	f.Helper()
	e := l.envelope(fuzzPolice, events.TypeRecordSealed, nil, l.about, l.referral)
	m, _ := l.lead.roster.now().Member(fuzzShelter)
	var err error
	e.Data, e.PlainCommit, err = seal.Seal(m.Listing.Sealing, events.RecordHeader{
		Source: e.Source, ID: e.ID, To: fuzzShelter, Case: l.about, Referral: l.referral, Purpose: events.PurposeAccommodation, Type: e.Type, Section: events.SectionIdentity,
	}, []byte(`{"first_name":"Invented"}`), l.random)
	if err != nil {
		f.Fatal(err)
	}
	return e
}

// admits says something honest and keeps what it makes of the log.
func (l *boundary) admits(f *testing.F, e events.Event) {
	f.Helper()
	b := l.batch(f.Context())
	s := &submission{from: fuzzPolice}
	l.lead.verify(b.ctx, s, exchange.Encode(l.signed(f, e)))
	l.meets(b, s)
	if b.judge(s); b.verdicts[0].verdict != tlog.Admitted {
		f.Fatalf("%s is %s %s", e.Type.Name(), b.verdicts[0].verdict, b.verdicts[0].rule)
	}
	maps.Copy(l.files, b.files)
	l.memory.tree, l.memory.next, l.memory.assigned = b.tree.Tree(), b.next, b.assigned
}

// examplesOf are the published full payloads.
func examplesOf(t testing.TB) map[events.Type]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "contracts", "vectors", "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name  string
			Input struct{ Data string }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	all := map[events.Type]string{}
	for _, v := range file.Vectors {
		if name, accepted := strings.CutPrefix(v.Name, "accepted "); accepted {
			all[events.Type("org.handrail."+name+".v1")] = v.Input.Data
		}
	}
	return all
}

// headerLines and parsedHeader let the fuzzer write any header: lines of name and
// value; a name may come twice.
func headerLines(m exchange.Message) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		for _, value := range m.Header[name] {
			lines = append(lines, name+": "+value)
		}
	}
	return strings.Join(lines, "\n")
}

func parsedHeader(text string) map[string][]string {
	header := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			header[name] = append(header[name], value)
		}
	}
	return header
}
