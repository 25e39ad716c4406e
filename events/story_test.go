package events_test

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/seal"
)

const (
	theCase  = "01936a00-0000-7000-8000-00000000ca5e"
	referral = "01936a00-0000-7000-8000-000000000001"
	eventID  = "01936a00-0000-7000-8000-000000000002"
	recordID = "01936a00-0000-7000-8000-000000000003"
	// marker is planted where content from outside stands; no error may repeat it.
	marker = "AnaMarkerovic"
)

var signedAt = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that err is a violation of rule at pointer, and repeats
// nothing of what was sent.
func refused(t testing.TB, err error, rule events.Rule, pointer string) {
	t.Helper()
	v, ok := errors.AsType[*events.Violation](err)
	if !ok || v.Rule != rule || v.Pointer != pointer {
		t.Errorf("got %v, want a refusal by %s at %q", err, rule, pointer)
	}
	if err != nil && strings.Contains(err.Error(), marker) {
		t.Error("the refusal repeats what was sent")
	}
}

func signingKey(t testing.TB) seal.SigningKey {
	t.Helper()
	key, err := seal.NewSigningKey(rand.NewChaCha8([32]byte{1}))
	must(t, err)
	return key
}

// signed is a well-formed, signed event of a type about the case, with the
// example of its payload.
func signed(t testing.TB, of events.Type) events.Event {
	t.Helper()
	e := events.Event{
		ID: eventID, Source: events.Source("sampleland", "sampletown-police"), Type: of,
		DataContentType: events.FactsContent, DataSchema: of.Schema(), Subject: theCase, Time: events.At(signedAt),
		Hub: "handrail/sampleland", Sequence: events.Sequence(7).String(), CorrelationID: referral, CausationID: referral,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: []byte(examples()[of]),
	}
	switch {
	case of == events.TypeRecordSealed:
		e.DataContentType, e.PlainCommit, e.Data = events.SealedContent, strings.Repeat("0a", 32), []byte("a.b.c.d.e")
	case of.IsControl():
		e.Sequence, e.Subject, e.CorrelationID, e.CausationID = "", "sampletown-police", e.ID, e.ID
	case of == events.TypeDirectoryFounded:
		e.Subject = "hub"
	}
	e, err := signingKey(t).Sign(e)
	must(t, err)
	return e
}

const said = `"happened":"2026-11-22T09:00:00Z","recorded":"2026-11-22T09:15:00Z","channel":"in-person"`

// examples has one full payload, every optional member included, for every type
// that carries facts, in the form in which we encode it.
func examples() map[events.Type]string {
	key, proof := base64.StdEncoding.EncodeToString(make([]byte, 32)), base64.StdEncoding.EncodeToString(make([]byte, 64))
	point := base64.StdEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
	listing := func(agency, kind string) string {
		return `{"agency":"` + agency + `","kind":"` + kind + `","signing":"` + key + `","sealing":"` + point + `","proof":"` + proof + `"}`
	}
	class := `"recipient":{"class":"shelter","except":["other-shelter"]},"purpose":"accommodation"`
	return map[events.Type]string{
		events.TypeDirectoryFounded: `{"log":"handrail/sampleland+0123abcd+` + strings.Repeat("A", 44) + `","signing":"` + key + `","profile":"uk@1","agencies":[` +
			listing("sampletown-police", "police") + `,` + listing("lighthouse-shelter", "shelter") + `]}`,
		events.TypeCaseOpened:     `{` + said + `,"age":"unsure"}`,
		events.TypeCaseClosed:     `{` + said + `,"reason":"completed"}`,
		events.TypeRightsInformed: `{` + said + `,"language":"ron","interpreter":"independent"}`,
		events.TypeRiskAssessed:   `{` + said + `,"with_person":true,"safety":["pursued","tracked-phone"]}`,
		events.TypeConsentGiven: `{` + said + `,` + class + `,"sections":["identity","contact"],"expires":"2027-02-22T00:00:00Z",` +
			`"by":"person","capacity":"clear","language":"ron","interpreter":"independent","present":["person-alone","interpreter"]}`,
		events.TypeConsentRefused:   `{` + said + `,"recipient":{"agency":"sampletown-police"},"purpose":"investigation"}`,
		events.TypeConsentWithdrawn: `{` + said + `,` + class + `}`,
		events.TypeNoticeSent:       `{` + said + `,"to":"sampleland-coordination","age":"adult","region":"GB-ENG"}`,
		events.TypeReferralRequested: `{` + said + `,"to":["lighthouse-shelter"],"purpose":"accommodation","sections":["contact"],"needs":["emergency-shelter"],"urgency":"tonight",` +
			`"region":"GB-ENG","age":"adult","sex":"woman","children":{"0-8":1,"9-17":2},"language":"ron","access":["step-free"],"safety":["pursued"]}`,
		events.TypeReferralAcknowledged: `{` + said + `}`,
		events.TypeReferralAccepted:     `{` + said + `}`,
		events.TypeReferralDeclined:     `{` + said + `,"reason":"full"}`,
		events.TypeReferralWithdrawn:    `{` + said + `,"reason":"person-declined"}`,
		events.TypeReferralFeedback:     `{` + said + `,"outcome":"completed"}`,
		events.TypeHandoverArranged:     `{` + said + `,"planned":"2026-11-22T20:00:00Z"}`,
		events.TypeHandoverCompleted:    `{` + said + `}`,
		events.TypeHandoverFailed:       `{` + said + `,"reason":"not-reached"}`,
		events.TypeServiceStarted:       `{` + said + `,"need":"safe-accommodation"}`,
		events.TypeServiceEnded:         `{` + said + `,"need":"safe-accommodation","reason":"completed"}`,
		events.TypeRecordReleased:       `{` + said + `,"record":"` + recordID + `","to":"lighthouse-shelter"}`,
		events.TypeRecordErased:         `{` + said + `,"record":"` + recordID + `","reason":"withdrawn"}`,
		events.TypeRecordDisputed:       `{` + said + `,"record":"` + recordID + `"}`,
		events.TypeErasureConfirmed:     `{` + said + `,"answer":"kept","ground":"court-order","until":"2027-11-22T00:00:00Z"}`,
		events.TypeControlPosition:      `{"position":41,"resume":true}`,
		events.TypeControlHead:          `{"delivered":42}`,
		events.TypeControlResend:        `{"key":"` + strings.Repeat("0a", 32) + `","sequence":7}`,
	}
}
