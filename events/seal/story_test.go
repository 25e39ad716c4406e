package seal_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/seal"
)

// The parties of every test here: a police district that refers a person to a
// shelter, and another shelter that was asked too.
const (
	origin   = "handrail/sampleland"
	theCase  = events.CaseID("01936a00-0000-7000-8000-00000000ca5e")
	referral = events.ReferralID("01936a00-0000-7000-8000-000000000001")
	recordID = events.EventID("01936a00-0000-7000-8000-000000000002")
	// witness is the shelter's key for cosignatures; contracts/tlog makes and tests such keys.
	witness = "handrail/sampleland/lighthouse-shelter+e6b9a6a1+BLb7fEvItJzdSgAbmH+2tnwizdAWhz7b17kc5jrKkNVk"
)

var signedAt = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// seeded gives the same bytes for the same name on every run.
func seeded(name string) *rand.ChaCha8 {
	var seed [32]byte
	copy(seed[:], name)
	return rand.NewChaCha8(seed)
}

func signingKey(t testing.TB, name string) seal.SigningKey {
	t.Helper()
	key, err := seal.NewSigningKey(seeded("signing " + name))
	must(t, err)
	return key
}

func sealingKey(t testing.TB, name string) seal.SealingKey {
	t.Helper()
	key, err := seal.NewSealingKey(seeded("sealing " + name))
	must(t, err)
	return key
}

// envelope is an event of the police about the case, complete but for its data
// and signature.
func envelope(t events.Type, id events.EventID) events.Event {
	return events.Event{
		ID: id, Source: events.Source("sampleland", "sampletown-police"), Type: t,
		DataContentType: events.FactsContent, DataSchema: t.Schema(), Subject: string(theCase), Time: events.At(signedAt),
		Hub: origin, Sequence: events.Sequence(7).String(), CorrelationID: referral, CausationID: referral,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

func acknowledged() events.Event {
	e := envelope(events.TypeReferralAcknowledged, "01936a00-0000-7000-8000-000000000003")
	e.Data = []byte(`{"happened":"2026-11-22T09:00:00Z","recorded":"2026-11-22T09:15:00Z","channel":"telephone"}`)
	return e
}

func header() events.RecordHeader {
	return events.RecordHeader{
		Source: events.Source("sampleland", "sampletown-police"), ID: recordID, To: "lighthouse-shelter",
		Case: theCase, Referral: referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionContact,
	}
}

// questionHeader is the header of a question, or of an answer, about the referral.
func questionHeader(t events.Type) events.RecordHeader {
	h := header()
	h.Type, h.Section = t, events.SectionQuestion
	return h
}

// question is what is asked or answered before the shelter decides.
const question = `{"text":"Can she climb stairs?"}`

// section is what the police tell the shelter about how to reach the person.
const section = `{"handle":"the blue door","safe":["evening"],"note":"ask for Ana B."}`

func sealed(t testing.TB, to seal.SealingKey, h events.RecordHeader) (jwe []byte, plaincommit string) {
	t.Helper()
	jwe, plaincommit, err := seal.Seal(to.Public(), h, []byte(section), seeded("salt"))
	must(t, err)
	return jwe, plaincommit
}

// sealedEvent is a signed record.sealed event.
func sealedEvent(t testing.TB) events.Event {
	t.Helper()
	e := envelope(events.TypeRecordSealed, recordID)
	e.DataContentType = events.SealedContent
	e.Data, e.PlainCommit = sealed(t, sealingKey(t, "shelter"), header())
	e, err := signingKey(t, "police").Sign(e)
	must(t, err)
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that err is a violation of rule.
func refused(t testing.TB, err error, rule events.Rule) {
	t.Helper()
	if v, ok := errors.AsType[*events.Violation](err); !ok || v.Rule != rule {
		t.Errorf("got %v, want a refusal by %s", err, rule)
	}
}
