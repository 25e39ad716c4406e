package agencytest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	_ "modernc.org/sqlite" // to read what the agency said from its journal

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
)

// At lets the log admit at another time than now, for what is late.
func (l *Log) At(clock func() time.Time) { l.clock = clock }

// Now says that something happened, and was recorded, now and in person.
func (l *Log) Now() events.Said {
	now := events.At(l.clock())
	return events.Said{Happened: now, Recorded: now, Channel: events.InPerson}
}

// NewCase gives a new case id.
func (l *Log) NewCase() events.CaseID { return events.CaseID(l.newID()) }

func (l *Log) newID() string {
	l.t.Helper()
	id, err := events.NewUUID(l.clock(), rand.Reader)
	l.must(err)
	return id
}

// Says is what a member says about a case, or with an empty one about itself: it is
// admitted and delivered.
func (l *Log) Says(by events.AgencyID, of events.CaseID, referral events.ReferralID, p events.Payload) events.Event {
	l.t.Helper()
	e := l.Speaks(by, of, referral, p)
	l.Deliver(e)
	return e
}

// Speaks is Says without the log: nobody has it yet.
func (l *Log) Speaks(by events.AgencyID, of events.CaseID, referral events.ReferralID, p events.Payload) events.Event {
	l.t.Helper()
	subject := string(of)
	if subject == "" {
		subject = string(by)
	}
	return l.event(by, subject, referral, p)
}

// event is something that somebody says.
func (l *Log) event(by events.AgencyID, subject string, referral events.ReferralID, p events.Payload) events.Event {
	l.t.Helper()
	data, err := events.Encode(p)
	l.must(err)
	e := l.draft(by, p.Type(), subject, referral)
	e.DataContentType, e.Data = events.FactsContent, data
	return l.signed(by, e)
}

func (l *Log) draft(by events.AgencyID, t events.Type, subject string, referral events.ReferralID) events.Event {
	id := events.EventID(l.newID())
	e := events.Event{
		ID: id, Source: events.Source(Hub, by), Type: t, DataSchema: t.Schema(), Subject: subject, Time: events.At(l.clock()), Hub: Hub.Origin(),
		CorrelationID: referral, CausationID: id, TraceParent: exchange.TraceParent(l.t.Context()),
	}
	switch {
	case t == events.TypeReferralRequested || t == events.TypeDirectoryFounded || t == events.TypeCapacityPublished || directory.Changes(t):
		e.CorrelationID = e.ID
	case referral == "":
		e.CorrelationID = events.EventID(subject)
	}
	return e
}

func (l *Log) signed(by events.AgencyID, e events.Event) events.Event {
	l.t.Helper()
	m := l.members[by]
	m.last++
	e.Sequence = m.last.String()
	e, err := m.signing.Sign(e)
	l.must(err)
	return e
}

// Seals is a record, a question or an answer that a member seals to the agency: it is
// admitted and delivered. Text is the section's JSON.
func (l *Log) Seals(by events.AgencyID, t events.Type, of events.CaseID, referral events.ReferralID, purpose events.Purpose, section events.Section, text string) events.Event {
	l.t.Helper()
	own := l.members[Own].sealing
	key, err := seal.SealingKeyID(own.Public())
	l.must(err)
	e := l.draft(by, t, string(of), referral)
	e.CausationID = referral
	header := events.RecordHeader{
		KeyID: key, Source: e.Source, ID: e.ID, To: Own, Case: of, Referral: referral, Purpose: purpose, Type: t, Section: section,
	}
	e.DataContentType = events.SealedContent
	e.Data, e.PlainCommit, err = seal.Seal(own.Public(), header, []byte(text), rand.Reader)
	l.must(err)
	e = l.signed(by, e)
	l.Deliver(e)
	return e
}

// Releases is the hub's word that a record may be opened.
func (l *Log) Releases(record events.Event) {
	l.t.Helper()
	l.Says(events.HubAgency, record.Case(), record.CorrelationID, &events.RecordReleased{Said: l.Now(), Record: record.ID, To: Own})
}

// Deliver admits an event and delivers it.
func (l *Log) Deliver(e events.Event) {
	l.t.Helper()
	l.queue(l.admit(e, tlog.KindEvent, exchange.Encode(e)))
}

// DeliverSpoilt admits an event and delivers a copy that does not verify. Mend
// delivers a good one.
func (l *Log) DeliverSpoilt(e events.Event) (mend func()) {
	l.t.Helper()
	good := l.admit(e, tlog.KindEvent, exchange.Encode(e))
	spoilt := good
	spoilt.Data = append(bytes.Clone(good.Data), ' ')
	l.queue(spoilt)
	return func() { l.queue(good) }
}

// Admit answers everything that the agency said with receipts.
func (l *Log) Admit(a *agency.Agency) {
	l.t.Helper()
	if l.agency != a {
		l.t.Fatal("the log delivers to another agency")
	}
	for _, e := range l.Unanswered() {
		l.Receipt(e)
	}
}

// Receipt answers something that the agency said with a receipt.
func (l *Log) Receipt(e events.Event) {
	l.t.Helper()
	l.queue(l.admit(e, tlog.KindReceipt, exchange.Message{}))
}

// Refuse answers something that the agency said with a refusal.
func (l *Log) Refuse(e events.Event, rule events.Rule) {
	l.t.Helper()
	d := tlog.Delivery{Kind: tlog.KindRefusal, ID: e.ID, Sequence: e.Sequence, Reason: "not like this"}
	_, _ = rand.Read(d.DigestSalt[:])
	l.queue(l.append(tlog.Entry{
		Verdict: tlog.Refused, Submitter: Own, Rule: rule, Case: e.Case(),
		Salted: tlog.SaltedDigest(d.DigestSalt, tlog.SubmissionDigest(e.Attributes(), e.Data)),
	}, d, exchange.Message{}))
}

// Unanswered is what waits in the agency's outbox, oldest first.
func (l *Log) Unanswered() (all []events.Event) {
	l.t.Helper()
	journal, err := sql.Open("sqlite", "file:"+filepath.Join(l.dir, "journal.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	l.must(err)
	defer func() { _ = journal.Close() }() // only read
	rows, err := journal.QueryContext(l.t.Context(), `SELECT attributes, data FROM outbox WHERE answered IS NULL ORDER BY position`)
	l.must(err)
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	for rows.Next() {
		var attributes string
		var data []byte
		l.must(rows.Scan(&attributes, &data))
		var list []events.Attribute
		l.must(json.Unmarshal([]byte(attributes), &list))
		e, err := events.Parse(list, data)
		l.must(err)
		all = append(all, e)
	}
	l.must(rows.Err())
	return all
}

// admit gives an event's delivery, with its proof and a checkpoint.
func (l *Log) admit(e events.Event, kind tlog.Kind, m exchange.Message) exchange.Message {
	l.t.Helper()
	return l.append(tlog.Entry{
		Verdict: tlog.Admitted, Submitter: e.Agency(), Profile: l.profile,
		Clause: "1.1", Semantics: 1, Attributes: e.Attributes(), DataDigest: sha256.Sum256(e.Data),
	}, tlog.Delivery{Kind: kind}, m)
}

func (l *Log) append(entry tlog.Entry, d tlog.Delivery, m exchange.Message) exchange.Message {
	l.t.Helper()
	batch := l.tree.Grow()
	entry.Number, entry.Admitted = batch.Size(), l.clock().UTC().Truncate(time.Microsecond)
	opening, err := tlog.NewOpening(entry, rand.Reader)
	l.must(err)
	batch.Append(opening.LeafHash(), nil)
	l.delivered++
	d.Number, d.Recipient, d.Entry, d.Salt, d.EntryBytes = l.delivered, Own, entry.Number, opening.Salt, opening.Entry
	d.Proof, err = batch.Prove(entry.Number)
	l.must(err)
	if len(d.Proof) == 0 {
		d.Proof = nil
	}
	d.Checkpoint, err = tlog.Checkpoint{Origin: Hub.Origin(), Size: batch.Size(), Root: batch.Root()}.Sign(l.signer)
	l.must(err)
	l.tree = batch.Tree()
	d, err = d.Sign(Hub, l.statement)
	l.must(err)
	header, err := d.Header()
	l.must(err)
	return m.WithDelivery(header)
}

func (l *Log) queue(m exchange.Message) {
	l.t.Helper()
	l.waiting = append(l.waiting, m)
	l.flush()
}
