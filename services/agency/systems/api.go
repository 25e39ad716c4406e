package systems

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/strict"
)

// ruleParameter refuses a parameter of a path, query or header.
const ruleParameter events.Rule = "parameter"

// newSystemsAPI is the frame of the published description. Bodies are read by
// our own strict decoder; huma routes, describes, and checks parameters.
func newSystemsAPI(mux *http.ServeMux) huma.API {
	asJSON := huma.Format{Marshal: writeJSON, Unmarshal: func(data []byte, v any) error { return strict.Read(data, v) }}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "An agency's service for its own systems", Version: "1", Description: strings.TrimSpace(aboutSystems)},
			Tags: []*huma.Tag{
				{Name: "say", Description: "What the agency's systems know becomes signed events on the log."},
				{Name: "hear", Description: "What the hub delivered to the agency, by webhook or by asking."},
				{Name: "read", Description: "Reading sealed text is an act that is recorded before the text is shown."},
			},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "The line of the file `token` in the agency's folder."}},
			},
			Security: []map[string][]string{{"token": {}}},
		},
		Formats:       map[string]huma.Format{plainJSON: asJSON, "json": asJSON},
		DefaultFormat: plainJSON,
		Transformers:  []huma.Transformer{ownProblem},
	}
	config.AllowAdditionalPropertiesByDefault = true // members are added to answers
	api := humago.New(mux, config)
	api.OpenAPI().Components.Responses = problemResponses(api)
	return api
}

// writeJSON answers; that whoever asked has gone is no error.
func writeJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err == nil {
		_, _ = w.Write(append(text, '\n'))
	}
	return err
}

// ownProblem turns an error of the framework into a problem of ours, which
// repeats nothing of what was sent.
func ownProblem(_ huma.Context, _ string, v any) (any, error) {
	theirs, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	rule, pointer, reason := agency.RuleInternal, "", "the service could not do this; its log says why"
	switch theirs.Status {
	case http.StatusRequestEntityTooLarge:
		rule, reason = agency.RuleBodyTooLarge, "the body is larger than this path takes"
	case http.StatusRequestTimeout:
		rule, reason = ruleParameter, "the body did not arrive in time"
	case http.StatusUnprocessableEntity:
		rule, reason = ruleParameter, "a parameter is missing or is not what the description says"
		if len(theirs.Errors) > 0 {
			pointer = strings.Replace(theirs.Errors[0].Location, ".", " ", 1)
		}
	}
	return &problemError{agency.Problem{
		Type: "urn:handrail:rule:" + string(rule), Title: http.StatusText(theirs.Status), Status: theirs.Status, Detail: reason, Rule: rule, Pointer: pointer,
	}}, nil
}

// problemError is a problem as the framework takes it.
type problemError struct{ agency.Problem }

// Error implements error.
func (p *problemError) Error() string { return p.Detail }

// GetStatus tells the framework the status.
func (p *problemError) GetStatus() int { return p.Status }

// ContentType tells the framework the media type.
func (*problemError) ContentType(string) string { return "application/problem+json" }

// answers makes a handler of a function with our errors.
func answers[I, O any](s *Systems, f func(context.Context, *I) (O, error)) func(context.Context, *I) (*answered[O], error) {
	return func(ctx context.Context, in *I) (*answered[O], error) {
		body, err := f(ctx, in)
		if err != nil {
			return nil, &problemError{s.agency.Problem(ctx, err)}
		}
		return &answered[O]{Body: body}, nil
	}
}

// answered is a response as the framework takes it.
type answered[O any] struct{ Body O }

// Sent is a request with a body, which may be repeated under a key.
type Sent struct {
	Key         string `header:"Idempotency-Key" maxLength:"255" doc:"A key of your own for this request, kept for ever. The same key and body again give the same answer and do nothing; another body is refused (idempotency-key-reused). A refusal keeps no key. It is stored as a keyed digest only." example:"\"8e03978e-40d5-43dd-bc93-6894a57f9324\""`
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte

	attributes map[string]string // of CloudEvents in binary mode, by lower-case name
	repeated   string            // an attribute that stands twice
}

// Resolve implements huma.Resolver: it finds the attributes.
func (s *Sent) Resolve(ctx huma.Context) []error {
	s.attributes = map[string]string{}
	ctx.EachHeader(func(name, value string) {
		attribute, found := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !found {
			return
		}
		if _, twice := s.attributes[attribute]; twice {
			s.repeated = attribute
		}
		s.attributes[attribute] = value
	})
	return nil
}

// kind is the media type of the body, without parameters; it must be one of taken.
func (s *Sent) kind(taken ...string) (string, error) {
	kind, _, err := mime.ParseMediaType(s.ContentType)
	for _, one := range taken {
		if err == nil && kind == one {
			return kind, nil
		}
	}
	return "", events.Refuse(agency.RuleContentType, "", "send "+strings.Join(taken, " or "))
}

// facts is any JSON that a schema elsewhere describes.
type facts struct{ jsontext.Value }

// Schema implements huma.SchemaProvider.
func (facts) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "object", Description: "As the JSON Schema of the event's type says.", AdditionalProperties: true}
}
