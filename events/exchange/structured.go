package exchange

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// parseStructured reads the CloudEvents JSON event format. The decoder refuses
// repeated names at any depth, invalid UTF-8 and malformed JSON; attributes must
// be strings, and of the two members for data only "data" exists here.
func parseStructured(body []byte) (events.Event, error) {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return events.Event{}, notAnEvent(err)
	}
	var attributes []events.Attribute
	var data jsontext.Value
	for d.PeekKind() == '"' {
		name, err := readString(d)
		if err != nil {
			return events.Event{}, err
		}
		switch name {
		case "data":
			value, err := d.ReadValue()
			if err != nil {
				return events.Event{}, notAnEvent(err)
			}
			data = value.Clone() // the decoder reuses its buffer
		case "data_base64":
			return events.Event{}, events.Refuse(events.RuleDataMalformed, "/data_base64", "data travels as the member data, never as data_base64")
		default:
			value, err := readAttribute(d)
			if err != nil {
				return events.Event{}, err
			}
			attributes = append(attributes, events.Attribute{Name: name, Value: value})
		}
	}
	if _, err := d.ReadToken(); err != nil { // the closing brace; names are strings, so nothing else fits
		return events.Event{}, notAnEvent(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return events.Event{}, events.Refuse(events.RuleDataMalformed, "", "nothing follows the event")
	}
	e, err := events.Parse(attributes, data)
	if err != nil || e.DataContentType != events.SealedContent {
		return e, err
	}
	return unquoted(e)
}

// unquoted gives a sealed record its bytes: the content of the JSON string.
func unquoted(e events.Event) (events.Event, error) {
	d := jsontext.NewDecoder(bytes.NewReader(e.Data))
	if d.PeekKind() != '"' {
		return events.Event{}, events.Refuse(events.RuleDataMalformed, "/data", "the data of a sealed record is a JSON string")
	}
	content, err := readString(d)
	e.Data = []byte(content)
	return e, err
}

// readAttribute gives the content of a string. For any other value it gives "",
// which no attribute's syntax allows, so that the refusal names the attribute if
// the contract knows it and never repeats a foreign name.
func readAttribute(d *jsontext.Decoder) (string, error) {
	if d.PeekKind() == '"' {
		return readString(d)
	}
	if err := d.SkipValue(); err != nil {
		return "", notAnEvent(err)
	}
	return "", nil
}

func readString(d *jsontext.Decoder) (string, error) {
	token, err := d.ReadToken()
	if err != nil {
		return "", notAnEvent(err)
	}
	return token.String(), nil
}

// notAnEvent drops the decoder's own text, which would repeat the input.
func notAnEvent(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return events.Refuse(events.RuleAttributeRepeated, "", "no name stands twice in the JSON of an event")
	}
	return events.Refuse(events.RuleDataMalformed, "", "the body is not one event in the CloudEvents JSON format")
}
