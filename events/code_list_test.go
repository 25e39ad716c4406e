package events_test

import (
	"regexp"
	"slices"
	"testing"

	"handrail/events"
)

// Codes of places and languages are lists in text: each code stands once, in
// order, and has the form of its standard.
func TestRegionsAndLanguagesAreClosedLists(t *testing.T) {
	for name, list := range map[string]struct {
		codes []string
		form  *regexp.Regexp
	}{
		"region":   {events.Region("").Codes(), regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)},
		"language": {events.Language("").Codes(), regexp.MustCompile(`^[a-z]{3}$`)},
	} {
		if len(list.codes) < 100 || !slices.IsSorted(list.codes) || len(slices.Compact(slices.Clone(list.codes))) != len(list.codes) {
			t.Errorf("%s: %d codes, each once and in order?", name, len(list.codes))
		}
		for _, c := range list.codes {
			if !list.form.MatchString(c) {
				t.Errorf("%s: %q does not have the form of its standard", name, c)
			}
		}
	}
	for _, c := range []string{"GB-ENG", "DE-NI", "NO-03", "LT-VL", "LV-RIX", "EE-37", "PL-14", "FI-18", "SE-AB", "DK-84", "IS-1"} {
		if new(events.Region).UnmarshalText([]byte(c)) != nil {
			t.Errorf("%s is refused", c)
		}
	}
	for _, c := range []string{"eng", "ron", "bul", "ukr", "prs", "cmn", "bin", "vie"} {
		if new(events.Language).UnmarshalText([]byte(c)) != nil {
			t.Errorf("%s is refused", c)
		}
	}
}
