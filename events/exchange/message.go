package exchange

import (
	"strings"

	"handrail/events"
)

// DeliveryHeader is the header in which the hub puts number, opening, proof and
// checkpoint of what it delivers; contracts/tlog reads it. JetStream takes at most
// 64 KiB of headers in a message, so the value has room for some 60 KiB.
const DeliveryHeader = "handrail-delivery"

const (
	attributePrefix   = "ce-"
	contentTypeHeader = "content-type"
	maxHeaders        = 64
)

// Message is one NATS message without its subject: what stands on the wire.
type Message struct {
	Header map[string][]string
	Data   []byte
}

// Delivery is the value of [DeliveryHeader]; false when the message has none, as
// control messages do not. The name is compared without case; a second value is
// refused (attribute-repeated).
func (m Message) Delivery() (string, bool, error) { return m.only(DeliveryHeader) }

// WithDelivery is the message with its [DeliveryHeader] set; m is left as it is.
func (m Message) WithDelivery(value string) Message { return m.with(DeliveryHeader, value) }

func (m Message) with(name, value string) Message {
	header := make(map[string][]string, len(m.Header)+1)
	for existing, values := range m.Header {
		if fold(existing) != name {
			header[existing] = values
		}
	}
	header[name] = []string{value}
	return Message{Header: header, Data: m.Data}
}

// only gives the single value of a header whose name, in lower case, is name.
func (m Message) only(name string) (value string, found bool, err error) {
	for existing, values := range m.Header {
		if fold(existing) != name {
			continue
		}
		if found || len(values) != 1 {
			return "", false, events.Refuse(events.RuleAttributeRepeated, "header "+name, "the header stands once, with one value")
		}
		value, found = values[0], true
	}
	return value, found, nil
}

// fold lowers ASCII letters only: Unicode folding would let the Kelvin sign pass
// for a k. What this program wrote is lower already.
func fold(name string) string {
	if !strings.ContainsAny(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return name
	}
	lower := []byte(name)
	for i, b := range lower {
		if 'A' <= b && b <= 'Z' {
			lower[i] = b + 'a' - 'A'
		}
	}
	return string(lower)
}

// weight is what a broker counts, in bytes: the header block and the body.
func (m Message) weight() int {
	n := len(m.Data) + len("NATS/1.0\r\n\r\n")
	for name, values := range m.Header {
		for _, value := range values {
			n += len(name) + len(": ") + len(value) + len("\r\n")
		}
	}
	return n
}
