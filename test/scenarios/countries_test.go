package scenarios

import (
	"path/filepath"
	"strings"
	"testing"

	"handrail/deploy/local/story"
)

// TestEveryCountryTellsTheStory founds a hub under each country profile and tells
// the same story there: a profile is data, and what the night shift needs holds
// under every one.
func TestEveryCountryTellsTheStory(t *testing.T) {
	t.Parallel()
	profiles, err := filepath.Glob("../../contracts/mou/profiles/*.yaml")
	if err != nil || len(profiles) == 0 {
		t.Fatalf("no profiles: %v", err)
	}
	const file = "testdata/countries/bed.txtar"
	for _, profile := range profiles {
		name := strings.TrimSuffix(filepath.Base(profile), ".yaml")
		if strings.HasPrefix(name, "model@") || strings.HasPrefix(name, "sampleland@") {
			continue // a national profile extends the first; the second's own stories are all the others
		}
		t.Run(name, func(t *testing.T) {
			founding := story.Founding(read(t, file))
			founding.Profile = name
			tellAll(t, []string{file}, founding)
		})
	}
}
