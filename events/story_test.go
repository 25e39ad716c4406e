package events_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/seal"
)

const (
	theCase    = "01936a00-0000-7000-8000-00000000ca5e"
	linkedCase = "01936a00-0000-7000-8000-0000ca5e0002"
	referral   = "01936a00-0000-7000-8000-000000000001"
	eventID    = "01936a00-0000-7000-8000-000000000002"
	recordID   = "01936a00-0000-7000-8000-000000000003"
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
	case of.Sealed():
		e.DataContentType, e.PlainCommit, e.Data = events.SealedContent, strings.Repeat("0a", 32), []byte("a.b.c.d.e")
	case of.IsControl():
		e.Sequence, e.Subject, e.CorrelationID, e.CausationID = "", "sampletown-police", e.ID, e.ID
	case e.Case() == "":
		e.Subject, e.CorrelationID, e.CausationID = "sampletown-police", e.ID, e.ID
	}
	if other := map[events.Type]string{
		events.TypeDirectoryFounded: "hub", events.TypeRetentionEnded: "hub", events.TypeDirectoryListed: "farland-mission", events.TypeTrailRead: "sampleland-audit",
	}[of]; other != "" {
		e.Subject = other
	}
	e, err := signingKey(t).Sign(e)
	must(t, err)
	return e
}

const said = `"happened":"2026-11-22T09:00:00Z","recorded":"2026-11-22T09:15:00Z","channel":"in-person"`
