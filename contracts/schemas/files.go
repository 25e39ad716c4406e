package schemas

import (
	"embed"
	"fmt"
	"strings"

	"handrail/events"
)

//go:embed *.json
var files embed.FS

// FileName is the published file of an event type's schema.
func FileName(t events.Type) string {
	return strings.TrimPrefix(string(t), "org.handrail.") + ".json"
}

// Of gives the published schema of the data of events of type t, as JSON.
func Of(t events.Type) ([]byte, error) {
	b, err := files.ReadFile(FileName(t))
	if err != nil {
		return nil, fmt.Errorf("looking for the schema of %s: %w", t.Name(), err)
	}
	return b, nil
}
