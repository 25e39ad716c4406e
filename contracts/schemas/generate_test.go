package schemas

import (
	"reflect"
	"strings"
	"testing"

	"handrail/events"
)

// What may not become a fact stops the generator, whoever adds it to a payload.
func TestGeneratorRefusesWhatIsNoFact(t *testing.T) {
	for want, payload := range map[string]any{
		"no rule, clock or route reads it": struct {
			Age events.AgeClass `json:"age"`
		}{},
		"free text": struct {
			Note string `json:"note" reads:"route notice"`
		}{},
		"no JSON name": struct {
			Age events.AgeClass `reads:"route matching"`
		}{},
		"is no set": struct {
			Counts []int `json:"counts" reads:"route matching"`
		}{},
		"of a kind that facts do not have": struct {
			Any map[string]string `json:"any" reads:"route matching"`
		}{},
		"Nested.Note is free text": struct {
			Nested struct {
				Note string `json:"note" reads:"route notice"`
			} `json:"nested" reads:"route notice"`
		}{},
	} {
		_, err := object(reflect.TypeOf(payload))
		if err == nil || !strings.Contains("Nested"+err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
