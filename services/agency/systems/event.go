package systems

import (
	"bytes"
	"context"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency"
	"handrail/services/agency/strict"
)

const (
	plainJSON       = "application/json"
	structuredEvent = "application/cloudevents+json"
)

// cloudEvent is an [agency.SystemSays] as a CloudEvent. What it says of source, hub and
// schema must be true; the service says it itself when it signs.
type cloudEvent struct {
	SpecVersion     string         `json:"specversion"`
	ID              events.EventID `json:"id"`
	Source          string         `json:"source"`
	Type            events.Type    `json:"type"`
	Subject         string         `json:"subject,omitzero"`
	Time            events.Time    `json:"time,omitzero"` // the service signs with its own
	DataContentType string         `json:"datacontenttype,omitzero"`
	DataSchema      string         `json:"dataschema,omitzero"`
	Hub             string         `json:"hub,omitzero"`
	CorrelationID   events.EventID `json:"correlationid,omitzero"`
	CausationID     events.EventID `json:"causationid,omitzero"`
	TraceParent     string         `json:"traceparent,omitzero"`
	Data            jsontext.Value `json:"data,omitzero"`
}

// Said is the answer to a statement: it is signed, stored and on its way.
type Said struct {
	Events []events.EventID `json:"events" doc:"Ids of the events. Ask /v1/submissions/{id} what became of them, or wait for the delivery that answers."`
}

func (s *Systems) postEvent(ctx context.Context, in *Sent) (Said, error) {
	kind, err := in.kind(plainJSON, structuredEvent)
	if err != nil {
		return Said{}, err
	}
	once, err := in.once("/v1/events")
	if err != nil {
		return Said{}, err
	}
	given, err := s.readEvent(kind, in)
	if err != nil {
		return Said{}, err
	}
	ids, err := s.agency.SayOnce(exchange.WithTraceParent(ctx, given.trace), once, given.SystemSays)
	return Said{ids}, err
}

// readEvent is an event in any of the forms that are taken.
func (s *Systems) readEvent(kind string, in *Sent) (tracedEvent, error) {
	body := bytes.Clone(in.RawBody) // its buffer is used again
	switch {
	case kind == structuredEvent:
		return s.readCloudEvent(body)
	case len(in.attributes) == 0:
		var given tracedEvent
		err := strict.Read(body, &given.SystemSays)
		return given, err
	case in.repeated != "":
		return tracedEvent{}, events.Refuse(events.RuleAttributeSyntax, "", "a header of the event stands twice")
	}
	if !jsontext.Value(body).IsValid() {
		return tracedEvent{}, events.Refuse(events.RuleDataMalformed, "/data", "the body is the event's data, which are JSON")
	}
	members := map[string]jsontext.Value{"data": body}
	for attribute, value := range in.attributes {
		if attribute == "data" {
			return tracedEvent{}, events.Refuse(events.RuleAttributeUnknown, "", "there is no attribute of this name")
		}
		text, err := json.Marshal(value)
		if err != nil {
			return tracedEvent{}, events.Refuse(events.RuleAttributeSyntax, "", "a header of the event is not ASCII")
		}
		members[attribute] = text
	}
	structured, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		return tracedEvent{}, events.Refuse(events.RuleDataMalformed, "", "the headers and the body make no event")
	}
	return s.readCloudEvent(structured)
}

// tracedEvent is an event in the trace that its sender began.
type tracedEvent struct {
	agency.SystemSays
	trace string
}

func (s *Systems) readCloudEvent(body []byte) (tracedEvent, error) {
	var c cloudEvent
	if err := strict.Read(body, &c); err != nil {
		return tracedEvent{}, err
	}
	wrong := func(member, reason string) (tracedEvent, error) {
		return tracedEvent{}, events.Refuse(events.RuleAttributeSyntax, "/"+member, reason)
	}
	switch {
	case c.SpecVersion != "1.0":
		return wrong("specversion", "CloudEvents of version 1.0 are taken")
	case c.ID == "":
		return wrong("id", "a CloudEvent has an id, a lower-case UUIDv7")
	case c.Source != s.source():
		return wrong("source", "the source is this agency: GET /v1/self says its name")
	case c.DataContentType != "" && c.DataContentType != plainJSON:
		return wrong("datacontenttype", "data are application/json")
	case c.DataSchema != "" && c.DataSchema != c.Type.Schema():
		return wrong("dataschema", "the schema of this type has another name, or leave it out")
	case c.Hub != "" && c.Hub != s.agency.Hub().Origin():
		return wrong("hub", "this agency is of another hub, or leave it out")
	case c.Type == events.TypeRecordSealed:
		return wrong("type", "a record is posted as plain JSON: the service seals it")
	}
	given := tracedEvent{agency.SystemSays{Type: c.Type, Case: events.CaseID(c.Subject), ID: c.ID, Data: c.Data}, c.TraceParent}
	if agency.AboutItself(c.Type) {
		if c.Subject != "" && c.Subject != string(s.agency.ID()) {
			return wrong("subject", "the subject is this agency, or leave it out")
		}
		given.Case = ""
	}
	if c.CorrelationID != c.ID && string(c.CorrelationID) != c.Subject {
		given.Referral = c.CorrelationID
	}
	if c.CausationID != c.ID {
		given.Cause = c.CausationID
	}
	return given, nil
}
