package agency

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// makePrecise adds to the schemas of answers what the framework cannot see:
// the syntax of ids, and that a list is never null. Codes are not listed: they
// are added to. The framework's own error is never answered, see ownProblem.
func makePrecise(api huma.API) {
	registry := api.OpenAPI().Components.Schemas
	for _, answer := range []any{Said{}, Filed{}, Dropped{}, Submission{}, Deliveries{}, Delivery{}, HeardEvent{}, SealedFor{}, Self{}} {
		of := reflect.TypeOf(answer)
		described := registry.Map()[of.Name()]
		for field := range of.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			s, t := described.Properties[name], field.Type
			if t.Kind() == reflect.Slice {
				s.Nullable = false
				s, t = s.Items, t.Elem()
			}
			if syntax, ok := reflect.TypeAssert[interface{ Pattern() string }](reflect.Zero(t)); ok {
				s.Pattern, s.Format = syntax.Pattern(), ""
			}
		}
	}
	for _, theirs := range []string{"ErrorModel", "ErrorDetail"} {
		delete(registry.Map(), theirs)
	}
}

// TransformSchema implements huma.SchemaTransformer.
func (Filed) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	for member, text := range map[string]string{
		"case": "The case that the form opened.", "sections": "Sections of personal data that are held back here.",
		"tasks": "What the form does not establish: questions for the agency's people.", "notified": "How many authorities were told, anonymously.",
		"dropped": "Fields that were neither kept nor passed on.", "unknown": "How many members the form does not have; they were not kept.",
	} {
		s.Properties[member].Description = text
	}
	return s
}
