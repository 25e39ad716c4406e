package systems

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"handrail/events"
	"handrail/services/agency"
)

var keySyntax = regexp.MustCompile(`^[ -~]{1,255}$`)

// once reads the idempotency key of a request to a path.
func (s *Sent) once(path string) (agency.Once, error) {
	key := strings.TrimSpace(s.Key)
	if key == "" {
		return agency.Once{}, nil
	}
	if !keySyntax.MatchString(key) {
		return agency.Once{}, events.Refuse(ruleParameter, "header Idempotency-Key", "a key is 1 to 255 printable ASCII characters")
	}
	if len(key) > 2 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1] // a string of structured fields (RFC 9651)
	}
	var content strings.Builder
	for _, attribute := range slices.Sorted(maps.Keys(s.attributes)) {
		fmt.Fprintf(&content, "%s %q\n", attribute, s.attributes[attribute])
	}
	content.WriteByte('\n')
	content.Write(s.RawBody)
	return agency.Once{Path: path, Key: key, Content: []byte(content.String())}, nil
}
