// Package form turns the payload of a statement into a form, and what a form sent back into the payload.
//
// It knows no statement by name: members, code lists and what must be given come from the payload's Go type, the words from
// the messages, so a new event type needs no new page. What it reads is decoded by the same strict decoder that judges what
// comes over the wire; nothing that a form sends reaches the outbox in another way.
package form

import (
	"fmt"
	"reflect"
	"strings"

	"handrail/events"
	"handrail/services/agency/pages/ask"
	"handrail/services/web/language"
)

// fewest is up to how many codes all are shown at once (own choice: what fits a
// phone without scrolling).
const fewest = 7

// Member is one question of a form.
type Member struct {
	Name    string // of the field in the form: the members' names with a dot between
	Key     string // the last of them
	Kind    ask.Kind
	List    string   // name of the code list, as [language.Words.Code] knows it; empty: none
	Codes   []string // of the list; nil: whatever [Choices] offers
	Needed  bool
	Members []Member
}

// Form is what one type of statement asks.
type Form struct {
	Type    events.Type
	Members []Member
}

// Of reads the form off the payload of a type. It fails for types that carry no facts.
func Of(t events.Type) (Form, error) {
	p := events.New(t)
	if p == nil {
		return Form{}, fmt.Errorf("there is no form of %s: it carries no facts", t.Name())
	}
	members, err := membersOf(reflect.TypeOf(p).Elem(), "")
	return Form{Type: t, Members: members}, err
}

func membersOf(t reflect.Type, before string) ([]Member, error) {
	var all []Member
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || !field.IsExported() {
			continue // of what is embedded, the members stand for themselves
		}
		m := Member{Name: before + name, Key: name, Needed: !strings.Contains(options, "omitzero")}
		if err := m.shape(field.Type); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// shape takes the member's type apart.
func (m *Member) shape(t reflect.Type) (err error) {
	zero := reflect.Zero(t).Interface()
	list, isCoded := zero.(interface{ Codes() []string })
	switch {
	case t == reflect.TypeFor[events.Time]():
		m.Kind = ask.Moment
	case isCoded:
		m.List, m.Codes = language.ListOf(t), list.Codes()
		m.Kind = OneOf(m.Codes)
	case names(t) != "":
		m.Kind, m.List = ask.Pick, names(t)
	case t.Kind() == reflect.Slice:
		element := Member{Name: m.Name}
		if err = element.shape(t.Elem()); err != nil {
			return err
		}
		m.Kind, m.List, m.Codes = ask.Many, element.List, element.Codes
	case t.Kind() == reflect.Bool:
		m.Kind = ask.YesNo
	case t.Kind() == reflect.Int || t.Kind() == reflect.Uint64:
		m.Kind = ask.Count
	case t.Kind() == reflect.Struct:
		m.Kind = ask.Nested
		m.Members, err = membersOf(t, m.Name+".")
	case t.Kind() == reflect.String:
		m.Kind = ask.Line
	default:
		return fmt.Errorf("no question is known for the member %s", m.Name)
	}
	return err
}

// OneOf is how one of some codes is chosen: among all of them, or from a list that opens.
func OneOf(codes []string) ask.Kind {
	if len(codes) > fewest || len(codes) == 0 {
		return ask.Pick
	}
	return ask.One
}

// names says what an identifier is of; empty if the type is none.
func names(t reflect.Type) string {
	return map[reflect.Type]string{
		reflect.TypeFor[events.AgencyID](): "agency",
		reflect.TypeFor[events.CaseID]():   "case",
		reflect.TypeFor[events.EventID]():  "event",
	}[t]
}
