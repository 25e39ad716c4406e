package asyncapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"handrail/contracts/schemas"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

//go:embed asyncapi.yaml.tmpl
var text string

// Limits are what the hub and its broker accept, in bytes where nothing else is
// said. A test holds each to the code that enforces it.
type Limits struct {
	Event, Attribute, Headers, Facts, Nesting, Number, Section, RecordHeader, Delivery, Submission int

	Connections, Subscriptions, Waiting, InFlight int // of one agency, at the broker
}

// ThisHub is what a hub accepts that its operator left as it is.
func ThisHub() Limits {
	return Limits{
		Event: events.MaxBytes, Attribute: 1024, Headers: 64, Facts: 64 << 10, Nesting: 6, Number: 16,
		Section: seal.MaxPlaintext, RecordHeader: 2 << 10, Delivery: tlog.MaxDeliveryBytes, Submission: 800 << 10,
		Connections: 16, Subscriptions: 512, Waiting: 1024, InFlight: 256,
	}
}

// message is one type of the catalogue as the document lists it.
type message struct {
	Name    string // case.opened
	Type    events.Type
	Content string
	Schema  string // file
	Headers string // name of the component
	Speaker string
	About   string
}

// document is what the template is given.
type document struct {
	Limits
	Messages                []message
	Submitted, Told, Obeyed []message // by agencies; by anybody to agencies; control messages of the hub
}

// Describe writes the document.
func Describe() ([]byte, error) {
	d := document{Limits: ThisHub()}
	for _, t := range events.Types() {
		m, err := describe(t)
		if err != nil {
			return nil, fmt.Errorf("describing %s: %w", t.Name(), err)
		}
		d.Messages = append(d.Messages, m)
		if !t.HubOnly() {
			d.Submitted = append(d.Submitted, m)
		}
		switch {
		case t.IsControl() && t.HubOnly():
			d.Obeyed = append(d.Obeyed, m)
		case !t.IsControl():
			d.Told = append(d.Told, m)
		}
	}
	page, err := template.New("asyncapi.yaml").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the template of the description: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, d); err != nil {
		return nil, fmt.Errorf("writing the description: %w", err)
	}
	return out.Bytes(), nil
}

func describe(t events.Type) (message, error) {
	m := message{Name: t.Name(), Type: t, Content: events.FactsContent, Schema: schemas.FileName(t), Headers: "factsHeaders", Speaker: "an agency"}
	if _, err := schemas.Of(t); err != nil {
		return m, err
	}
	switch {
	case t.Sealed():
		m.Content, m.Headers = events.SealedContent, "recordHeaders"
	case t.IsControl():
		m.Headers = "controlHeaders"
	}
	if t.HubOnly() {
		m.Speaker = "the hub"
	}
	subject := "the agency that it is about"
	if slices.Contains([]events.Type{events.TypeDirectoryFounded, events.TypeRetentionEnded}, t) {
		subject = "hub"
	} else if aboutCase(t) {
		subject = "the case"
	}
	m.About = subject
	return m, nil
}

// aboutCase says whether the subject is a case id. A test holds it to the envelope's
// own rules.
func aboutCase(t events.Type) bool {
	thing, _, _ := strings.Cut(t.Name(), ".")
	return !slices.Contains([]string{"directory", "capacity", "control", "trail", "retention", "witness"}, thing)
}
