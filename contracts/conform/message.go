package conform

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events/exchange"
)

// MaxInput is the most that is read of one file or stream of messages, in bytes.
const MaxInput = 64 << 20

// structuredType is the content type that a message of bare JSON is given.
const structuredType = "application/cloudevents+json"

// ErrNoMessages says that an input holds nothing that could be a message.
var ErrNoMessages = errors.New("no message in it: give JSON of the CloudEvents JSON format, or lines `ce-<attribute>: <value>`, an empty line, and the data")

// Split reads the messages of one file or stream, in their order. It knows three
// forms: JSON objects one behind the other, each an event in the CloudEvents JSON
// format or {"header":[[name,value],…],"body":text} as in the golden vectors; or
// one message as text: header lines, an empty line, and the data to the end, but for
// one last line feed, which is the file's.
// It judges nothing: what is malformed inside a message stays in it.
func Split(input []byte) ([]exchange.Message, error) {
	trimmed := bytes.TrimLeft(input, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return nil, ErrNoMessages
	case trimmed[0] == '{' || trimmed[0] == '[':
		return splitJSON(trimmed)
	}
	return splitText(trimmed)
}

// splitJSON takes whole values apart; what is no JSON from some point on is one
// last message, so that its being malformed is told.
func splitJSON(input []byte) ([]exchange.Message, error) {
	var all []exchange.Message
	d := jsontext.NewDecoder(bytes.NewReader(input), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		begin := d.InputOffset()
		value, err := d.ReadValue()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return append(all, structured(bytes.TrimLeft(input[begin:], " \t\r\n"))), nil
		}
		all = append(all, fromJSON(value.Clone()))
	}
}

func fromJSON(value jsontext.Value) exchange.Message {
	var vector struct {
		Header [][2]string `json:"header"`
		Body   *string     `json:"body"`
	}
	if err := json.Unmarshal(value, &vector, jsontext.AllowDuplicateNames(true)); err != nil || vector.Header == nil || vector.Body == nil {
		return structured(value)
	}
	m := exchange.Message{Header: map[string][]string{}, Data: []byte(*vector.Body)}
	for _, line := range vector.Header {
		m.Header[line[0]] = append(m.Header[line[0]], line[1])
	}
	return m
}

func structured(body []byte) exchange.Message {
	return exchange.Message{Header: map[string][]string{"content-type": {structuredType}}, Data: body}
}

// splitText reads the dump of one message: a status line of NATS or HTTP may
// stand first.
func splitText(input []byte) ([]exchange.Message, error) {
	m := exchange.Message{Header: map[string][]string{}}
	rest := input
	for first := true; ; first = false {
		line, after, found := bytes.Cut(rest, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		rest = after
		if len(line) == 0 {
			break
		}
		name, value, colon := strings.Cut(string(line), ":")
		switch {
		case colon && utf8.ValidString(name) && !strings.ContainsAny(name, " \t"):
			m.Header[name] = append(m.Header[name], strings.Trim(value, " \t"))
		case !first:
			return nil, ErrNoMessages
		}
		if !found {
			break
		}
	}
	if len(m.Header) == 0 {
		return nil, ErrNoMessages
	}
	m.Data = bytes.TrimSuffix(rest, []byte{'\n'})
	return []exchange.Message{m}, nil
}
