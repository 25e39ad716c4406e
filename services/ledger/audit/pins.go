package audit

import (
	"fmt"

	"handrail/events"
)

// Pins are what an auditor compares out of band with the hub's operator or with
// another party: who has these knows the log and everybody's keys in it. The
// genesis commits to the other two.
type Pins struct {
	Log     string           `json:"log"`     // verifier key of the log
	Hub     events.PublicKey `json:"hub"`     // the hub's signing key
	Genesis string           `json:"genesis"` // hexadecimal SHA-256 of the founding data
}

// differ says in words which of two parties' pins is another; empty if none is.
func (p Pins) differ(other Pins) string {
	switch {
	case p.Genesis != other.Genesis:
		return "the founding of the directory (genesis)"
	case p.Log != other.Log:
		return "the log key"
	case p.Hub != other.Hub:
		return "the hub's signing key"
	}
	return ""
}

// Text shows the pins, one a line.
func (p Pins) Text() string {
	return fmt.Sprintf("  genesis  %s\n  log key  %s\n  hub key  %s\n", p.Genesis, p.Log, p.Hub)
}
