package cases

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web/language"
)

// said is one line of the timeline.
type said struct {
	agency.Line

	Place   int // in the timeline, from 1
	Hub     bool
	Missed  bool // it tells of a time that was missed
	Details []detail
	To      []events.AgencyID // to whom it is addressed, as far as it says so
}

// detail is one thing that a statement says: a code of a list, a name, or a time.
type detail struct {
	List, Code string
	Text       string
	At         time.Time
}

func linesOf(c mou.Case, trail []agency.Line) []said {
	facts := map[events.EventID]events.Payload{}
	for _, item := range c.Trail() {
		facts[item.ID] = item.Facts
	}
	list := make([]said, len(trail))
	for i, line := range trail {
		list[i] = said{Line: line, Place: i + 1, Hub: line.By == events.HubAgency, Missed: line.Type == events.TypeDeadlineMissed.Name()}
		list[i].Details, list[i].To = detailsOf(facts[line.ID])
	}
	return list
}

// told are the members that a timeline tells, in their order; the trail with its
// proofs has all of them.
func told() []string {
	return []string{
		"to", "recipient", "agency", "class", "provider", "age", "needs", "need", "purpose", "section", "sections", "urgency", "planned", "reason", "answer", "ground", "until",
		"outcome", "safety", "way_back", "step", "because", "duty", "owes", "expires", "for",
	}
}

// detailsOf reads what a statement says from its type, so that a statement that is
// added to the memorandum needs nothing here.
func detailsOf(facts events.Payload) (list []detail, to []events.AgencyID) {
	if facts == nil {
		return nil, nil
	}
	if record, sealed := facts.(*events.Record); sealed {
		return []detail{{List: "section", Code: string(record.Header.Section)}, {Text: string(record.Header.To)}}, []events.AgencyID{record.Header.To}
	}
	value := reflect.Indirect(reflect.ValueOf(facts))
	if value.Kind() != reflect.Struct {
		return nil, nil
	}
	members := map[string][]detail{}
	collect(value, members)
	for _, name := range told() {
		list = append(list, members[name]...)
	}
	for _, d := range slices.Concat(members["to"], members["provider"]) {
		if d.Text != "" {
			to = append(to, events.AgencyID(d.Text))
		}
	}
	return list, to
}

func collect(value reflect.Value, members map[string][]detail) {
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Type == reflect.TypeFor[events.Said]() || !field.IsExported():
		case field.Anonymous || field.Type == reflect.TypeFor[events.Recipient]():
			collect(value.Field(i), members)
		case field.Type.Kind() == reflect.Slice:
			for at := range value.Field(i).Len() {
				members[name] = append(members[name], one(value.Field(i).Index(at))...)
			}
		default:
			members[name] = append(members[name], one(value.Field(i))...)
		}
	}
}

// one is a single value as a detail; none if it says nothing that people are shown.
func one(value reflect.Value) []detail {
	if value.IsZero() {
		return nil
	}
	switch held := value.Interface().(type) {
	case events.AgencyID:
		return []detail{{Text: string(held)}}
	case events.Time:
		return []detail{{At: held.Time()}}
	case interface{ Codes() []string }:
		return []detail{{List: language.ListOf(value.Type()), Code: value.String()}}
	}
	return nil
}
