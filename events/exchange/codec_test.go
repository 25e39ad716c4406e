package exchange

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"

	"handrail/events"
)

const (
	theCase  = "01936a00-0000-7000-8000-00000000ca5e"
	referral = events.ReferralID("01936a00-0000-7000-8000-000000000001")

	// fixedRecord is a record sealed once for a key that nobody has, and its plaincommit.
	fixedRecord = "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImNhc2UiOiIwMTkzNmEwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMGNhNWUiLCJlbmMiOiJBMjU2R0NNIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiUk1SbEhjU01ocFg5TXBocTJNTGhvdWdoSG9WN3otWlJKWE9fT3lZQUVBUSIsInkiOiJtazRBSF9sTHRDWnRTMnZtV3dFVm44RFNNM1MzWnVxZ2RrM1REa0s4a1k0In0sImlkIjoiMDE5MzZhMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAyIiwia2lkIjoiNWE4YWE2M2U5NDhmMzNkMjMyMGZhODZhZDU5YTU1M2Q4NThiMjQ2ZTU0NGRjZjM5NjNlYmI4ZmNmMzA5ZTlmYyIsInB1cnBvc2UiOiJhY2NvbW1vZGF0aW9uIiwicmVmZXJyYWwiOiIwMTkzNmEwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJzZWN0aW9uIjoiY29udGFjdCIsInNvdXJjZSI6InVybjpoYW5kcmFpbDpzYW1wbGVsYW5kOmFnZW5jeTpzYW1wbGV0b3duLXBvbGljZSIsInRvIjoibGlnaHRob3VzZS1zaGVsdGVyIiwidHlwZSI6Im9yZy5oYW5kcmFpbC5yZWNvcmQuc2VhbGVkLnYxIn0.dJwgPyhjCI1mPRzeNUZWzawocosuydy6_4eG3QS4e3Igm9FXMXaMWg.T0wMaOWvE5S8fzR3.wuec1TpzcMSZIzwxnEP4u41mf5s6-VlfXrCSg6rQd0fghBjMOly-Na8xmZhfIkSFduzZjXLS2Xd-zY8GVXiQSk9uC-nbe4IQ36i74b5fvMcQhhRKfrF-hIaV10F6zoxqus9qCOwB518rbpGC6bWNP7wR9KcOCkQLpnUmjz0aSibM0eQzYB_n.kC41PPdDns53htgyPEIIFg"
	fixedCommit = "d35b6f6f011676949f78ec82d3ca2a9058a90d603271095f6edab1860a70202a"
)

var signedAt = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// said is an event of an agency about the case, signed with its key.
func said(t testing.TB, by events.AgencyID, of events.Type, id events.EventID, data string) events.Event {
	t.Helper()
	e := events.Event{
		ID: id, Source: events.Source(hubID, by), Type: of, DataContentType: events.FactsContent, DataSchema: of.Schema(),
		Subject: theCase, Time: events.At(signedAt), Hub: hubID.Origin(), Sequence: events.Sequence(7).String(),
		CorrelationID: referral, CausationID: referral, TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Data: []byte(data),
	}
	switch {
	case of.Sealed():
		e.DataContentType, e.PlainCommit = events.SealedContent, fixedCommit
	case of.IsControl():
		e.Subject, e.Sequence, e.CorrelationID, e.CausationID = string(police), "", id, id
	case of == events.TypeDirectoryFounded || of == events.TypeRetentionEnded:
		e.Subject, e.CorrelationID, e.CausationID = string(events.HubAgency), id, id
	case e.Case() == "":
		e.Subject, e.CorrelationID, e.CausationID = string(by), id, id
	}
	return signed(t, by, e)
}

func signed(t testing.TB, by events.AgencyID, e events.Event) events.Event {
	t.Helper()
	e, err := signingKey(t, by).Sign(e)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func acknowledged(t testing.TB) events.Event {
	t.Helper()
	return said(t, shelter, events.TypeReferralAcknowledged, "01936a00-0000-7000-8000-000000000003",
		`{"happened":"2026-11-22T09:00:00Z", "recorded":"2026-11-22T09:15:00Z", "channel":"telephone"}`)
}

func record(t testing.TB) events.Event {
	t.Helper()
	return said(t, police, events.TypeRecordSealed, "01936a00-0000-7000-8000-000000000002", fixedRecord)
}

// structured writes an event in the CloudEvents JSON format, member by member so
// that tests can spoil it.
func structured(e events.Event) string {
	members := []string{}
	for _, a := range e.Attributes() {
		members = append(members, `"`+a.Name+`":"`+a.Value+`"`)
	}
	data := string(e.Data)
	if e.DataContentType == events.SealedContent {
		data = `"` + data + `"`
	}
	return "{" + strings.Join(members, ",") + `,"data":` + data + "}"
}

func structuredMessage(body string) Message {
	return Message{Header: map[string][]string{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}, Data: []byte(body)}
}

// changed is a copy of the message's header with some headers replaced; nil
// takes one away.
func changed(m Message, by map[string][]string) Message {
	header := maps.Clone(m.Header)
	for name, values := range by {
		if header[name] = values; values == nil {
			delete(header, name)
		}
	}
	return Message{Header: header, Data: m.Data}
}

// strictness is one way in which a message is not what the contract asks for.
type strictness struct {
	name, sentence string
	message        Message
	rule           events.Rule // empty: accepted
}

func binaryForms(e events.Event) []strictness {
	m := Encode(e)
	with := func(name string, values ...string) Message { return changed(m, map[string][]string{name: values}) }
	upper := Message{Header: map[string][]string{}, Data: m.Data}
	for name, values := range m.Header {
		upper.Header[strings.ToUpper(name)] = values
	}
	return []strictness{
		{"as encoded", sentenceBinary, m, ""},
		{"names in capitals", sentenceNames, upper, ""},
		{"headers of others", sentenceBinary, changed(m, map[string][]string{"Nats-Expected-Stream": {"IN"}, "X-Other": {"a", "b"}, "Content-Type": {"text/plain"}}), ""},
		{"same name in another case", sentenceNames, with("CE-Id", string(e.ID)), events.RuleAttributeRepeated},
		{"two values", sentenceNames, with("ce-id", string(e.ID), string(e.ID)), events.RuleAttributeRepeated},
		{"empty value", sentenceSyntax, with("ce-id", ""), events.RuleAttributeSyntax},
		{"percent", sentenceSyntax, with("ce-hub", "handrail%2Fsampleland"), events.RuleAttributeSyntax},
		{"percent in another attribute", sentenceSyntax, with("ce-time", "2026-11-22T09%3A30%3A00Z"), events.RuleAttributeSyntax},
		{"quoted", sentenceSyntax, with("ce-hub", `"handrail/sampleland"`), events.RuleAttributeSyntax},
		{"not ASCII", sentenceSyntax, with("ce-hub", "handrail/sampleländ"), events.RuleAttributeSyntax},
		{"line feed", sentenceSyntax, with("ce-hub", "handrail/sampleland\n"), events.RuleAttributeSyntax},
		{"carriage return and a header", sentenceSyntax, with("ce-hub", "handrail/sampleland\r\nce-x: y"), events.RuleAttributeSyntax},
		{"space", sentenceSyntax, with("ce-hub", "handrail/sampleland "), events.RuleAttributeSyntax},
		{"without specversion", sentenceAll, with("ce-specversion"), events.RuleAttributeMissing},
		{"another specversion", sentenceAll, with("ce-specversion", "0.3"), events.RuleAttributeSyntax},
		{"tracestate", sentenceAll, with("ce-tracestate", "vendor=1"), events.RuleAttributeUnknown},
		{"unknown extension", sentenceAll, with("ce-comment", "x"), events.RuleAttributeUnknown},
		{"nameless attribute", sentenceAll, with("ce-", "x"), events.RuleAttributeUnknown},
		{"letter that only folds in Unicode", sentenceAll, with("ce-ſubject", theCase), events.RuleAttributeUnknown},
		{"64 headers", sentenceHeaders, crowded(m, 64), ""},
		{"65 headers", sentenceHeaders, crowded(m, 65), events.RuleEventTooLarge},
		{"no headers at all", sentenceAll, Message{Data: m.Data}, events.RuleAttributeMissing},
	}
}

// crowded is the message with so many headers.
func crowded(m Message, headers int) Message {
	others := map[string][]string{}
	for n := range headers - len(m.Header) {
		others[fmt.Sprintf("x-%02d", n)] = []string{""}
	}
	return changed(m, others)
}

func structuredForms(e, record events.Event) []strictness {
	good := structured(e)
	form := func(body string) Message { return structuredMessage(body) }
	kind := func(values ...string) Message {
		return changed(form(good), map[string][]string{"Content-Type": values})
	}
	swap := func(old, by string) Message { return form(strings.Replace(good, old, by, 1)) }
	encoded := base64.StdEncoding.EncodeToString(e.Data)
	return []strictness{
		{"facts", sentenceRaw, form(good), ""},
		{"sealed record", sentenceRaw, form(structured(record)), ""},
		{"white space is signed as it came", sentenceRaw, swap(`"data":`, `"data" : `), ""},
		{"escapes in a record's string are undone", sentenceRaw, form(strings.Replace(structured(record), `"data":"e`, `"data":"\u0065`, 1)), ""},
		{"content type without format", sentenceStructured, kind("application/cloudevents"), ""},
		{"content type in capitals", sentenceStructured, kind("Application/CloudEvents+JSON;charset=UTF-8"), ""},
		{"another format", sentenceStructured, kind("application/cloudevents+xml"), events.RuleAttributeSyntax},
		{"a batch", sentenceStructured, kind("application/cloudevents-batch+json"), events.RuleAttributeSyntax},
		{"another character set", sentenceStructured, kind("application/cloudevents+json; charset=iso-8859-1"), events.RuleAttributeSyntax},
		{"two content types", sentenceNames, kind("application/cloudevents+json", "text/plain"), events.RuleAttributeRepeated},
		{"attributes as headers too", sentenceStructured, changed(form(good), map[string][]string{"ce-id": {string(e.ID)}}), events.RuleAttributeRepeated},
		{"data_base64", sentenceBase64, swap(`"data":`+string(e.Data), `"data_base64":"`+encoded+`"`), events.RuleDataMalformed},
		{"data and data_base64", sentenceBase64, swap(`"data":`, `"data_base64":"`+encoded+`","data":`), events.RuleDataMalformed},
		{"data_base64 of a record", sentenceBase64, form(strings.Replace(structured(record), `"data":`, `"data_base64":`, 1)), events.RuleDataMalformed},
		{"data_base64 that crashes a common decoder", sentenceBase64, form(`{"data_base64":1,"specversion":"1.0"}`), events.RuleDataMalformed},
		{"a record that is no string", sentenceRaw, form(strings.Replace(structured(record), `"`+string(record.Data)+`"`, `{"ciphertext":"x"}`, 1)), events.RuleDataMalformed},
		{"an attribute twice", sentenceStructured, swap(`{"id":`, `{"id":"01936a00-0000-7000-8000-000000000009","id":`), events.RuleAttributeRepeated},
		{"an attribute twice, once escaped", sentenceStructured, swap(`{"id":`, `{"\u0069d":"01936a00-0000-7000-8000-000000000009","id":`), events.RuleAttributeRepeated},
		{"data twice", sentenceStructured, swap(`"data":`, `"data":{},"data":`), events.RuleAttributeRepeated},
		{"a name twice in the data", sentenceStructured, swap(`"channel":`, `"channel":"in-person","channel":`), events.RuleAttributeRepeated},
		{"an extension in capitals", sentenceAll, swap(`"hub":`, `"HUB":`), events.RuleAttributeUnknown},
		{"an unknown extension", sentenceAll, swap(`{"id":`, `{"comment":"x","id":`), events.RuleAttributeUnknown},
		{"an unknown extension that is an object", sentenceAll, swap(`{"id":`, `{"comment":{"a":[1]},"id":`), events.RuleAttributeUnknown},
		{"an attribute that is a number", sentenceSyntax, swap(`"specversion":"1.0"`, `"specversion":1.0`), events.RuleAttributeSyntax},
		{"an attribute that is null", sentenceSyntax, swap(`"sequence":"`+e.Sequence+`"`, `"sequence":null`), events.RuleAttributeSyntax},
		{"an attribute that is an object", sentenceSyntax, swap(`"hub":"`+e.Hub+`"`, `"hub":{"hub":"x"}`), events.RuleAttributeSyntax},
		{"without specversion", sentenceAll, swap(`"specversion":"1.0",`, ""), events.RuleAttributeMissing},
		{"percent", sentenceSyntax, swap("handrail/sampleland", "handrail%2Fsampleland"), events.RuleAttributeSyntax},
		{"trailing garbage", sentenceStructured, form(good + "x"), events.RuleDataMalformed},
		{"a second event behind", sentenceStructured, form(good + good), events.RuleDataMalformed},
		{"cut off", sentenceStructured, form(good[:len(good)-1]), events.RuleDataMalformed},
		{"an array of events", sentenceStructured, form("[" + good + "]"), events.RuleDataMalformed},
		{"a name that is no string", sentenceStructured, form(`{1:2}`), events.RuleDataMalformed},
		{"nothing", sentenceStructured, form(""), events.RuleDataMalformed},
	}
}

func TestStrictness(t *testing.T) {
	e, r := acknowledged(t), record(t)
	for file, forms := range map[string][]strictness{"codec-binary.json": binaryForms(e), "codec-structured.json": structuredForms(e, r)} {
		t.Run(file, func(t *testing.T) {
			content := vectorFile{About: "What the codec makes of a NATS message: header lines (name, value) and the text of the body give an event's attributes and data, or a refusal of the envelope. Signatures and payloads are not judged here."}
			for _, f := range forms {
				v := decoded(t, f.name, f.sentence, f.message)
				got := events.Rule("")
				if v.Refused != nil {
					got = events.Rule(v.Refused.Rule)
				}
				if got != f.rule {
					t.Errorf("%s: refused by %q, want %q", f.name, got, f.rule)
				}
				content.Vectors = append(content.Vectors, v)
			}
			if file == "codec-structured.json" {
				content.About += " A body that is too long to stand here is given by input.body_of: texts with the number of times that each is repeated, one after the other."
				content.Vectors = append(content.Vectors, heavyBodies(t, e)...)
			}
			publish(t, file, content)
		})
	}
}

func TestStructuredGivesTheSignedBytes(t *testing.T) {
	for _, e := range []events.Event{acknowledged(t), record(t)} {
		got, err := Decode(structuredMessage(structured(e)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, e) {
			t.Errorf("%s: got %+v", e.Type, got)
		}
	}
}

// Every type of the catalogue travels in both modes, what is sealed as a string.
func TestEveryTypeTravels(t *testing.T) {
	for _, of := range events.Types() {
		data := `{"happened": "2026-11-22T09:00:00Z"}` // the codec does not judge facts, nor records
		if of.Sealed() {
			data = fixedRecord
		}
		e := said(t, police, of, "01936a00-0000-7000-8000-000000000002", data)
		for mode, m := range map[string]Message{"binary": Encode(e), "structured": structuredMessage(structured(e))} {
			if got, err := Decode(m); err != nil || !reflect.DeepEqual(got, e) {
				t.Errorf("%s in %s mode: got %+v, %v", of, mode, got, err)
			}
		}
	}
}

func TestBytesThatAreNotText(t *testing.T) {
	e := acknowledged(t)
	for name, m := range map[string]Message{
		"header value": changed(Encode(e), map[string][]string{"ce-hub": {"handrail/\xff"}}),
		"header name":  changed(Encode(e), map[string][]string{"ce-\xff": {"x"}}),
		"body":         structuredMessage(strings.Replace(structured(e), "telephone", "tele\xffphone", 1)),
		"NUL":          changed(Encode(e), map[string][]string{"ce-hub": {"handrail/sampleland\x00"}}),
	} {
		if _, err := Decode(m); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLimitsComeFirst(t *testing.T) {
	e := acknowledged(t)
	weight := 0
	for _, a := range e.Attributes() {
		weight += len(a.Name) + len(a.Value)
	}
	e.Data = bytes.Repeat([]byte("x"), events.MaxBytes-weight)
	e.Time = events.At(signedAt) // the signature no longer fits; the codec does not judge it
	largest := Encode(e)
	if _, err := Decode(largest.WithDelivery(strings.Repeat("p", 200<<10))); err != nil {
		t.Errorf("the largest event with its proof: %v", err)
	}
	many := Message{Header: map[string][]string{}}
	for i := range maxHeaders + 1 {
		many.Header[strings.Repeat("x", i+1)] = []string{"y"}
	}
	for name, m := range map[string]Message{
		"one byte more":             {Header: largest.Header, Data: append(bytes.Clone(e.Data), 'x')},
		"one byte more of a header": changed(largest, map[string][]string{"ce-hub": {e.Hub + "d"}}),
		"JSON that is not":          structuredMessage(strings.Repeat("[", events.MaxBytes+1)),
		"unknown attribute":         changed(Encode(acknowledged(t)), map[string][]string{"ce-x": {strings.Repeat("x", events.MaxBytes)}}),
		"unknown attribute's name":  changed(Encode(acknowledged(t)), map[string][]string{"ce-" + strings.Repeat("x", events.MaxBytes): {""}}),
		"many values":               changed(Encode(acknowledged(t)), map[string][]string{"ce-x": {strings.Repeat("x", events.MaxBytes), ""}}),
		"many headers":              many,
	} {
		_, err := Decode(m)
		if v, ok := errors.AsType[*events.Violation](err); !ok || v.Rule != events.RuleEventTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(structuredMessage(strings.Repeat("[", events.MaxBytes))); err == nil {
		t.Error("brackets alone are no event")
	}
}

// Others write our events with the CloudEvents SDK; its decoder never sees
// untrusted bytes, here or anywhere.
func TestEventsWrittenByTheSDK(t *testing.T) {
	for _, e := range []events.Event{acknowledged(t), record(t)} {
		written := cloudevents.New()
		written.SetID(string(e.ID))
		written.SetSource(e.Source)
		written.SetType(string(e.Type))
		written.SetDataSchema(e.DataSchema)
		written.SetDataContentType(e.DataContentType)
		written.SetSubject(e.Subject)
		written.SetTime(e.Time.Time())
		for _, a := range e.Attributes()[8:] {
			written.SetExtension(a.Name, a.Value)
		}
		written.DataEncoded = e.Data
		if err := written.Validate(); err != nil {
			t.Errorf("%s is no CloudEvent: %v", e.Type, err)
		}
		body, err := written.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		fromStructured, err := Decode(structuredMessage(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		fromBinary, err := Decode(Encode(e))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fromStructured, fromBinary) || !reflect.DeepEqual(fromBinary, e) {
			t.Errorf("%s: structured gives %+v, binary %+v", e.Type, fromStructured, fromBinary)
		}
	}
}

func TestDeliveryHeader(t *testing.T) {
	m := Encode(acknowledged(t))
	if _, found, err := m.Delivery(); found || err != nil {
		t.Errorf("a message without one: %v, %v", found, err)
	}
	capital := Message{Header: map[string][]string{"Handrail-Delivery": {"old"}}}.WithDelivery("new")
	if value, found, err := capital.Delivery(); value != "new" || !found || err != nil {
		t.Errorf("got %q, %v, %v", value, found, err)
	}
	for name, header := range map[string]map[string][]string{
		"two values": {DeliveryHeader: {"a", "b"}},
		"two cases":  {DeliveryHeader: {"a"}, "HANDRAIL-DELIVERY": {"a"}},
	} {
		if _, _, err := (Message{Header: header}).Delivery(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
