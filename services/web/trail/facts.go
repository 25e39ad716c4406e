package trail

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"handrail/events"
	"handrail/services/web/language"
)

// Fact is one thing that a statement says, in words.
type Fact struct {
	Label string
	Text  string
}

// facts puts what a statement says into words, member by member, in the order of the catalogue. It follows the
// statement's own type, so that a new event of the memorandum needs no new page, only words.
func (w writer) facts(p events.Payload) ([]Fact, error) {
	if record, sealed := p.(*events.Record); sealed {
		return w.header(record.Header)
	}
	var all []Fact
	err := w.members(reflect.ValueOf(p).Elem(), p.Type().Name(), func(label, text string) { all = append(all, Fact{label, text}) })
	return all, err
}

// members goes through a struct; those that it embeds count as its own, except when and how a statement was made.
func (w writer) members(of reflect.Value, event string, put func(label, text string)) error {
	for i := range of.NumField() {
		field, value := of.Type().Field(i), of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Type == reflect.TypeFor[events.Said]() || value.IsZero() && value.Kind() != reflect.Bool:
			continue
		case field.Anonymous || field.Type == reflect.TypeFor[events.Children]():
			if err := w.members(value, event, put); err != nil {
				return err
			}
			continue
		}
		label, err := w.label(event, name, field.Type)
		if err != nil {
			return err
		}
		text, err := w.value(value)
		if err != nil {
			return fmt.Errorf("the member %s of %s: %w", name, event, err)
		}
		put(label, text)
	}
	return nil
}

// label is a member's short name: that of the event if there is one, else the usual. Members that are called alike and
// say other things are told apart by their types.
func (w writer) label(event, name string, of reflect.Type) (string, error) {
	switch of {
	case reflect.TypeFor[events.Staff]():
		name = "staff"
	case reflect.TypeFor[events.Danger]():
		name = "danger"
	case reflect.TypeFor[events.Speaker]():
		name = "speaker"
	case reflect.TypeFor[events.Told]():
		name = "told"
	}
	if key := "trail.fact." + event + "." + name; w.words.Has(key) {
		return w.words.Say(key)
	}
	return w.words.Say("trail.fact." + name)
}

// value puts one member into words.
func (w writer) value(v reflect.Value) (string, error) {
	switch of := v.Interface().(type) {
	case events.Time:
		return w.words.Moment(of.Time(), w.now)
	case events.Recipient:
		return w.recipient(of)
	case events.AgencyID:
		return w.agency(of)
	case events.EventID:
		return w.entry(of)
	case events.Staff:
		return string(of), nil
	case events.CaseID:
		return string(of), nil
	case bool:
		return w.words.Say("trail." + map[bool]string{true: "yes", false: "no"}[of])
	case interface{ Codes() []string }:
		return w.words.Code(language.ListOf(v.Type()), v.String())
	}
	switch v.Kind() { //nolint:exhaustive // statements hold no other kinds; whatever comes has no words yet
	case reflect.Slice:
		texts := make([]string, v.Len())
		for i := range texts {
			text, err := w.value(v.Index(i))
			if err != nil {
				return "", err
			}
			texts[i] = text
		}
		return strings.Join(texts, "; "), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.String:
		return w.words.Code(language.ListOf(v.Type()), v.String())
	}
	return "", fmt.Errorf("a trail has no words for a %s", v.Type())
}

// recipient is whom a consent is for.
func (w writer) recipient(r events.Recipient) (string, error) {
	if r.Agency != "" {
		return w.agency(r.Agency)
	}
	kind, err := w.words.Code("agency-kind", string(r.Class))
	if err != nil {
		return "", err
	}
	if len(r.Except) == 0 {
		return w.words.Say("trail.recipient.class", "Kind", kind)
	}
	except := make([]string, len(r.Except))
	for i, one := range r.Except {
		except[i] = string(one)
	}
	return w.words.Say("trail.recipient.except", "Kind", kind, "Agencies", strings.Join(except, ", "))
}

// entry names a statement by its place in the log, or, if the reader does not see it, by its id.
func (w writer) entry(id events.EventID) (string, error) {
	item, known := w.item(id)
	if !known {
		return string(id), nil
	}
	if record, sealed := item.Facts.(*events.Record); sealed {
		section, err := w.words.Code("section", string(record.Header.Section))
		if err != nil {
			return "", err
		}
		return w.words.Say("trail.entry.section", "Section", section, "Entry", strconv.FormatUint(item.Number, 10))
	}
	return w.words.Say("trail.entry", "Entry", strconv.FormatUint(item.Number, 10))
}

// header puts what stands outside of a sealed record into words.
func (w writer) header(h events.RecordHeader) ([]Fact, error) {
	var all []Fact
	for _, one := range []struct {
		name string
		of   any
	}{{"to", h.To}, {"section", h.Section}, {"purpose", h.Purpose}} {
		label, err := w.words.Say("trail.fact." + one.name)
		if err != nil {
			return nil, err
		}
		text, err := w.value(reflect.ValueOf(one.of))
		if err != nil {
			return nil, err
		}
		all = append(all, Fact{label, text})
	}
	return all, nil
}

// agency is an id with what the organisation is, as far as the directory says.
func (w writer) agency(id events.AgencyID) (string, error) {
	if id == events.HubAgency {
		return w.words.Say("trail.hub")
	}
	kind, listed := w.Kinds[id]
	if !listed {
		return string(id), nil
	}
	says, err := w.words.Code("agency-kind", string(kind))
	if err != nil {
		return "", err
	}
	return w.words.Say("trail.agency", "Agency", string(id), "Kind", says)
}

// Time is an instant as people read it and as machines do.
type Time struct {
	Text  string
	ISO   string // RFC 3339, UTC
	Exact string // with the microseconds of an admission, UTC
}

func (w writer) time(t time.Time) (Time, error) {
	text, err := w.words.Moment(t, w.now)
	return Time{Text: text, ISO: t.UTC().Format(time.RFC3339), Exact: t.UTC().Format("2006-01-02 15:04:05.000000 UTC")}, err
}
