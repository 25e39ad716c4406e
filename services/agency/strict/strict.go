// Package strict reads what people and systems send an agency: one JSON object with the members that its path takes, and
// nothing else. What it refuses is a violation that names the place and never repeats a value.
package strict

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// Read decodes one JSON object into to: no unknown or repeated members, no
// trailing bytes. Error: *events.Violation.
func Read(body []byte, to any) error {
	err := json.Unmarshal(body, to, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	pointer, reason := "", "the body is not the JSON object that this path takes"
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		pointer = string(semantic.JSONPointer)
	case errors.As(err, &syntactic):
		pointer = string(syntactic.JSONPointer)
	}
	if errors.Is(err, json.ErrUnknownName) { // the last step is a name from outside
		pointer, reason = pointer[:max(strings.LastIndexByte(pointer, '/'), 0)], "the body has a member that this path does not take"
	}
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return events.Refuse(v.Rule, pointer, v.Reason)
	}
	return events.Refuse(events.RuleDataMalformed, pointer, reason)
}

// Wanted refuses an answer that leaves a member out.
func Wanted(present bool, member string) error {
	if present {
		return nil
	}
	return events.Refuse(events.RuleDataMalformed, "/"+member, "this member is needed")
}

// Inside moves a violation's place under a member of the body.
func Inside(err error, member string) error {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return events.Refuse(v.Rule, member+v.Pointer, v.Reason)
	}
	return err
}
