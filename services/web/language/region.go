package language

import (
	"fmt"
	"sync"

	"github.com/goccy/go-yaml"
)

// regionNames reads messages/regions.yaml once: what the people who live there call
// each region, the same in every language.
//
//nolint:gochecknoglobals // read-only
var regionNames = sync.OnceValues(func() (map[string]string, error) {
	text, err := messages.ReadFile("messages/regions.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the regions' names: %w", err)
	}
	names := map[string]string{}
	if err := yaml.Unmarshal(text, &names); err != nil {
		return nil, fmt.Errorf("reading the regions' names: %w", err)
	}
	return names, nil
})

func regionName(code string) (string, error) {
	names, err := regionNames()
	if err != nil {
		return "", err
	}
	if name, ok := names[code]; ok {
		return name, nil
	}
	return "", fmt.Errorf("the region %q has no name", code)
}
