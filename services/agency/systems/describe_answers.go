package systems

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"handrail/services/agency"
)

// makePrecise adds to the schemas of answers what the framework cannot see:
// the syntax of ids, and that a list is never null. Codes are not listed: they
// are added to. The framework's own error is never answered, see ownProblem.
func makePrecise(api huma.API) {
	registry := api.OpenAPI().Components.Schemas
	for _, answer := range []any{Said{}, agency.Filed{}, agency.Dropped{}, Submission{}, Deliveries{}, Delivery{}, HeardEvent{}, SealedFor{}, Self{}} {
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
	describeFiled(registry.Map()["Filed"])
	for _, theirs := range []string{"ErrorModel", "ErrorDetail"} {
		delete(registry.Map(), theirs)
	}
}

func describeFiled(s *huma.Schema) {
	for member, text := range map[string]string{
		"case": "The case that the form opened.", "sections": "Sections of personal data that are held back here.",
		"tasks": "What the form does not establish: questions for the agency's people.", "notified": "How many authorities were told, anonymously.",
		"dropped": "Fields that were neither kept nor passed on.", "unknown": "How many members the form does not have; they were not kept.",
	} {
		s.Properties[member].Description = text
	}
}

func describeProblem(s *huma.Schema) {
	s.Description = "An error as RFC 9457 gives it. It never repeats what was sent."
	for member, text := range map[string]string{
		"type": "urn:handrail:rule: and the rule.", "title": "The status in words.", "status": "The HTTP status.",
		"detail": "Plain English, for whoever mends it.", "rule": "The name of the rule; it never changes its meaning.",
		"pointer": "Where: a JSON pointer into the body; or `header NAME`, `query NAME`, `path NAME`, `attribute NAME`.",
	} {
		s.Properties[member].Description = text
	}
}
