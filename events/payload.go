package events

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits of facts, checked before they are decoded.
const (
	maxFactsBytes = 64 << 10
	maxNesting    = 6
	maxNumber     = 16 // digits
	maxSet        = 32
)

// Payload is the facts of one event type.
type Payload interface {
	// Type is the only event type that carries this payload.
	Type() Type
	// check refuses what the members' own types cannot: what one member says of another.
	check() error
}

// Said is part of every statement about a case: the event's times and channel.
type Said struct {
	Happened Time    `json:"happened" reads:"rule times-order"`
	Recorded Time    `json:"recorded" reads:"rule times-order"`
	Channel  Channel `json:"channel" reads:"rule late-by-channel"`
}

// Times gives when it happened and when it was recorded.
func (s Said) Times() (happened, recorded Time) { return s.Happened, s.Recorded }

// Via is the channel through which it became known.
func (s Said) Via() Channel { return s.Channel }

// Statement is a payload that says when something happened.
type Statement interface {
	Payload
	Times() (happened, recorded Time)
}

// Set is a list without repetition, of 1 to 32 members. An optional set is
// absent, never empty.
type Set[T ~string] []T

// New gives an empty payload for t, or nil when t carries no facts.
func New(t Type) Payload {
	form, err := t.form()
	if err != nil || form.payload == nil {
		return nil
	}
	return form.payload()
}

// Encode gives the JSON of a payload, after checking it.
func Encode(p Payload) ([]byte, error) {
	data, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	_, err = Decode(p.Type(), data)
	return data, err
}

// Decode reads the facts of an event of type t, strictly: valid UTF-8 JSON of
// at most 64 KiB, no unknown or repeated members, no trailing bytes, codes from
// the closed lists. Sealed records have no facts: see package seal.
func Decode(t Type, data []byte) (Payload, error) {
	p := New(t)
	if p == nil {
		return nil, Refuse(RuleTypeUnknown, "attribute type", "events of this type carry no facts")
	}
	if err := withinLimits(data); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, p, json.RejectUnknownMembers(true)); err != nil {
		return nil, malformed(shapes[reflect.TypeOf(p).Elem()], err)
	}
	if of := shapes[reflect.TypeOf(p).Elem()]; !of.filled(reflect.ValueOf(p).Elem()) {
		if err := of.complete(data, ""); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

// malformed turns the decoder's error into a violation that keeps the place, as
// far as the payload's type names it, and drops the content.
func malformed(of *shape, err error) error {
	pointer := ""
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		pointer = string(semantic.JSONPointer)
	case errors.As(err, &syntactic):
		pointer = string(syntactic.JSONPointer)
	}
	pointer = of.knownPart(pointer)
	if v, ok := errors.AsType[*Violation](err); ok {
		return Refuse(v.Rule, pointer, v.Reason)
	}
	return Refuse(RuleDataMalformed, pointer, "the data is not the JSON that the schema of this type describes")
}

func withinLimits(data []byte) error {
	if len(data) > maxFactsBytes {
		return Refuse(RuleEventTooLarge, "", "facts are at most 64 KiB")
	}
	if clearlyWithin(data) {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.ReadToken()
		if err != nil {
			break // the end, or a syntax error that decoding reports with its place
		}
		if d.StackDepth() > maxNesting {
			return Refuse(RuleDataMalformed, "", "the data is nested too deeply")
		}
		if token.Kind() == 'n' {
			return Refuse(RuleDataMalformed, "", "null says nothing; leave an optional member out")
		}
		if token.Kind() == '0' && len(token.String()) > maxNumber {
			return Refuse(RuleDataMalformed, "", "a number has too many digits")
		}
		if token.Kind() == '"' && strings.IndexByte(token.String(), 0) >= 0 {
			return Refuse(RuleDataMalformed, "", "a string holds the character NUL")
		}
	}
	return nil
}

// clearlyWithin says of most facts, without reading them as JSON, that no limit is
// near: whatever their brackets, digits and letters mean, there are too few of them.
func clearlyWithin(data []byte) bool {
	brackets, digits := 0, 0
	for _, c := range data {
		switch {
		case c == '{' || c == '[':
			brackets++
			digits = 0
		case c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E':
			if digits++; digits > maxNumber {
				return false
			}
		default:
			digits = 0
		}
	}
	return brackets <= maxNesting && !bytes.Contains(data, []byte("null")) && !bytes.Contains(data, []byte(`\u0000`))
}

// UnmarshalJSON refuses empty, repeated and oversized sets.
func (s *Set[T]) UnmarshalJSON(data []byte) error {
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	if len(list) == 0 || len(list) > maxSet {
		return Refuse(RuleDataRange, "", "a list has 1 to 32 members; leave an optional one out")
	}
	for i, member := range list {
		if slices.Contains(list[:i], member) {
			return Refuse(RuleDataRange, "", "a list names each member once")
		}
	}
	*s = list
	return nil
}

// CheckTimes refuses an event whose payload happened after it was recorded, or
// was recorded after it was signed.
func CheckTimes(e Event, p Payload) error {
	s, ok := p.(Statement)
	if !ok {
		return nil
	}
	happened, recorded := s.Times()
	if happened.Time().After(recorded.Time()) || recorded.Time().After(e.Time.Time()) {
		return Refuse(RuleTimesOrder, "/recorded", "happened is not after recorded, and recorded not after the event's time")
	}
	return nil
}
