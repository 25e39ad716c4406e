package conform_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/conform"
	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// vendor is somebody who writes a system for an agency, with a key of their own.
type vendor struct {
	t   *testing.T
	key seal.SigningKey
	j   *conform.Judge
	n   int
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	key, err := seal.NewSigningKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	must(t, err)
	v := &vendor{t: t, key: key}
	v.j, err = conform.New(conform.Options{Agency: "sampletown-police", Keys: []events.PublicKey{key.Public()}, From: 1, Now: at("2026-11-22T10:00:00Z")})
	must(t, err)
	return v
}

func at(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text) // a mistake shows as the year 1
	return t
}

// event is the example of a type under a new id, with the next number, changed and
// signed.
func (v *vendor) event(t events.Type, change func(*events.Event)) events.Event {
	v.t.Helper()
	x, err := conform.ExampleOf(t, rand.Reader)
	must(v.t, err)
	v.n++
	e := x.Event
	own := e.CorrelationID == e.ID
	if !t.Sealed() {
		e.ID = events.EventID(fmt.Sprintf("01936a00-0000-7000-8000-1%011d", v.n))
		e.CausationID = e.ID
		if own {
			e.CorrelationID = e.ID
		}
	}
	if e.Sequence != "" {
		e.Sequence = events.Sequence(v.n).String()
	}
	if change != nil {
		change(&e)
	}
	signed, err := v.key.Sign(e)
	must(v.t, err)
	return signed
}

// finds judges a message and compares the rules and places, in order.
func (v *vendor) finds(m exchange.Message, want ...string) conform.Report {
	v.t.Helper()
	r := v.j.Message("message", m)
	got := []string{}
	for _, f := range r.Findings {
		got = append(got, strings.TrimSpace(string(f.Rule)+" "+f.Pointer))
		if f.Reason == "" {
			v.t.Errorf("%s says nothing", f.Rule)
		}
	}
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		v.t.Errorf("found\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return r
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	v := newVendor(t)
	m := exchange.Encode(v.event(events.TypeCaseOpened, nil))
	m.Header["ce-time"] = []string{"2026-11-22T09:30:00.000Z"} // what a common library writes
	m.Header["ce-id"] = []string{"6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
	m.Header["ce-tracestate"] = []string{"vendor=1"}
	m.Header["ce-hub"] = []string{"handrail/otherland"}
	m.Header["ce-subject"] = []string{"Person%20Name"}
	delete(m.Header, "ce-traceparent")
	m.Data = []byte(`{"happened":"2026-11-22T09:00:00Z","recorded":"yesterday","age":"forty","name":"somebody"}`)
	r := v.finds(m,
		"attribute-unknown attribute tracestate", "attribute-missing attribute traceparent",
		"attribute-syntax attribute id", "attribute-syntax attribute subject", "attribute-syntax attribute time", "hub-mismatch attribute hub",
		"data-code /age", "data-malformed /channel", "data-malformed /name", "data-code /recorded",
	)
	if len(r.NotJudged) == 0 {
		t.Error("that the signature was not judged is not told")
	}
	for _, f := range r.Findings {
		for _, sent := range []string{"somebody", "forty", "yesterday", "Person", "6f9619ff"} {
			if strings.Contains(f.Reason+f.Pointer, sent) {
				t.Errorf("a finding repeats what was sent: %+v", f)
			}
		}
	}
}

func TestASignatureTellsWhichPartDiffers(t *testing.T) {
	v := newVendor(t)
	e := v.event(events.TypeCaseOpened, nil)
	changed := exchange.Encode(e)
	changed.Data = append(changed.Data, ' ')
	if r := v.finds(changed, "signature-invalid attribute dssematerial"); !strings.Contains(r.Findings[0].Reason, "core differs") {
		t.Errorf("changed data: %s", r.Findings[0].Reason)
	}
	v = newVendor(t)
	e = v.event(events.TypeCaseOpened, nil)
	m := exchange.Encode(e)
	m.Header["ce-traceparent"] = []string{"00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01"}
	if r := v.finds(m, "signature-invalid attribute dssematerial"); !strings.Contains(r.Findings[0].Reason, "ext differs") {
		t.Errorf("a changed extension: %s", r.Findings[0].Reason)
	}
	v = newVendor(t)
	v.key, _ = seal.NewSigningKey(rand.Reader)
	v.finds(exchange.Encode(v.event(events.TypeCaseOpened, nil)), "key-unknown attribute dssematerial")
}

func TestMessagesAreJudgedByThoseBeforeThem(t *testing.T) {
	v := newVendor(t)
	first := v.event(events.TypeCaseOpened, nil)
	v.finds(exchange.Encode(first))
	v.finds(exchange.Encode(first)) // sent again, the same: the hub gives its first answer again
	v.finds(exchange.Encode(v.event(events.TypeRightsInformed, nil)))
	v.finds(exchange.Encode(v.event(events.TypeRiskAssessed, func(e *events.Event) { e.Sequence = events.Sequence(5).String() })), "sequence-gap attribute sequence")
	v.finds(exchange.Encode(v.event(events.TypeRiskAssessed, func(e *events.Event) { e.Sequence = events.Sequence(2).String() })), "sequence-reused attribute sequence")
	v.finds(exchange.Encode(v.event(events.TypeRiskAssessed, func(e *events.Event) {
		e.ID, e.CausationID, e.Sequence = first.ID, first.ID, events.Sequence(6).String()
	})), "id-reused attribute id")
	v.finds(exchange.Encode(v.event(events.TypeControlPosition, nil)))
	v.finds(exchange.Encode(v.event(events.TypeControlPosition, nil)), "control-stale attribute time")
}

func TestWhoSpeaksAboutWhatIsJudged(t *testing.T) {
	signedAt := func(text string) func(*events.Event) {
		return func(e *events.Event) { e.Time = events.At(at(text)) }
	}
	for _, c := range []struct {
		of     events.Type
		change func(*events.Event)
		want   []string
	}{
		{events.TypeCaseOpened, func(e *events.Event) { e.Source = events.Source("sampleland", "lighthouse-shelter") }, []string{"source-mismatch attribute source"}},
		{events.TypeRecordReleased, nil, []string{"power attribute type", "source-mismatch attribute source"}},
		{events.TypeReferralAccepted, func(e *events.Event) { e.CorrelationID = events.EventID(e.Subject) }, []string{"correlation attribute correlationid"}},
		{events.TypeCaseOpened, func(e *events.Event) { e.CorrelationID = e.ID }, []string{"correlation attribute correlationid"}},
		{events.TypeCaseOpened, signedAt("2026-11-22T10:06:00Z"), []string{"time-ahead attribute time"}},
		{events.TypeCaseOpened, signedAt("2026-11-22T09:14:59Z"), []string{"times-order /recorded"}},
	} {
		v := newVendor(t)
		v.finds(exchange.Encode(v.event(c.of, c.change)), c.want...)
	}
}

func TestARecordsHeaderIsJudgedAgainstItsEvent(t *testing.T) {
	v := newVendor(t)
	v.finds(exchange.Encode(v.event(events.TypeRecordSealed, nil)))
	v.finds(exchange.Encode(v.event(events.TypeRecordSealed, func(e *events.Event) {
		e.ID = "01936a00-0000-7000-8000-0000000000aa"
		e.CausationID, e.Subject = e.ID, "01936a00-0000-7000-8000-0000000000bb"
	})), "record-header", "record-header header id", "record-header header case")
	v.finds(exchange.Encode(v.event(events.TypeRecordSealed, func(e *events.Event) {
		e.ID, e.Data = "01936a00-0000-7000-8000-0000000000cc", []byte("not.a.record")
		e.CausationID = e.ID
	})), "record-header")
}

// The list of types that belong to a referral is the memorandum's.
func TestWhatBelongsToAReferralIsAsTheMemorandumSays(t *testing.T) {
	profile, err := mou.LoadProfile("model@1")
	must(t, err)
	for _, term := range (&mou.Memorandum{Profile: profile}).Terms() {
		j, err := conform.New(conform.Options{})
		must(t, err)
		x, err := conform.ExampleOf(term.Event, rand.Reader)
		must(t, err)
		m := x.Message()
		m.Header["ce-correlationid"] = m.Header["ce-subject"]
		refused := slices.ContainsFunc(j.Message("it", m).Findings, func(f conform.Finding) bool { return f.Rule == mou.RuleCorrelation })
		of := slices.ContainsFunc(term.Requires, func(r events.Rule) bool {
			return r == mou.RuleReferralUnknown || r == mou.RuleRecordUnknown
		}) || term.Event == events.TypeReferralRequested
		if refused != of {
			t.Errorf("%s correlated with its case: refused %v, the memorandum says %v", term.Event.Name(), refused, of)
		}
	}
}
