package strict_test

import (
	"errors"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency/strict"
)

func TestABodyIsReadWholeOrRefusedWithoutRepeatingIt(t *testing.T) {
	for body, want := range map[string]string{
		`{"age":"adult"}`:                 "",
		`{"age":"adult","planted":1}`:     "data-malformed",
		`{"age":"adult","age":"planted"}`: "data-malformed /age",
		`{"age":"planted"}`:               "data-code /age",
		`{"age":1}`:                       "data-malformed /age",
		`{"age":"adult"} planted`:         "data-malformed",
		`["planted"]`:                     "data-malformed",
		`planted`:                         "data-malformed",
		``:                                "data-malformed",
	} {
		var given struct {
			Age events.AgeClass `json:"age"`
		}
		err := strict.Read([]byte(body), &given)
		if got := refusal(err); got != want || err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
	if got := refusal(strict.Inside(strict.Wanted(false, "age"), "/data")); got != "data-malformed /data/age" {
		t.Error(got)
	}
	away := errors.New("away")
	if strict.Wanted(true, "age") != nil || !errors.Is(strict.Inside(away, "/data"), away) || strict.Inside(nil, "/data") != nil {
		t.Error("what is no refusal is changed")
	}
}

// refusal is the rule and the place.
func refusal(err error) string {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return strings.TrimSpace(string(v.Rule) + " " + v.Pointer)
	}
	return ""
}
