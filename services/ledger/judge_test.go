package ledger

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// A case that nobody made makes every judgement of it panic: the real thing, broken
// the way that a bug would break it.
func TestAnEventWhoseJudgingPanicsFailsAlone(t *testing.T) {
	b := loneBatch(t)
	bad, good, last := open(t, b, 1), open(t, b, 2), open(t, b, 3)
	b.files[bad.event.Case()] = newCaseFile(mou.Case{})
	for _, s := range []*submission{bad, good, last} {
		b.judge(s)
	}
	want := []verdict{{tlog.Refused, events.RuleHubFault}, {verdict: tlog.Admitted}, {verdict: tlog.Admitted}}
	for i, v := range b.verdicts {
		if v != want[i] {
			t.Errorf("submission %d: %v, want %v", i, v, want[i])
		}
	}
	if b.tree.Size() != 3 || b.next[good.key] != 4 || len(b.rows.deliveryNumbers) != 3 {
		t.Errorf("%d entries, next sequence %d, %d deliveries; want 3, 4, 3", b.tree.Size(), b.next[good.key], len(b.rows.deliveryNumbers))
	}
	if b.lead.status.faults != 1 {
		t.Error("nobody was alarmed")
	}
}

func TestAViolationWhoseWordsNoDeliveryCarriesIsStillAnswered(t *testing.T) {
	b := loneBatch(t)
	s := open(t, b, 1)
	b.refuse(s, events.Refuse("Not A Rule", "/ü", "naïve"))
	if b.verdicts[0].rule != events.RuleHubFault {
		t.Errorf("refused by %s", b.verdicts[0].rule)
	}
	other := open(t, b, 2)
	b.refuse(other, events.Refuse(events.RuleDataCode, "/ü", "naïve"))
	if got := b.rows.refusalReasons[1]; got != "see the rule" {
		t.Errorf("the reason is %q", got)
	}
}

const (
	testHub events.HubID    = "testland"
	desk    events.AgencyID = "testtown-police"
)

// loneBatch is a batch of an empty log that no database will store.
func loneBatch(t *testing.T) *batch {
	t.Helper()
	key, err := seal.NewSigningKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := mou.LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	measure, err := newTelemetry()
	if err != nil {
		t.Fatal(err)
	}
	l := &lead{
		openLog: openedWith(t, profile, entrant{desk, events.Police, key}),
		config:  Config{Clock: time.Now}, key: key, telemetry: measure, status: newStatus(), log: slog.New(slog.DiscardHandler), random: rand.Reader,
	}
	return l.newBatch(t.Context(), &memory{next: map[events.KeyID]events.Sequence{key.ID(): 1}, assigned: map[events.AgencyID]uint64{}, parties: l.roster.now()})
}

// entrant is an agency that genesis lists.
type entrant struct {
	id   events.AgencyID
	kind events.AgencyKind
	key  seal.SigningKey
}

// openedWith is an open log whose genesis lists agencies.
func openedWith(t *testing.T, profile *mou.Profile, agencies ...entrant) *openLog {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, vkey, err := tlog.NewLogKey(testHub.Origin(), rand.Reader)
	must(err)
	hub, err := seal.NewSigningKey(rand.Reader)
	must(err)
	founded := &events.DirectoryFounded{Log: vkey, Signing: hub.Public(), Profile: profile.Ref()}
	for _, a := range agencies {
		sealing, err := seal.NewSealingKey(rand.Reader)
		must(err)
		witness := ""
		if a.kind != events.Auditor {
			_, witness, err = tlog.NewWitnessKey(testHub.Origin(), a.id, rand.Reader)
			must(err)
		}
		founded.Agencies = append(founded.Agencies, seal.NewListing(a.id, a.kind, a.key, sealing, witness, testHub.Origin()))
	}
	d, err := directory.Found(testHub, 0, founded)
	must(err)
	o := &openLog{hub: testHub, founded: founded, profile: profile, roster: new(roster)}
	o.roster.advance(o.parties(d, nil, change{subject: events.HubAgency, of: events.TypeDirectoryFounded, everyone: true}))
	return o
}

// open is a verified submission that opens a case of its own.
func open(t *testing.T, b *batch, sequence events.Sequence) *submission {
	t.Helper()
	at := events.At(b.now)
	p := &events.CaseOpened{Said: events.Said{Happened: at, Recorded: at, Channel: events.InPerson}, Age: events.Adult}
	data, err := events.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	id, err := events.NewUUID(b.now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about, err := events.NewUUID(b.now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.lead.key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(testHub, desk), Type: p.Type(), DataContentType: events.FactsContent, DataSchema: p.Type().Schema(),
		Subject: about, Time: at, Hub: testHub.Origin(), Sequence: sequence.String(), CorrelationID: events.EventID(about), CausationID: events.EventID(id),
		TraceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00", Data: bytes.Clone(data),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.files[e.Case()] = newCaseFile(b.parties.memorandum.NewCase(""))
	return &submission{from: desk, event: e, key: b.lead.key.ID(), sequence: sequence, digest: seal.Digest(e), payload: p}
}
