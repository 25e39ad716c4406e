package conform

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/events/exchange"
)

// mostRepairs is more than a message has attributes.
const mostRepairs = 32

var (
	plainName = regexp.MustCompile(`^[a-z0-9]{1,20}$`)
	typeForm  = regexp.MustCompile(`^org\.handrail\.[a-z-]{1,24}\.[a-z-]{1,24}\.v[1-9]$`)
)

// envelope finds everything that is wrong with a message's attributes: what is
// wrong is noted, put right from an example, and the rest is judged again. It
// gives the event as far as it could be read, of no type if there is none, and
// whether nothing was wrong.
func (j *Judge) envelope(r *Report, m exchange.Message) (events.Event, bool) {
	list, data, ok := attributes(r, m)
	if !ok {
		return events.Event{}, false
	}
	list = j.distinct(r, list)
	typ, guessed := typeOf(r, list)
	example, err := sample(typ)
	if err != nil {
		return events.Event{}, false
	}
	list = matched(r, list, example, guessed)
	for range mostRepairs {
		e, err := events.Parse(list, data)
		var v *events.Violation
		if !errors.As(err, &v) {
			if guessed {
				e.Type = ""
			}
			return e, len(r.Findings) == 0
		}
		name, isAttribute := strings.CutPrefix(v.Pointer, "attribute ")
		if !guessed || !slices.Contains([]string{"datacontenttype", "dataschema", "subject"}, name) {
			r.add(v.Rule, v.Pointer, advice(v, name))
		}
		if v.Rule == events.RuleEventTooLarge {
			data = nil
		} else if !isAttribute || !repair(list, name, example) {
			return events.Event{}, false
		}
	}
	return events.Event{}, false
}

// advice adds to a violation of an attribute's syntax what the attribute looks like.
func advice(v *events.Violation, attribute string) string {
	if v.Rule != events.RuleAttributeSyntax {
		return v.Reason
	}
	return v.Reason + ": " + form(attribute)
}

// distinct leaves out what the contract does not name and what stands twice.
func (j *Judge) distinct(r *Report, list []events.Attribute) []events.Attribute {
	known := names()
	var kept []events.Attribute
	for _, a := range list {
		switch {
		case !slices.Contains(known, a.Name):
			at := ""
			if plainName.MatchString(a.Name) {
				at = "attribute " + a.Name
			}
			r.add(events.RuleAttributeUnknown, at, "the contract has no such attribute, and tracestate and free extensions least of all: leave it out")
		case slices.ContainsFunc(kept, func(k events.Attribute) bool { return k.Name == a.Name }):
			r.add(events.RuleAttributeRepeated, "attribute "+a.Name, "each attribute stands once, whatever the case of its name")
		default:
			kept = append(kept, a)
		}
	}
	return kept
}

// names lists every attribute that the contract has.
func names() []string {
	full := events.Event{
		ID: "x", Source: "x", Type: "x", DataContentType: "x", DataSchema: "x", Subject: "x", Hub: "x", Sequence: "x",
		CorrelationID: "x", CausationID: "x", TraceParent: "x", PlainCommit: "x", DSSEMaterial: "x",
	}
	all := []string{"time"}
	for _, a := range full.Attributes() {
		all = append(all, a.Name)
	}
	return all
}

func valueOf(list []events.Attribute, name string) string {
	for _, a := range list {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// typeOf is the event's type, or, when the catalogue has no such one, one that is
// like it; guessed says so.
func typeOf(r *Report, list []events.Attribute) (typ events.Type, guessed bool) {
	typ = events.Type(valueOf(list, "type"))
	if slices.Contains(events.Types(), typ) {
		return typ, false
	}
	switch {
	case typ == "":
	case !typeForm.MatchString(string(typ)):
		r.add(events.RuleAttributeSyntax, "attribute type", "a type is org.handrail.<thing>.<verb>.v1: `handrail conform example` lists those that there are")
	default:
		r.add(events.RuleTypeUnknown, "attribute type", "the catalogue has no event of this type: `handrail conform example` lists those that there are")
	}
	if valueOf(list, "datacontenttype") == events.SealedContent {
		return events.TypeRecordSealed, true
	}
	return events.TypeCaseOpened, true
}

// matched makes the list have the attributes of its type: it notes and fills in
// what is missing, notes and leaves out what such events do not have.
func matched(r *Report, list []events.Attribute, example events.Event, guessed bool) []events.Attribute {
	var kept []events.Attribute
	for _, wanted := range example.Attributes() {
		value := valueOf(list, wanted.Name)
		i := slices.IndexFunc(list, func(a events.Attribute) bool { return a.Name == wanted.Name })
		switch {
		case wanted.Name == "type" && guessed:
			value = wanted.Value
			if i < 0 {
				r.add(events.RuleAttributeMissing, "attribute type", "the attribute is required: "+form("type"))
			}
		case i < 0:
			value = wanted.Value
			if !guessed || !slices.Contains([]string{"sequence", "plaincommit"}, wanted.Name) {
				r.add(events.RuleAttributeMissing, "attribute "+wanted.Name, "the attribute is required: "+form(wanted.Name))
			}
		}
		kept = append(kept, events.Attribute{Name: wanted.Name, Value: value})
	}
	for _, a := range list {
		if valueOf(kept, a.Name) == "" && !guessed {
			r.add(events.RuleAttributeUnknown, "attribute "+a.Name, "an attribute that events of this type do not have: leave it out")
		}
	}
	return kept
}

// repair puts one attribute right, so that the others can be judged.
func repair(list []events.Attribute, name string, example events.Event) bool {
	i := slices.IndexFunc(list, func(a events.Attribute) bool { return a.Name == name })
	if i < 0 {
		return false
	}
	value := valueOf(example.Attributes(), name)
	hub, rest, _ := strings.Cut(strings.TrimPrefix(valueOf(list, "source"), "urn:handrail:"), ":")
	switch name {
	case "hub":
		value = "handrail/" + hub
	case "source":
		if origin, ok := strings.CutPrefix(valueOf(list, "hub"), "handrail/"); ok && origin != "" {
			value = "urn:handrail:" + origin + ":agency:" + string(example.Agency())
		}
	case "subject":
		if agency, ok := strings.CutPrefix(rest, "agency:"); ok && example.Subject == string(example.Agency()) {
			value = agency
		}
	}
	if list[i].Value == value {
		value = valueOf(example.Attributes(), name)
	}
	if list[i].Value == value {
		return false
	}
	list[i].Value = value
	return true
}

// attributes collects what a message has, however it is written; false: nothing
// of an event can be read.
func attributes(r *Report, m exchange.Message) (list []events.Attribute, data []byte, ok bool) {
	if isStructured(m) {
		return structuredAttributes(r, m)
	}
	for _, header := range slices.Sorted(maps.Keys(m.Header)) {
		name, isAttribute := strings.CutPrefix(strings.ToLower(header), "ce-")
		if !isAttribute {
			continue
		}
		for _, value := range m.Header[header] {
			list = append(list, events.Attribute{Name: name, Value: value})
		}
	}
	if len(list) == 0 {
		r.add(events.RuleAttributeMissing, "", "the message has no header that begins with ce-, and no content type application/cloudevents+json: it is no event")
		return nil, nil, false
	}
	return list, m.Data, true
}

func isStructured(m exchange.Message) bool {
	for header, values := range m.Header {
		if strings.EqualFold(header, "content-type") && len(values) == 1 && strings.HasPrefix(strings.ToLower(strings.TrimSpace(values[0])), "application/cloudevents") {
			return true
		}
	}
	return false
}

// structuredAttributes reads the CloudEvents JSON format as leniently as it can.
func structuredAttributes(r *Report, m exchange.Message) (list []events.Attribute, data []byte, ok bool) {
	malformed := func() ([]events.Attribute, []byte, bool) {
		r.add(events.RuleDataMalformed, "", "the body is not one event in the CloudEvents JSON format, in UTF-8, with nothing behind it")
		return nil, nil, false
	}
	d := jsontext.NewDecoder(bytes.NewReader(m.Data), jsontext.AllowDuplicateNames(true))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return malformed()
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return malformed()
		}
		name := token.String()
		value, err := d.ReadValue()
		if err != nil {
			return malformed()
		}
		switch name {
		case "data":
			data = value.Clone()
		case "data_base64":
			r.add(events.RuleDataMalformed, "/data_base64", "data travels as the member data, never as data_base64")
		default:
			text, _ := jsontext.AppendUnquote(nil, value) // what is no string has no syntax that fits
			list = append(list, events.Attribute{Name: name, Value: string(text)})
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return malformed()
	}
	if valueOf(list, "datacontenttype") == events.SealedContent {
		text, err := jsontext.AppendUnquote(nil, data)
		if err != nil {
			r.add(events.RuleDataMalformed, "/data", "the data of a sealed record is a JSON string")
		}
		data = text
	}
	return list, data, true
}
