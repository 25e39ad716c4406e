package trail_test

import (
	"reflect"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/web/trail"
)

// filled gives every member of a payload a value, the first of its list where it has one.
func filled(t *testing.T, v reflect.Value) {
	t.Helper()
	switch of := v.Interface().(type) {
	case events.Time:
		v.Set(reflect.ValueOf(events.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))))
		return
	case events.Staff:
		v.SetString("duty-3")
		return
	case events.AgencyID, events.EventID, events.CaseID:
		v.SetString("sampletown-police")
		return
	case interface{ Codes() []string }:
		v.SetString(of.Codes()[0])
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			filled(t, field)
		}
	case reflect.Slice:
		one := reflect.New(v.Type().Elem()).Elem()
		filled(t, one)
		v.Set(reflect.Append(v, one))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Uint64:
		v.SetUint(2)
	default:
		t.Fatalf("a test cannot fill a %s", v.Type())
	}
}

// A new event of the memorandum needs words, and no new page: this fails until it has them.
func TestEveryMemberOfEveryStatementHasWords(t *testing.T) {
	profile, err := mou.LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	m := &mou.Memorandum{Profile: profile, Directory: kinds()}
	words := english(t)
	for _, term := range m.Terms() {
		if term.Event.Sealed() {
			continue
		}
		p := events.New(term.Event)
		filled(t, reflect.ValueOf(p).Elem())
		item := mou.Item{Number: 3, Type: term.Event, By: police, Admitted: time.Now(), Facts: p}
		page, err := trail.Of(words, trail.Source{Case: m.NewCase(""), Profile: profile, Kinds: kinds(), Entries: []trail.Entry{{Number: 3, By: police, Item: &item}}}, trail.Moment{}, time.Now())
		if err != nil {
			t.Errorf("%s: %v", term.Event.Name(), err)
			continue
		}
		for _, f := range page.Lines[0].Facts {
			if f.Label == "" || f.Text == "" {
				t.Errorf("%s says %+v", term.Event.Name(), f)
			}
		}
	}
}
