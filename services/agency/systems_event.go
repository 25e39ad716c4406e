package agency

import (
	"bytes"
	"context"
	"database/sql"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/strict"
)

const (
	plainJSON       = "application/json"
	structuredEvent = "application/cloudevents+json"
)

// systemEvent is what a system says. It knows the case's id and the schema; the
// ledger judges the rest.
type systemEvent struct {
	Type     events.Type       `json:"type"`
	Case     events.CaseID     `json:"case,omitzero"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Cause    events.EventID    `json:"cause,omitzero"`
	ID       events.EventID    `json:"id,omitzero"` // makes posting again harmless: id-reused
	Data     jsontext.Value    `json:"data,omitzero"`

	// Instead of data, for record.sealed: the value, or what is held back under
	// the section, is sealed to an agency.
	To      events.AgencyID `json:"to,omitzero"`
	Section events.Section  `json:"section,omitzero"`
	Purpose events.Purpose  `json:"purpose,omitzero"`
	Value   jsontext.Value  `json:"value,omitzero"`
}

// cloudEvent is the same as a CloudEvent. What it says of source, hub and
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

// sayable says whether the agency's systems may say a type: an agency's own
// statements, but no ceremonies, and nothing that the runtime says by itself.
func sayable(t events.Type) bool {
	byItself := []events.Type{events.TypeWitnessReset, events.TypeDirectoryKeyed, events.TypeRecordOpened}
	return slices.Contains(events.Types(), t) && !t.HubOnly() && !t.IsControl() && (!t.Sealed() || t == events.TypeRecordSealed) && !slices.Contains(byItself, t)
}

func (a *Agency) postEvent(ctx context.Context, in *Sent) (Said, error) {
	kind, err := in.kind(plainJSON, structuredEvent)
	if err != nil {
		return Said{}, err
	}
	o, err := a.once(ctx, "/v1/events", in)
	if err != nil {
		return Said{}, err
	}
	given, err := a.readEvent(kind, in)
	if err != nil {
		return Said{}, err
	}
	ctx = exchange.WithTraceParent(ctx, given.trace)
	a.mu.Lock()
	defer a.mu.Unlock()
	var said Said
	if found, err := o.before(ctx, a.journal.reader, &said); found || err != nil {
		return said, err
	}
	statements, err := a.statementsOf(ctx, given.systemEvent)
	if err != nil {
		return Said{}, err
	}
	for _, s := range statements {
		said.Events = append(said.Events, s.ID)
	}
	_, err = a.sayLocked(ctx, false, func(tx *sql.Tx) error { return o.store(ctx, tx, said, a.now()) }, statements...)
	if err != nil {
		return Said{}, err
	}
	return said, nil
}

// readEvent is an event in any of the forms that are taken.
func (a *Agency) readEvent(kind string, in *Sent) (tracedEvent, error) {
	body := bytes.Clone(in.RawBody) // its buffer is used again
	switch {
	case kind == structuredEvent:
		return a.readCloudEvent(body)
	case len(in.attributes) == 0:
		var given tracedEvent
		err := strict.Read(body, &given.systemEvent)
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
	return a.readCloudEvent(structured)
}

// tracedEvent is an event in the trace that its sender began.
type tracedEvent struct {
	systemEvent
	trace string
}

func (a *Agency) readCloudEvent(body []byte) (tracedEvent, error) {
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
	case c.Source != events.Source(a.config.Hub, a.config.Agency):
		return wrong("source", "the source is this agency: GET /v1/self says its name")
	case c.DataContentType != "" && c.DataContentType != plainJSON:
		return wrong("datacontenttype", "data are application/json")
	case c.DataSchema != "" && c.DataSchema != c.Type.Schema():
		return wrong("dataschema", "the schema of this type has another name, or leave it out")
	case c.Hub != "" && c.Hub != a.config.Hub.Origin():
		return wrong("hub", "this agency is of another hub, or leave it out")
	case c.Type == events.TypeRecordSealed:
		return wrong("type", "a record is posted as plain JSON: the service seals it")
	}
	given := tracedEvent{systemEvent{Type: c.Type, Case: events.CaseID(c.Subject), ID: c.ID, Data: c.Data}, c.TraceParent}
	if aboutItself(c.Type) {
		if c.Subject != "" && c.Subject != string(a.config.Agency) {
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

// statementsOf gives what an event says, with the id of each statement.
// Agency.mu is held.
func (a *Agency) statementsOf(ctx context.Context, given systemEvent) ([]Statement, error) {
	if !sayable(given.Type) {
		return nil, events.Refuse(events.RuleTypeUnknown, "/type", "an agency's systems do not say this; the hub, the runtime or the agency's people do")
	}
	if given.Type == events.TypeRecordSealed {
		return a.recordOf(ctx, given)
	}
	if given.To != "" || given.Section != "" || given.Purpose != "" || given.Value != nil {
		return nil, events.Refuse(events.RuleDataMalformed, "", "to, section, purpose and value are members of a record only; facts stand in data")
	}
	payload, err := events.Decode(given.Type, given.Data)
	if err != nil {
		return nil, strict.Inside(err, "/data")
	}
	id := given.ID
	if id == "" {
		if id, err = newID("", a.now()); err != nil {
			return nil, err
		}
	}
	return []Statement{{Case: given.Case, Referral: given.Referral, Cause: given.Cause, ID: id, Payload: payload}}, nil
}

func (a *Agency) recordOf(ctx context.Context, given systemEvent) ([]Statement, error) {
	if given.Data != nil || given.ID != "" || given.Section == "" || given.To == "" || given.Referral == "" {
		return nil, events.Refuse(events.RuleDataMalformed, "", "a record names referral, to and section, and has neither id nor data: its value, or what is held back, is sealed")
	}
	s := Sealing{Case: given.Case, Referral: given.Referral, To: given.To, Purpose: given.Purpose, Sections: events.Set[events.Section]{given.Section}}
	if given.Value != nil {
		if given.Value.Kind() != '{' {
			return nil, events.Refuse(events.RuleDataMalformed, "/value", "a section is one JSON object")
		}
		s.Values = map[events.Section]jsontext.Value{given.Section: given.Value}
	}
	return a.sealings(ctx, s)
}
