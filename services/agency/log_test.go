package agency

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

const (
	testHub     events.HubID    = "testland"
	testAgency  events.AgencyID = "harbour-shelter"
	testSender  events.AgencyID = "testtown-police"
	testProfile                 = "uk@1"
)

// aLog is a log kept by hand, by the published contract alone: it writes
// entries and deliveries as a hub must, and also as it must not.
type aLog struct {
	t         *testing.T
	signer    note.Signer
	statement note.Signer
	hub       seal.SigningKey
	sender    seal.SigningKey
	sealing   seal.SealingKey // the sender's
	tree      tlog.Tree
	leaves    []tlog.Hash
	ledger    string           // URL of [httpLedger], if it serves
	clock     func() time.Time // the agency's
	sequence  map[events.AgencyID]events.Sequence
	number    uint64 // last delivery number
	senders   string // witness key of the sender, as it is listed
	senderKey tlog.WitnessKey
	witness   string // and the agency's own
	pins      Pins

	genesisAgain exchange.Message // its delivery
	genesis      events.Event
	dir          string
	own          seal.SealingKey
	to           events.AgencyID // whom it delivers to; empty: the agency
}

// newLog founds a directory with an agency in a folder of its own.
func newLog(t *testing.T) *aLog {
	t.Helper()
	l := &aLog{t: t, dir: t.TempDir(), clock: time.Now, sequence: map[events.AgencyID]events.Sequence{}}
	logKey, vkey, err := tlog.NewLogKey(testHub.Origin(), rand.Reader)
	l.must(err)
	l.signer, err = note.NewSigner(logKey)
	l.must(err)
	l.hub, err = seal.NewSigningKey(rand.Reader)
	l.must(err)
	l.statement, err = tlog.HubSigner(testHub, l.hub.Public(), l.hub.SignBytes)
	l.must(err)
	l.sender, err = seal.NewSigningKey(rand.Reader)
	l.must(err)
	l.sealing, err = seal.NewSealingKey(rand.Reader)
	l.must(err)
	signing, err := seal.NewSigningKey(rand.Reader)
	l.must(err)
	l.own, err = seal.NewSealingKey(rand.Reader)
	l.must(err)
	l.must(signing.Save(filepath.Join(l.dir, keyring.Signing.File())))
	l.must(l.own.Save(filepath.Join(l.dir, keyring.Sealing.File())))
	theirs, senders, err := tlog.NewWitnessKey(testHub.Origin(), testSender, rand.Reader)
	l.must(err)
	l.senders = senders
	l.senderKey, err = tlog.ParseWitnessKey(theirs)
	l.must(err)
	secret, witness, err := tlog.NewWitnessKey(testHub.Origin(), testAgency, rand.Reader)
	l.must(err)
	l.must(os.WriteFile(filepath.Join(l.dir, keyring.Witness.File()), []byte(secret+"\n"), 0o600))
	l.witness = witness
	texts, err := mou.ProfileTexts(testProfile)
	l.must(err)
	founded := &events.DirectoryFounded{Log: vkey, Signing: l.hub.Public(), Profile: testProfile, Text: mou.ProfileDigest(texts), Agencies: []events.Listing{
		seal.NewListing(testSender, events.Police, l.sender, l.sealing, l.senders, testHub.Origin()),
		seal.NewListing(testAgency, events.Shelter, signing, l.own, l.witness, testHub.Origin()),
	}}
	l.genesis = l.event(events.HubAgency, l.hub, string(events.HubAgency), "", founded)
	digest := sha256.Sum256(l.genesis.Data)
	l.pins = Pins{LogVKey: vkey, HubKey: l.hub.Public(), Genesis: hex.EncodeToString(digest[:])}
	return l
}

func (l *aLog) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *aLog) config() Config {
	return Config{
		Dir: l.dir, Hub: testHub, Agency: testAgency, Kind: events.Shelter, NATS: "nats://127.0.0.1:1", Pins: l.pins, Ledger: l.ledger,
		Desk: testDesk{}, Logger: slog.New(slog.DiscardHandler),
	}
}

// opened opens the agency's journal, and closes it when the test ends.
func (l *aLog) opened() *Agency {
	l.t.Helper()
	a, err := New(l.config())
	l.must(err)
	l.t.Cleanup(func() { _ = a.Close() })
	return a
}

// joined is opened with genesis delivered.
func (l *aLog) joined() *Agency {
	l.t.Helper()
	a := l.opened()
	if l.genesisAgain.Header == nil {
		l.genesisAgain = l.delivers(l.genesis)
	} else {
		l.number = 1
	}
	l.gives(a, l.genesisAgain)
	if a.book.memo == nil {
		l.t.Fatalf("genesis was not taken: %+v", a.alarms.list())
	}
	return a
}

func (l *aLog) gives(a *Agency, all ...exchange.Message) {
	l.t.Helper()
	for _, m := range all {
		l.must(a.receive(l.t.Context(), m))
	}
}

// event is something that somebody says.
func (l *aLog) event(by events.AgencyID, key seal.SigningKey, subject string, referral events.ReferralID, p events.Payload) events.Event {
	l.t.Helper()
	id, err := events.NewUUID(time.Now(), rand.Reader)
	l.must(err)
	data, err := events.Encode(p)
	l.must(err)
	l.sequence[by]++
	e := events.Event{
		ID: events.EventID(id), Source: events.Source(testHub, by), Type: p.Type(), DataContentType: events.FactsContent,
		DataSchema: p.Type().Schema(), Subject: subject, Time: events.At(time.Now()), Hub: testHub.Origin(), Sequence: l.sequence[by].String(),
		CorrelationID: referral, CausationID: events.EventID(id), TraceParent: exchange.TraceParent(l.t.Context()), Data: data,
	}
	switch {
	case p.Type().IsControl():
		l.sequence[by]--
		e.Sequence, e.CorrelationID = "", e.ID
	case p.Type() == events.TypeReferralRequested || p.Type() == events.TypeWitnessReset || p.Type() == events.TypeDirectoryFounded || directory.Changes(p.Type()):
		e.CorrelationID = e.ID
	case referral == "":
		e.CorrelationID = events.EventID(subject)
	}
	e, err = key.Sign(e)
	l.must(err)
	return e
}

// says is what the police say.
func (l *aLog) says(of events.CaseID, referral events.ReferralID, p events.Payload) events.Event {
	return l.event(testSender, l.sender, string(of), referral, p)
}

// delivers admits an event and delivers it under the next number.
func (l *aLog) delivers(e events.Event) exchange.Message { return l.delivery(e, tlog.KindEvent) }

// receipts admits the agency's own event.
func (l *aLog) receipts(e events.Event) exchange.Message { return l.delivery(e, tlog.KindReceipt) }

// refuses refuses the agency's own submission.
func (l *aLog) refuses(e events.Event, rule events.Rule) exchange.Message {
	l.t.Helper()
	d := tlog.Delivery{Kind: tlog.KindRefusal, ID: e.ID, Sequence: e.Sequence, Reason: "not like this"}
	_, _ = rand.Read(d.DigestSalt[:])
	return l.append(tlog.Entry{
		Verdict: tlog.Refused, Submitter: testAgency, Rule: rule, Case: e.Case(),
		Salted: tlog.SaltedDigest(d.DigestSalt, tlog.SubmissionDigest(e.Attributes(), e.Data)),
	}, d, exchange.Message{})
}

func (l *aLog) delivery(e events.Event, kind tlog.Kind) exchange.Message {
	l.t.Helper()
	m := exchange.Message{}
	if kind == tlog.KindEvent {
		m = exchange.Encode(e)
	}
	return l.append(tlog.Entry{
		Verdict: tlog.Admitted, Submitter: e.Agency(), Profile: testProfile, Clause: "1.1", Semantics: 1,
		Attributes: e.Attributes(), DataDigest: sha256.Sum256(e.Data),
	}, tlog.Delivery{Kind: kind}, m)
}

func (l *aLog) append(entry tlog.Entry, d tlog.Delivery, m exchange.Message) exchange.Message {
	l.t.Helper()
	batch := l.tree.Grow()
	entry.Number, entry.Admitted = batch.Size(), time.Now().UTC().Truncate(time.Microsecond)
	opening, err := tlog.NewOpening(entry, rand.Reader)
	l.must(err)
	batch.Append(opening.LeafHash(), nil)
	l.leaves = append(l.leaves, opening.LeafHash())
	l.number++
	d.Number, d.Recipient, d.Entry, d.Salt, d.EntryBytes = l.number, cmp.Or(l.to, testAgency), entry.Number, opening.Salt, opening.Entry
	d.Proof, err = batch.Prove(entry.Number)
	l.must(err)
	if len(d.Proof) == 0 {
		d.Proof = nil
	}
	d.Checkpoint, err = tlog.Checkpoint{Origin: testHub.Origin(), Size: batch.Size(), Root: batch.Root()}.Sign(l.signer)
	l.must(err)
	l.tree = batch.Tree()
	return l.sign(d, m)
}

func (l *aLog) sign(d tlog.Delivery, m exchange.Message) exchange.Message {
	l.t.Helper()
	d, err := d.Sign(testHub, l.statement)
	l.must(err)
	header, err := d.Header()
	l.must(err)
	return m.WithDelivery(header)
}

// testDesk leaves everything to people.
type testDesk struct{}

func (testDesk) Intakes() []Intake { return nil }

func (testDesk) Ask(could []Provider, _ *events.ReferralRequested) []events.AgencyID { return nil }

func (testDesk) First(waiting []Waiting) []Waiting { return waiting }

func (testDesk) Answers(Waiting, time.Time) []events.Payload { return nil }

func justNow() events.Said {
	now := events.At(time.Now())
	return events.Said{Happened: now, Recorded: now, Channel: events.InPerson}
}

func newCaseID(t *testing.T) events.CaseID {
	t.Helper()
	id, err := events.NewUUID(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return events.CaseID(id)
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func contains(t *testing.T, path, text string) bool {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(all), text)
}
