package exchange

import (
	"maps"
	"slices"
	"strings"

	"handrail/events"
)

// Encode puts an event into a message in the binary mode of the CloudEvents NATS
// binding: one header ce-<attribute> for every attribute that is set, the data
// untouched as the body. Percent-encoding has nothing to do: the syntax of every
// attribute is closed ASCII. The message shares e.Data.
func Encode(e events.Event) Message {
	attributes := e.Attributes()
	header := make(map[string][]string, len(attributes)+1)
	values := make([]string, len(attributes))
	for i, a := range attributes {
		values[i] = a.Value
		header[attributePrefix+a.Name] = values[i : i+1 : i+1]
	}
	return Message{Header: header, Data: e.Data}
}

// Decode reads an event from a message, strictly, in binary mode or, when its
// content type is application/cloudevents, in structured JSON. Limits come before
// anything else. Headers that do not begin with ce- say nothing about the event
// and are ignored. The event shares m.Data.
//
// Errors are *[events.Violation] and never repeat what was received. Decode
// judges the envelope only: neither signature nor payload.
func Decode(m Message) (events.Event, error) {
	if err := withinLimits(m); err != nil {
		return events.Event{}, err
	}
	structured, err := m.structured()
	if err != nil {
		return events.Event{}, err
	}
	attributes, err := m.attributes()
	if err != nil {
		return events.Event{}, err
	}
	if !structured {
		return events.Parse(attributes, m.Data)
	}
	if len(attributes) > 0 {
		return events.Event{}, events.Refuse(events.RuleAttributeRepeated, "header content-type", "a structured message has its attributes in the body, not also as headers")
	}
	return parseStructured(m.Data)
}

// withinLimits is cheap on purpose: it reads lengths only. The proof of a
// delivery is not part of the event's weight.
func withinLimits(m Message) error {
	if len(m.Header) > maxHeaders {
		return events.Refuse(events.RuleEventTooLarge, "", "a message has at most 64 headers")
	}
	weight := len(m.Data)
	for name, values := range m.Header {
		if attribute, ok := attributeName(name); ok {
			weight += len(attribute)
			for _, value := range values {
				weight += len(value)
			}
		}
	}
	if weight > events.MaxBytes {
		return events.Refuse(events.RuleEventTooLarge, "", "an event weighs at most 768 KiB with its attributes")
	}
	return nil
}

func attributeName(header string) (string, bool) {
	return strings.CutPrefix(fold(header), attributePrefix)
}

// attributes lists the ce- headers, sorted so that the same message always gets
// the same refusal; each has one value.
func (m Message) attributes() ([]events.Attribute, error) {
	var list []events.Attribute
	for _, header := range slices.Sorted(maps.Keys(m.Header)) {
		name, ok := attributeName(header)
		if !ok {
			continue
		}
		values := m.Header[header]
		if len(values) != 1 {
			return nil, events.Refuse(events.RuleAttributeRepeated, "", "each header of the event stands once, with one value")
		}
		list = append(list, events.Attribute{Name: name, Value: values[0]})
	}
	return list, nil
}

// structured tells the modes apart as the binding says: by the content type.
func (m Message) structured() (bool, error) {
	content, found, err := m.only(contentTypeHeader)
	if err != nil || !found {
		return false, err
	}
	kind, parameters, _ := strings.Cut(fold(content), ";")
	kind = strings.TrimSpace(kind)
	if !strings.HasPrefix(kind, "application/cloudevents") {
		return false, nil
	}
	charset := strings.TrimSpace(parameters)
	if kind != "application/cloudevents" && kind != "application/cloudevents+json" || charset != "" && charset != "charset=utf-8" {
		return false, events.Refuse(events.RuleAttributeSyntax, "header content-type", "of the structured forms only application/cloudevents+json in UTF-8 is read")
	}
	return true, nil
}
