package schemas

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// schema is the part of JSON Schema 2020-12 that events need, in the order in
// which it is written.
type schema struct {
	Dialect    string            `json:"$schema,omitzero"`
	ID         string            `json:"$id,omitzero"`
	Anchor     string            `json:"$anchor,omitzero"`
	Title      string            `json:"title,omitzero"`
	Comment    string            `json:"$comment,omitzero"`
	ReadBy     string            `json:"x-read-by,omitzero"`
	Type       string            `json:"type,omitzero"`
	Const      string            `json:"const,omitzero"`
	Enum       []string          `json:"enum,omitzero"`
	Pattern    string            `json:"pattern,omitzero"`
	Format     string            `json:"format,omitzero"`
	MaxLength  int               `json:"maxLength,omitzero"`
	Minimum    *uint64           `json:"minimum,omitzero"`
	Maximum    *uint64           `json:"maximum,omitzero"`
	Unique     bool              `json:"uniqueItems,omitzero"`
	MinItems   int               `json:"minItems,omitzero"`
	MaxItems   int               `json:"maxItems,omitzero"`
	Items      *schema           `json:"items,omitzero"`
	Properties members           `json:"properties,omitzero"`
	Required   []string          `json:"required,omitzero"`
	Additional *bool             `json:"additionalProperties,omitzero"`
	Defs       map[string]schema `json:"$defs,omitzero"`
}

// member is one property of an object.
type member struct {
	name   string
	schema schema
}

// members keep the order of the Go type's fields.
type members []member

// MarshalJSONTo writes an object in the members' order.
func (m members) MarshalJSONTo(e *jsontext.Encoder) error {
	if err := e.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, member := range m {
		if err := e.WriteToken(jsontext.String(member.name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(e, member.schema); err != nil {
			return err
		}
	}
	return e.WriteToken(jsontext.EndObject)
}

// Generate makes the schema of the data of events of type t from its payload
// type. It fails on a member that is free text, or that nothing reads.
func Generate(t events.Type) ([]byte, error) {
	s, err := dataOf(t)
	if err != nil {
		return nil, fmt.Errorf("generating the schema of %s: %w", t.Name(), err)
	}
	s.Dialect = "https://json-schema.org/draft/2020-12/schema"
	s.ID = t.Schema()
	s.Title = t.Name()
	s.Comment = alsoRequired(t)
	b, err := json.Marshal(s, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("writing the schema of %s: %w", t.Name(), err)
	}
	return append(b, '\n'), nil
}

// alsoRequired says in words what a schema cannot: what events.Decode checks
// between members.
func alsoRequired(t events.Type) string {
	switch t {
	case events.TypeConsentGiven:
		return "recipient names either an agency or a class, and only a class has exceptions; expires is after happened"
	case events.TypeConsentRefused, events.TypeConsentWithdrawn:
		return "recipient names either an agency or a class, and only a class has exceptions"
	case events.TypeErasureConfirmed:
		return "ground and until are given exactly when the answer is not erased"
	case events.TypeDirectoryFounded:
		return "an agency stands once and none is named hub; the agencies are of at least two kinds, auditor not counted, and none is a foreign mission; each but an auditor has a witness key named <origin>/<agency>, an auditor none"
	case events.TypeDirectoryListed:
		return "the agency is not named hub; it has a witness key named <origin>/<agency>, unless it is a foreign mission or an auditor, which have none"
	case events.TypeDirectoryJoined:
		return "listing is of another than hub; it has a witness key named <origin>/<agency>, unless it is a foreign mission or an auditor, which have none; two to eight agencies vouch, each once, and none for itself"
	case events.TypeDirectoryKeyed:
		return "listing is of another than hub; it has a witness key named <origin>/<agency>, unless it is a foreign mission or an auditor, which have none"
	case events.TypeControlPosition:
		return "again lists numbers from 1 up to the position, each greater than the one before it"
	case events.TypeControlCosigned:
		return "checkpoint is given exactly when size is not 0"
	case events.TypeTrailRead:
		return "case is given exactly for a replay or an export, agency exactly for a check for completeness"
	case events.TypeCapacityPublished:
		return "a span of hours ends after it begins"
	case events.TypeTravelDocumentIssued:
		return "until is after happened"
	case events.TypeRecordSealed, events.TypeReferralAsked, events.TypeReferralAnswered:
		return "the data is this string itself, without quotes (in structured mode a JSON string); its first part is base64url of the protected header in $defs, whose source, id, case, referral and type are the event's source, id, subject, correlationid and type"
	default:
		return ""
	}
}
