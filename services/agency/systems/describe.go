package systems

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"handrail/contracts/schemas"
	"handrail/events"
	"handrail/services/agency"
)

// described is one operation, as far as the framework does not derive it.
type described struct {
	op       huma.Operation
	body     map[string]*huma.MediaType // nil: none
	limit    int64                      // of the body, in bytes
	problems []int                      // beyond those that every operation has
}

// register serves and describes an operation.
func register[I, O any](s *Systems, api huma.API, d described, f func(context.Context, *I) (O, error)) {
	d.op.MaxBodyBytes = d.limit + 1 // the framework refuses a body that reaches it
	d.op.BodyReadTimeout = 30 * time.Second
	d.op.Responses = map[string]*huma.Response{}
	for _, status := range append([]int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusInternalServerError}, d.problems...) {
		d.op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + problemNames()[status]}
	}
	d.op.Description = strings.TrimSpace(d.op.Description)
	path, method := d.op.Path, d.op.Method
	huma.Register(api, d.op, answers(s, f))
	if d.body != nil {
		item := api.OpenAPI().Paths[path]
		map[string]*huma.Operation{http.MethodPost: item.Post, http.MethodGet: item.Get}[method].RequestBody = &huma.RequestBody{Required: true, Content: d.body}
	}
}

// bodyProblems are what every request with a body may be answered.
func bodyProblems(more ...int) []int {
	return append([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}, more...)
}

func problemNames() map[int]string {
	return map[int]string{
		http.StatusBadRequest: "Malformed", http.StatusUnauthorized: "Unauthorized", http.StatusNotFound: "Unknown", http.StatusConflict: "Conflict",
		http.StatusGone: "Gone", http.StatusRequestEntityTooLarge: "TooLarge", http.StatusUnsupportedMediaType: "MediaType",
		http.StatusUnprocessableEntity: "Refused", http.StatusInternalServerError: "Failed", http.StatusServiceUnavailable: "NotYet",
	}
}

// problemResponses are the problems by status, each with its usual rules.
func problemResponses(api huma.API) map[string]*huma.Response {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[agency.Problem](), true, "")
	describeProblem(api.OpenAPI().Components.Schemas.Map()["Problem"])
	texts := map[int]string{
		http.StatusBadRequest:            "The body or an attribute cannot be read as what it should be: data-malformed, attribute-syntax. Send it mended.",
		http.StatusUnauthorized:          "token-missing: the bearer token is missing or another one.",
		http.StatusNotFound:              "There is nothing of this id or name: submission-unknown, case-unknown, record-unknown, not-found.",
		http.StatusConflict:              "It was said or filed before under the same id: id-reused, form-changed. If you repeat a request whose answer you did not get, it has been done.",
		http.StatusGone:                  "The record was erased or withdrawn: record-erased, record-recalled.",
		http.StatusRequestEntityTooLarge: "body-too-large, event-too-large.",
		http.StatusUnsupportedMediaType:  "content-type: the path takes another media type.",
		http.StatusUnprocessableEntity:   "It can be read and stands against a rule, such as data-code (a value is not of its closed list), data-range, type-unknown, idempotency-key-reused, section-missing, parameter. Nothing was done.",
		http.StatusInternalServerError:   "internal: the service's log says why. Send it again, under the same Idempotency-Key.",
		http.StatusServiceUnavailable:    "not-joined: the directory has not arrived from the hub yet. Send it again in a moment.",
	}
	responses := map[string]*huma.Response{}
	for status, name := range problemNames() {
		responses[name] = &huma.Response{Description: texts[status], Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
	}
	return responses
}

// text is the schema of a string with the syntax or the codes of zero.
func text(zero any, description string) *huma.Schema {
	s := &huma.Schema{Type: "string", Description: description}
	if of, ok := zero.(interface{ Pattern() string }); ok {
		s.Pattern = of.Pattern()
	}
	if of, ok := zero.(interface{ Codes() []string }); ok {
		for _, code := range of.Codes() {
			s.Enum = append(s.Enum, code)
		}
	}
	return s
}

// closed is the schema of an object with these members and no others.
func closed(description string, members map[string]*huma.Schema, required ...string) *huma.Schema {
	return &huma.Schema{Type: "object", Description: description, Properties: members, Required: required, AdditionalProperties: false}
}

// dataByType says, for each type that systems may say, which schema data has.
func dataByType() *huma.Schema {
	s := &huma.Schema{Description: "Which schema data has, by type."}
	for _, t := range factTypes() {
		s.AllOf = append(s.AllOf, &huma.Schema{Extensions: map[string]any{
			"if":   map[string]any{"properties": map[string]any{"type": map[string]any{"const": string(t)}}},
			"then": map[string]any{"properties": map[string]any{"data": map[string]any{"$ref": "schemas/" + schemas.FileName(t)}}},
		}})
	}
	return s
}

// factTypes are the types whose facts systems may say.
func factTypes() []events.Type {
	return slices.DeleteFunc(events.Types(), func(t events.Type) bool { return !agency.SystemsSay(t) || t.Sealed() })
}

func typesText(types []events.Type, description string) *huma.Schema {
	s := &huma.Schema{Type: "string", Description: description}
	for _, t := range types {
		s.Enum = append(s.Enum, string(t))
	}
	return s
}

// named registers a schema of our own among the components.
func named(api huma.API, name string, s *huma.Schema) *huma.Schema {
	api.OpenAPI().Components.Schemas.Map()[name] = s
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

const (
	aboutCaseID  = "The case: a lower-case UUIDv7. Whoever opens a case makes its id, and uses it for all that follows."
	aboutEventID = "The event's id: a lower-case UUIDv7, used once. Left out, the service makes one and answers with it."
	aboutData    = "The facts, as the type's JSON Schema says. No free text and nothing that tells who the person is: such a member is refused."
)

// statementSchema describes [agency.SystemSays] for facts.
func statementSchema(data *huma.Schema) *huma.Schema {
	types := factTypes()
	s := closed("What the agency says, in plain JSON.", map[string]*huma.Schema{
		"type": typesText(types, "What is said."), "case": text(events.CaseID(""), aboutCaseID+" Left out only where the agency speaks of itself (capacity.published)."),
		"referral": text(events.EventID(""), "The referral that it belongs to: the id of its referral.requested event. On what is about a referral, except the request itself."),
		"cause":    text(events.EventID(""), "The earlier event of the case that it follows from."),
		"id":       text(events.EventID(""), aboutEventID), "data": {Type: "object", Description: aboutData},
	}, "type", "data")
	s.AllOf = []*huma.Schema{data}
	return s
}

// sealable are the sections that travel as record.sealed.
func sealable() *huma.Schema {
	s := text(events.Section(""), "Which section it is.")
	s.Enum = slices.DeleteFunc(s.Enum, func(code any) bool { return code == string(events.SectionQuestion) })
	return s
}

// recordSchema describes [agency.SystemSays] for sealed text.
func recordSchema() *huma.Schema {
	return closed("Personal data, which the service seals to one agency's key. Nobody else can read it, the hub neither.", map[string]*huma.Schema{
		"type": typesText([]events.Type{events.TypeRecordSealed}, ""), "case": text(events.CaseID(""), "The case."),
		"referral": text(events.EventID(""), "The referral for which it is shared."), "to": text(events.AgencyID(""), "The agency that may read it: one that the referral names."),
		"section": sealable(), "purpose": text(events.Purpose(""), "What for; left out, the referral's."),
		"value": {Type: "object", Description: "The section itself, any JSON object. Left out: what a form left under this section is sealed.", AdditionalProperties: true},
	}, "type", "case", "referral", "to", "section")
}

// cloudEventSchema describes [cloudEvent].
func cloudEventSchema(data *huma.Schema) *huma.Schema {
	types := factTypes()
	s := closed("What the agency says, as a CloudEvent 1.0 in structured mode. Other attributes are refused. In binary mode each attribute is a header ce-<name>, data are the body, and problems point into this form.", map[string]*huma.Schema{
		"specversion": {Type: "string", Enum: []any{"1.0"}}, "id": text(events.EventID(""), "A lower-case UUIDv7, used once."),
		"source": {Type: "string", Description: "The source that GET /v1/self gives."}, "type": typesText(types, "What is said."),
		"subject": {Type: "string", Description: aboutCaseID}, "time": text(events.Time{}, "Taken and not kept: the service signs with its own clock. When it happened stands in data."),
		"datacontenttype": {Type: "string", Enum: []any{plainJSON}}, "dataschema": {Type: "string", Description: "urn:handrail:schema:<thing>.<verb>.v1, of the type."},
		"hub": {Type: "string", Description: "handrail/<hub>."}, "correlationid": text(events.EventID(""), "The referral that it belongs to; else the case, or left out."),
		"causationid": text(events.EventID(""), "The earlier event of the case that it follows from; else its own id, or left out."),
		"traceparent": {Type: "string", Description: "W3C trace context."}, "data": {Type: "object", Description: aboutData},
	}, "specversion", "id", "source", "type", "data")
	s.AllOf = []*huma.Schema{data}
	return s
}

func (s *Systems) describeEvents(api huma.API) {
	data := named(api, "DataByType", dataByType())
	statement, record := named(api, "Statement", statementSchema(data)), named(api, "Record", recordSchema())
	event := named(api, "CloudEvent", cloudEventSchema(data))
	opened := map[string]any{
		"type": string(events.TypeCaseOpened), "case": "01890a5d-ac96-774b-bcce-b302099a8057",
		"data": map[string]any{"happened": "2026-11-22T01:10:00Z", "recorded": "2026-11-22T01:20:00Z", "channel": "system", "age": "adult"},
	}
	register(s, api, described{
		op: huma.Operation{
			OperationID: "say", Method: http.MethodPost, Path: "/v1/events", DefaultStatus: http.StatusAccepted, Tags: []string{"say"},
			Summary: "Say something: a statement, or a record to seal.", Description: aboutSaying,
			Parameters: binaryAttributes(),
		},
		body: map[string]*huma.MediaType{
			plainJSON: {
				Schema: &huma.Schema{OneOf: []*huma.Schema{statement, record}, Description: "Without a ce-specversion header. With it the body is the data of a CloudEvent in binary mode, and nothing else."},
				Examples: map[string]*huma.Example{
					"identified": {Summary: "An adult was met who may have been trafficked", Value: opened},
				},
			},
			structuredEvent: {Schema: event},
		},
		limit: eventBody, problems: bodyProblems(http.StatusConflict, http.StatusServiceUnavailable),
	}, s.postEvent)
}

// binaryAttributes are the headers of CloudEvents in binary mode.
func binaryAttributes() []*huma.Param {
	var all []*huma.Param
	for _, name := range slices.Sorted(maps.Keys(cloudEventSchema(nil).Properties)) {
		if name == "data" || name == "datacontenttype" {
			continue
		}
		all = append(all, &huma.Param{Name: "ce-" + name, In: "header", Description: "In binary mode only, see CloudEvent.", Schema: &huma.Schema{Type: "string"}})
	}
	return all
}
