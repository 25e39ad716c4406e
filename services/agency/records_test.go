package agency

import (
	"crypto/rand"
	"database/sql"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// sealed is a record of the police for the shelter; spoil may change its
// commitment before it is signed.
func (l *aLog) sealed(of events.CaseID, referral events.ReferralID, section string, spoil func(string) string) events.Event {
	l.t.Helper()
	return l.sealedAs(events.TypeRecordSealed, events.SectionIdentity, of, referral, section, spoil)
}

// sealedAs is any kind of sealed statement.
func (l *aLog) sealedAs(as events.Type, named events.Section, of events.CaseID, referral events.ReferralID, section string, spoil func(string) string) events.Event {
	l.t.Helper()
	id, err := events.NewUUID(time.Now(), rand.Reader)
	l.must(err)
	kid, err := seal.SealingKeyID(l.own.Public())
	l.must(err)
	header := events.RecordHeader{
		KeyID: kid, Source: events.Source(testHub, testSender), ID: events.EventID(id), To: testAgency, Case: of, Referral: referral,
		Purpose: events.PurposeAccommodation, Type: as, Section: named,
	}
	jwe, commit, err := seal.Seal(l.own.Public(), header, []byte(section), rand.Reader)
	l.must(err)
	l.sequence[testSender]++
	e, err := l.sender.Sign(events.Event{
		ID: header.ID, Source: header.Source, Type: as, DataContentType: events.SealedContent, DataSchema: as.Schema(),
		Subject: string(of), Time: events.At(time.Now()), Hub: testHub.Origin(), Sequence: l.sequence[testSender].String(), CorrelationID: referral,
		CausationID: referral, TraceParent: exchange.TraceParent(l.t.Context()), PlainCommit: spoil(commit), Data: jwe,
	})
	l.must(err)
	return e
}

func (l *aLog) releases(record events.Event) events.Event {
	return l.event(events.HubAgency, l.hub, record.Subject, record.CorrelationID, &events.RecordReleased{Said: justNow(), Record: record.ID, To: testAgency})
}

// accepted brings a referral to the point at which its record may be released.
func (l *aLog) accepted(a *Agency, spoil func(string) string) (events.CaseID, events.ReferralID, events.Event) {
	l.t.Helper()
	of := newCaseID(l.t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	l.admitted(a, Statement{Case: of, Referral: requested.ID, Payload: &events.ReferralAccepted{Said: justNow()}})
	return of, requested.ID, l.sealed(of, requested.ID, `{"first_name":"Robin"}`, spoil)
}

// admitted has the agency say something, and the log admit it.
func (l *aLog) admitted(a *Agency, s Statement) {
	l.t.Helper()
	ids, err := a.Say(l.t.Context(), s)
	l.must(err)
	rows, err := readOutbox(l.t.Context(), a.journal.reader, a.keys, `WHERE id = ?`, string(ids[0]))
	l.must(err)
	l.gives(a, l.receipts(rows[0].event))
}

func same(s string) string { return s }

func TestASectionIsReadOnlyWhenReleasedAndEveryReadIsLogged(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, _, record := l.accepted(a, same)
	l.gives(a, l.delivers(record))
	wish := Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent", Reader: "duty-1"}
	_, err := a.Open(t.Context(), wish)
	if rule, _ := ruleAndReason(err); rule != RuleNotReleased {
		t.Errorf("before it was released: %v", err)
	}
	l.gives(a, l.delivers(l.releases(record)))
	section, err := a.Open(t.Context(), wish)
	if err != nil || string(section) != `{"first_name":"Robin"}` {
		t.Errorf("%s %v", section, err)
	}
	reads, err := a.ReadLog(t.Context())
	if err != nil || len(reads) != 1 || reads[0].Record != record.ID || reads[0].Section != events.SectionIdentity {
		t.Errorf("read log %+v, %v", reads, err)
	}
	wish.Purpose = events.PurposeInvestigation
	if _, err = a.Open(t.Context(), wish); err == nil {
		t.Error("opened for another purpose")
	}
}

func TestARecordThatIsNotWhatWasCommittedIsDisputedAndNotShown(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, record := l.accepted(a, func(c string) string {
		if c[0] == '0' {
			return "1" + c[1:]
		}
		return "0" + c[1:]
	})
	l.gives(a, l.delivers(record), l.delivers(l.releases(record)))
	section, err := a.Open(t.Context(), Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"})
	if rule, _ := ruleAndReason(err); rule != RuleRecordDisputed || section != nil {
		t.Fatalf("%s %v", section, err)
	}
	rows, err := readOutbox(t.Context(), a.journal.reader, a.keys, `WHERE answered IS NULL`)
	l.must(err)
	if len(rows) != 2 || rows[0].event.Type != events.TypeRecordOpened || rows[1].event.Type != events.TypeRecordDisputed || rows[1].event.Referral() != referral {
		t.Errorf("the agency says %d statements", len(rows))
	}
}

func TestWhatWasErasedStaysErasedAlsoWhenItIsDeliveredAgain(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, record := l.accepted(a, same)
	delivery := l.delivers(record)
	l.gives(a, delivery, l.delivers(l.releases(record)), l.delivers(l.says(of, referral, &events.ReferralWithdrawn{Said: justNow(), Reason: "person-declined"})))
	l.admitted(a, Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{Said: justNow(), Answer: events.Erased}})
	d, err := parseDelivery(delivery)
	l.must(err)
	h, err := readDelivery(t.Context(), a.journal.reader, d.Number)
	l.must(err)
	p, err := a.prove(t.Context(), a.journal.reader, a.directory, h)
	if err != nil || !p.erased || len(h.message.Data) != 0 || p.event.ID != record.ID {
		t.Fatalf("the erased row: %+v %v", p, err)
	}
	l.must(a.journal.update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE inbox SET header = '{}' WHERE number = ?`, int64(d.Number))
		return err
	}))
	l.must(a.Close())
	b := l.opened()
	if !b.damaged[d.Number] {
		t.Fatal("a damaged row of an erased record is not noticed")
	}
	l.gives(b, delivery)
	h, err = readDelivery(t.Context(), b.journal.reader, d.Number)
	if err != nil || len(h.message.Data) != 0 || h.erased == nil || len(b.damaged) != 0 {
		t.Errorf("the record came back: %d bytes, %v, damaged %v", len(h.message.Data), err, b.damaged)
	}
}

func TestATombstoneTakesItsNumber(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	l.number++
	l.gives(a, l.sign(tlog.Delivery{Kind: tlog.KindTombstone, Number: l.number, Recipient: testAgency, Entry: 7, Reason: tlog.TombstoneErased}, exchange.Message{}))
	opened, _ := l.refer(newCaseID(t))
	l.gives(a, l.delivers(opened))
	if a.stored != 3 || len(a.alarms.list()) != 0 {
		t.Errorf("stored %d, %+v", a.stored, a.alarms.list())
	}
}

// An answer to a question is a sealed record like any other: read, logged, and
// destroyed when it is erased.
func TestAnAnswerIsReadAndErasedLikeARecord(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, _ := l.accepted(a, same)
	answer := l.sealedAs(events.TypeReferralAnswered, events.SectionQuestion, of, referral, `{"text":"One of them."}`, same)
	delivery := l.delivers(answer)
	l.gives(a, delivery, l.delivers(l.releases(answer)))
	section, err := a.Open(t.Context(), Opening{Case: of, Record: answer.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent", Reader: "duty-1"})
	if err != nil || string(section) != `{"text":"One of them."}` {
		t.Fatalf("%s %v", section, err)
	}
	if sections, err := a.Sections(of); err != nil || len(sections) != 1 || sections[0].Type != "referral.answered" {
		t.Errorf("%+v %v", sections, err)
	}
	l.gives(a, l.delivers(l.says(of, referral, &events.ReferralWithdrawn{Said: justNow(), Reason: "person-declined"})))
	l.admitted(a, Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{Said: justNow(), Answer: events.Erased}})
	d, err := parseDelivery(delivery)
	l.must(err)
	l.must(a.Close())
	b := l.opened()
	h, err := readDelivery(t.Context(), b.journal.reader, d.Number)
	if err != nil || len(h.message.Data) != 0 || h.erased == nil || len(b.damaged) != 0 {
		t.Errorf("after the erasure: %d bytes, %v, damaged %v", len(h.message.Data), err, b.damaged)
	}
	_, err = b.Open(t.Context(), Opening{Case: of, Record: answer.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"})
	if rule, _ := ruleAndReason(err); rule != RuleRecordErased {
		t.Errorf("opening it says %q", rule)
	}
}
