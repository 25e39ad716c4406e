package signin

import (
	"slices"
	"strings"

	"handrail/events"
	"handrail/services/web/access"
)

// claims are the members of an ID token.
type claims map[string]any

// at follows a name such as realm_access.roles; a member that has the whole name
// goes before.
func (c claims) at(name string) any {
	if value, ok := c[name]; ok {
		return value
	}
	var here any = map[string]any(c)
	for part := range strings.SplitSeq(name, ".") {
		object, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = object[part]
	}
	return here
}

func (c claims) text(name string) string {
	text, _ := c.at(name).(string) // another type is none
	return text
}

// roles reads a list, or words in one text. What is no role of ours is left out:
// providers list much else.
func (c claims) roles(name string) []access.Role {
	var words []string
	switch value := c.at(name).(type) {
	case string:
		words = strings.Fields(value)
	case []any:
		for _, one := range value {
			if word, ok := one.(string); ok {
				words = append(words, word)
			}
		}
	}
	var roles []access.Role
	for _, word := range words {
		if role := access.Role(word); role.Known() && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// isCode says whether a text is a staff code. Nothing else is ever logged or shown
// of what a provider says about a person.
func isCode(text string) bool {
	return len(text) > 0 && len(text) <= 32 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// person reads who an ID token is about.
func (g *Gate) person(c claims) (code string, roles []access.Role, problem trouble) {
	code = c.text(g.config.CodeClaim)
	switch {
	case events.AgencyID(c.text(g.config.AgencyClaim)) != g.config.Agency:
		return "", nil, troubleAgency
	case !isCode(code):
		return "", nil, troubleCode
	}
	if roles = g.roles.of(code, c.roles(g.config.RolesClaim)); len(roles) == 0 {
		return code, nil, troubleRoles
	}
	return code, roles, ""
}
