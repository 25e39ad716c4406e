package systems

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"handrail/events"
)

func (s *Systems) describeForms(api huma.API) {
	register(s, api, described{
		op: huma.Operation{
			OperationID: "file", Method: http.MethodPost, Path: "/v1/intake/{form}", Tags: []string{"say"},
			Summary: "File a form that the agency's system has already.", Description: aboutFiling,
		},
		body:  map[string]*huma.MediaType{plainJSON: {Schema: &huma.Schema{Type: "object", Description: "As whoever publishes the form says.", AdditionalProperties: true}}},
		limit: s.largestForm(), problems: bodyProblems(http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable),
	}, s.postForm)
}

func (s *Systems) describeSubmissions(api huma.API) {
	type asked struct {
		ID events.EventID `path:"id" format:"uuid" doc:"The event's id."`
	}
	register(s, api, described{
		op: huma.Operation{
			OperationID: "submission", Method: http.MethodGet, Path: "/v1/submissions/{id}", Tags: []string{"say"},
			Summary: "What became of an event.", Description: "The ledger's word is final: an event that it refused stays refused, under its id, and reached nobody. Mend it and say it again under a new id.",
		},
		problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *asked) (Submission, error) {
		said, err := s.agency.Submission(ctx, in.ID)
		return Submission(said), err
	})
}

func (s *Systems) describeDeliveries(api huma.API) {
	type asked struct {
		After uint64 `query:"after" doc:"List what is behind this number; 0 for all." example:"0"`
		Limit int    `query:"limit" default:"100" minimum:"1" maximum:"100" doc:"At most so many."`
	}
	register(s, api, described{
		op: huma.Operation{
			OperationID: "deliveries", Method: http.MethodGet, Path: "/v1/deliveries", Tags: []string{"hear"},
			Summary: "What the hub delivered, in order.", Description: aboutDeliveries,
		},
	}, func(ctx context.Context, in *asked) (Deliveries, error) {
		return s.deliveriesAfter(ctx, in.After, min(in.Limit, deliveriesMost))
	})
	header := func(name, description string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Required: true, Description: description, Schema: &huma.Schema{Type: "string"}}
	}
	api.OpenAPI().Webhooks = map[string]*huma.PathItem{"delivery": {Post: &huma.Operation{
		OperationID: "delivered", Tags: []string{"hear"}, Summary: "One delivery, posted to the agency's own system.", Description: strings.TrimSpace(aboutWebhook), Security: []map[string][]string{{}},
		Parameters: []*huma.Param{
			header("webhook-id", "The same whenever this message is posted again: take a message once per id."),
			header("webhook-timestamp", "Seconds since 1970 of this attempt. Refuse what is more than five minutes off."),
			header("webhook-signature", "`v1,` and standard base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`, the body byte for byte. There may be several, with a space between: one that fits is enough."),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			plainJSON: {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[HookMessage](), true, "")},
		}},
		Responses: map[string]*huma.Response{"2XX": {Description: "Taken, durably: the next one is posted. After any other status, or none within 10 seconds, the same one is posted again, later and later, at most every five minutes."}},
	}}}
}

func (s *Systems) describeOpening(api huma.API) {
	body := named(api, "Reading", closed("Why the text is read.", map[string]*huma.Schema{
		"case":    text(events.CaseID(""), "The record's case."),
		"purpose": text(events.Purpose(""), "What for: what it was shared for, and nothing else (purpose-other)."),
		"basis":   text(events.LegalBasis(""), "The ground of data-protection law."),
	}, "case", "purpose", "basis"))
	register(s, api, described{
		op: huma.Operation{
			OperationID: "open", Method: http.MethodPost, Path: "/v1/records/{record}/open", Tags: []string{"read"},
			Summary: "Read what was sealed to this agency.", Description: aboutOpening,
		},
		body: map[string]*huma.MediaType{plainJSON: {Schema: body}}, limit: 4 << 10,
		problems: bodyProblems(http.StatusNotFound, http.StatusGone, http.StatusServiceUnavailable),
	}, s.postOpen)
}

func (s *Systems) describeSelf(api huma.API) {
	register(s, api, described{
		op: huma.Operation{
			OperationID: "self", Method: http.MethodGet, Path: "/v1/self", Tags: []string{"hear"},
			Summary: "Who this agency is, and how its service and its webhook are.",
		},
	}, func(ctx context.Context, _ *struct{}) (Self, error) { return s.self(ctx) })
}
