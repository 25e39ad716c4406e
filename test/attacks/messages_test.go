package attacks

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/exchange"
)

// notEvents submits what no event looks like.
func (s *site) notEvents(t *testing.T) {
	header := func(name string, values ...string) exchange.Message {
		m := exchange.Encode(s.sign(s.opening()))
		m.Header[name] = values
		return m
	}
	without := exchange.Encode(s.sign(s.opening()))
	delete(without.Header, "ce-hub")
	large := exchange.Encode(s.sign(s.opening()))
	large.Data = bytes.Repeat([]byte(" "), 780<<10)
	for _, wrong := range []struct {
		what string
		rule events.Rule
		m    exchange.Message
	}{
		{"an attribute that the contract does not have", events.RuleAttributeUnknown, header("ce-remark", "x")},
		{"free text as an attribute", events.RuleAttributeUnknown, header("ce-tracestate", "x=y")},
		{"the same attribute in another case", events.RuleAttributeRepeated, header("CE-Subject", uuid(t))},
		{"an attribute twice", events.RuleAttributeRepeated, header("ce-subject", uuid(t), uuid(t))},
		{"percent-encoding", events.RuleAttributeSyntax, header("ce-subject", "%41")},
		{"a Kelvin sign for a k", events.RuleAttributeSyntax, header("ce-type", "org.handrail.case.opened.v1\u212a")},
		{"an attribute missing", events.RuleAttributeMissing, without},
		{"more than an event may weigh", events.RuleEventTooLarge, large},
		{"structured with data_base64", events.RuleDataMalformed, s.structured(t, func(m map[string]any) {
			m["data_base64"] = base64.StdEncoding.EncodeToString([]byte("{}"))
			delete(m, "data")
		})},
		{"structured with a number as attribute", events.RuleAttributeSyntax, s.structured(t, func(m map[string]any) { m["specversion"] = 1 })},
		{"structured, attributes twice over", events.RuleAttributeRepeated, mixed(s.structured(t, func(map[string]any) {}))},
		{"a batch of events", events.RuleAttributeSyntax, typed("application/cloudevents-batch+json", "[]")},
		{"deep nesting", events.RuleDataMalformed, typed("application/cloudevents+json", strings.Repeat(`{"a":`, 20000))},
		{"nothing but a header of no meaning", events.RuleAttributeMissing, exchange.Message{Header: map[string][]string{"ce-id": {uuid(t)}}}},
		{"bytes", events.RuleAttributeMissing, exchange.Message{Data: []byte{0, 0xff, 0xfe, 0}}},
		{"a page of HTML", events.RuleAttributeMissing, exchange.Message{Data: []byte("<html><script>alert(1)</script>")}},
	} {
		t.Run(wrong.what, func(t *testing.T) {
			during(t, s)
			s.refuses(wrong.rule, wrong.m)
		})
	}
	large.Data = bytes.Repeat([]byte(" "), 2<<20)
	var v *events.Violation
	if err := s.link.Submit(t.Context(), large); !errors.As(err, &v) || v.Rule != events.RuleEventTooLarge {
		t.Errorf("more than the broker takes: %v", err)
	}
}

// structured is a good event in structured mode, changed.
func (s *site) structured(t *testing.T, change func(map[string]any)) exchange.Message {
	t.Helper()
	e := s.sign(s.opening())
	members := map[string]any{"data": json.RawMessage(e.Data)}
	for _, attribute := range e.Attributes() {
		members[attribute.Name] = attribute.Value
	}
	change(members)
	body, err := json.Marshal(members)
	must(t, err)
	return typed("application/cloudevents+json", string(body))
}

func typed(contentType, body string) exchange.Message {
	return exchange.Message{Header: map[string][]string{"Content-Type": {contentType}}, Data: []byte(body)}
}

func mixed(m exchange.Message) exchange.Message {
	m.Header["ce-subject"] = []string{"sampletown-police"}
	return m
}
