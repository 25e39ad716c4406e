package signin

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml"

	"handrail/services/web/access"
)

// roleList is the agency's own list: staff code to roles. It is read once; a change
// counts after a restart, which signs everybody out.
type roleList map[string][]access.Role

func readRoles(path string) (roleList, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator's configuration names the file
	if err != nil {
		return nil, fmt.Errorf("reading the list of roles: %w", err)
	}
	list := roleList{}
	if err := yaml.UnmarshalWithOptions(text, &list, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the list of roles: %w", err)
	}
	for code, roles := range list {
		if !isCode(code) {
			return nil, fmt.Errorf("reading the list of roles: %q is no staff code: 1 to 32 of a-z, 0-9 and hyphen", code)
		}
		for _, role := range roles {
			if !role.Known() {
				return nil, fmt.Errorf("reading the list of roles: there is no role %q", role)
			}
		}
	}
	return list, nil
}

// of gives what the provider gave, or, if that is nothing, what the list gives.
func (l roleList) of(code string, given []access.Role) []access.Role {
	if len(given) > 0 {
		return given
	}
	return l[code]
}
