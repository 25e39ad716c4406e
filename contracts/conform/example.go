package conform

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/vectors"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// Example is a message to imitate, signed with the published test key.
type Example struct {
	Event events.Event
	Key   events.PublicKey // of the golden vectors; never put it into a directory
}

// What every example says of itself: nobody, nowhere.
const (
	exampleHub       events.HubID    = "sampleland"
	exampleAgency    events.AgencyID = "sampletown-police"
	exampleRecipient events.AgencyID = "lighthouse-shelter"
	exampleID        events.EventID  = "01936a00-0000-7000-8000-000000000002"
	exampleReferral  events.EventID  = "01936a00-0000-7000-8000-000000000001"
	exampleCase                      = "01936a00-0000-7000-8000-00000000ca5e"
	exampleTime                      = "2026-11-22T09:30:00Z"
	exampleTrace                     = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

// ExampleOf gives a message of type t that breaks no rule. The facts are those of
// the golden vectors; random is used by sealed records alone, whose encryption
// takes its own keys from crypto/rand besides.
func ExampleOf(t events.Type, random io.Reader) (Example, error) {
	e, err := sample(t)
	if err != nil {
		return Example{}, fmt.Errorf("making an example: %w", err)
	}
	if t.Sealed() {
		if err := sealSample(&e, random); err != nil {
			return Example{}, fmt.Errorf("making an example of %s: %w", t.Name(), err)
		}
	}
	key, err := testKey()
	if err != nil {
		return Example{}, fmt.Errorf("making an example: %w", err)
	}
	if e, err = key.Sign(e); err != nil {
		return Example{}, fmt.Errorf("making an example of %s: %w", t.Name(), err)
	}
	return Example{e, key.Public()}, nil
}

// Text is the message in binary mode, as lines: what goes into the headers, an
// empty line, and the data.
func (x Example) Text() []byte {
	var text []byte
	for _, a := range x.Event.Attributes() {
		text = append(text, "ce-"+a.Name+": "+a.Value+"\n"...)
	}
	return append(append(text, '\n'), x.Event.Data...)
}

// JSON is the message in structured mode.
func (x Example) JSON() ([]byte, error) {
	text := []byte{'{'}
	for _, a := range x.Event.Attributes() {
		member, err := json.Marshal(a.Value)
		if err != nil {
			return nil, fmt.Errorf("writing an example: %w", err)
		}
		text = append(append(append(text, `"`+a.Name+`":`...), member...), ',')
	}
	data := x.Event.Data
	if x.Event.Type.Sealed() {
		var err error
		if data, err = jsontext.AppendQuote(nil, string(data)); err != nil {
			return nil, fmt.Errorf("writing an example: %w", err)
		}
	}
	return append(append(append(text, `"data":`...), data...), '}'), nil
}

// Message is the example as it stands on the wire.
func (x Example) Message() exchange.Message { return exchange.Encode(x.Event) }

// sample is an event of a type with a signature that only looks like one.
func sample(t events.Type) (events.Event, error) {
	if !slices.Contains(events.Types(), t) {
		return events.Event{}, events.Refuse(events.RuleTypeUnknown, "attribute type", "the catalogue has no event of this type")
	}
	at, err := events.ParseTime(exampleTime)
	if err != nil {
		return events.Event{}, err
	}
	e := events.Event{
		ID: exampleID, Source: events.Source(exampleHub, exampleAgency), Type: t, DataContentType: events.FactsContent, DataSchema: t.Schema(),
		Subject: exampleCase, Time: at, Hub: exampleHub.Origin(), Sequence: events.Sequence(1).String(),
		CorrelationID: events.EventID(exampleCase), CausationID: exampleID, TraceParent: exampleTrace, DSSEMaterial: "AAAAAAAAAAAAAAAAAAAAAAAA",
	}
	if t.HubOnly() {
		e.Source = events.Source(exampleHub, events.HubAgency)
	}
	if t.Sealed() {
		e.DataContentType, e.PlainCommit = events.SealedContent, hex.EncodeToString(make([]byte, 32))
	} else if e.Data, err = factsOf(t); err != nil {
		return events.Event{}, err
	}
	if t.IsControl() {
		e.Sequence = ""
	}
	return aboutSomething(e)
}

// aboutSomething gives the sample the subject and correlation that its type has.
func aboutSomething(e events.Event) (events.Event, error) {
	var refused *events.Violation
	for _, subject := range []string{exampleCase, string(e.Agency()), string(exampleAgency), string(events.HubAgency)} {
		e.Subject = subject
		_, err := events.Parse(e.Attributes(), e.Data)
		if err == nil {
			switch {
			case e.Case() == "" || e.Type == events.TypeReferralRequested:
				e.CorrelationID = e.ID
			case ofReferral(e.Type) || byHub(e.Type):
				e.CorrelationID = exampleReferral
			}
			return e, nil
		}
		if !errors.As(err, &refused) || refused.Pointer != "attribute subject" {
			return e, err
		}
	}
	return e, refused
}

// factsOf is the first data of a type that the golden vectors accept.
func factsOf(t events.Type) ([]byte, error) {
	text, err := vectors.File("facts.json")
	if err != nil {
		return nil, err
	}
	var published struct {
		Vectors []struct {
			Input struct {
				Type events.Type `json:"type"`
				Data string      `json:"data"`
			} `json:"input"`
			Refused jsontext.Value `json:"refused"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(text, &published); err != nil {
		return nil, fmt.Errorf("reading the vectors of facts: %w", err)
	}
	for _, v := range published.Vectors {
		if v.Input.Type == t && v.Refused == nil {
			return []byte(v.Input.Data), nil
		}
	}
	return nil, fmt.Errorf("no golden vector shows the facts of %s", t.Name())
}

func testKey() (seal.SigningKey, error) {
	text, err := vectors.File("signature.json")
	if err != nil {
		return seal.SigningKey{}, err
	}
	var published struct {
		Given struct {
			Key struct {
				Seed string `json:"seed_hex"`
			} `json:"key"`
		} `json:"given"`
	}
	if err := json.Unmarshal(text, &published); err != nil {
		return seal.SigningKey{}, fmt.Errorf("reading the vectors' test key: %w", err)
	}
	seed, err := hex.DecodeString(published.Given.Key.Seed)
	if err != nil {
		return seal.SigningKey{}, fmt.Errorf("reading the vectors' test key: %w", err)
	}
	return seal.NewSigningKey(bytes.NewReader(seed))
}

func sealSample(e *events.Event, random io.Reader) error {
	recipient, err := seal.NewSealingKey(random)
	if err != nil {
		return err
	}
	section := events.SectionContact
	if e.Type != events.TypeRecordSealed {
		section = events.SectionQuestion
	}
	e.Data, e.PlainCommit, err = seal.Seal(recipient.Public(), events.RecordHeader{
		Source: e.Source, ID: e.ID, To: exampleRecipient, Case: events.CaseID(e.Subject), Referral: e.CorrelationID,
		Purpose: events.PurposeAccommodation, Type: e.Type, Section: section,
	}, []byte(`{"invented":"nobody"}`), random)
	return err
}
