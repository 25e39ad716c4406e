package hsds

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// FuzzHSDS: no panic; errors are violations; what comes out are codes of the
// closed lists and names of HSDS, whatever the record says; and what is complete
// encodes as a capacity.
func FuzzHSDS(f *testing.F) {
	const marker = "m4rker-of-a-house"
	f.Add(Example())
	f.Add([]byte(strings.ReplaceAll(string(Example()), "Invented", marker)))
	f.Add([]byte(`{"contents":[{"id":"a","status":"active","` + marker + `":1,"name":"` + marker + `","capacities":[{"unit":{"name":"bed"},"available":-1,"updated":"2026-11-24T00:00:00Z"}]}]}`))
	f.Add([]byte(`[{"id":"a","status":"active","schedules":[{"freq":"WEEKLY","byday":"MO,SU","opens_at":"23:00-12:00","closes_at":"01:00-12:00"}]}]`))
	f.Add([]byte(`{"id":"a","status":"active","minimum_age":1e400,"languages":[{"code":"` + marker + `"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := Read(body, night())
		if err != nil {
			var v *events.Violation
			if !errors.As(err, &v) || strings.Contains(v.Error(), marker) {
				t.Fatalf("not a violation, or one that repeats the record: %v", err)
			}
			return
		}
		for _, p := range all {
			if p.ID == marker { // the directory's own word for the service
				p.ID = ""
			}
			told, err := json.Marshal(p)
			if err != nil || strings.Contains(strings.ReplaceAll(string(told), p.ID, ""), marker) {
				t.Fatalf("%s repeats the record: %v", told, err)
			}
			for _, q := range p.Questions {
				if q.Required && p.Capacity.has(q.Field) {
					t.Fatalf("%s is established and asked", q.Field)
				}
			}
			complete(t, p)
		}
	})
}

func complete(t *testing.T, p Proposal) {
	t.Helper()
	none, now := 0, events.At(night())
	given := Answers{
		Needs: events.Set[events.Need]{"counselling"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Children: &none, Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.FewPlaces,
	}
	for _, field := range p.Capacity.fields() { // what HSDS established is not overridden
		switch field {
		case "needs":
			given.Needs = nil
		case "ages":
			given.Ages = nil
		case "hours":
			given.Hours = nil
		case "places":
			given.Places = ""
		}
	}
	_, err := p.Complete(given, events.Said{Happened: now, Recorded: now, Channel: events.System})
	if (err == nil) != p.Active {
		t.Fatalf("%+v does not make a capacity: %v", p.Capacity, err)
	}
	if slices.Contains(p.Capacity.fields(), "sexes") {
		t.Fatal("HSDS established which sexes are taken")
	}
}
