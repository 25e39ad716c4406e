package agency

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// readStrict decodes one JSON object into to: no unknown or repeated members,
// no trailing bytes. Its violation names the member and never repeats a value.
func readStrict(body []byte, to any) error {
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

// wanted refuses an answer that leaves a member out.
func wanted(present bool, member string) error {
	if present {
		return nil
	}
	return events.Refuse(events.RuleDataMalformed, "/"+member, "this member is needed")
}
