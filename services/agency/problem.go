package agency

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json"

	"handrail/contracts/mou"
	"handrail/events"
)

// Problem is an error as RFC 9457 gives it. It names the rule and the member,
// and never repeats what was sent.
type Problem struct {
	Type    string      `json:"type"` // urn:handrail:rule:<rule>
	Title   string      `json:"title"`
	Status  int         `json:"status"`
	Detail  string      `json:"detail"`
	Rule    events.Rule `json:"rule,omitzero"`
	Pointer string      `json:"pointer,omitzero"`
}

// Rules of the HTTP interface itself.
const (
	RuleTokenMissing events.Rule = "token-missing"
	RuleBodyTooLarge events.Rule = "body-too-large"
	RuleContentType  events.Rule = "content-type"
	RuleNotFound     events.Rule = "not-found"
	RuleNotJoined    events.Rule = "not-joined"
	RuleInternal     events.Rule = "internal"
)

// statusOf is the HTTP status of a rule: what is not listed here is 422, a
// request that is well-formed and against a rule.
func statusOf(rule events.Rule) int {
	status, listed := map[events.Rule]int{
		RuleTokenMissing: http.StatusUnauthorized,

		RuleBodyTooLarge:         http.StatusRequestEntityTooLarge,
		events.RuleEventTooLarge: http.StatusRequestEntityTooLarge,
		RuleContentType:          http.StatusUnsupportedMediaType,

		RuleNotFound:          http.StatusNotFound,
		mou.RuleCaseUnknown:   http.StatusNotFound,
		mou.RuleRecordUnknown: http.StatusNotFound,
		RuleTaskUnknown:       http.StatusNotFound,
		RuleAlertUnknown:      http.StatusNotFound,
		RuleSubmissionUnknown: http.StatusNotFound,
		RuleQuestionUnknown:   http.StatusNotFound,
		RuleEntryUnknown:      http.StatusNotFound,
		RuleUnwitnessedYet:    http.StatusNotFound,
		RuleRecordErased:      http.StatusGone,
		RuleRecordRecalled:    http.StatusGone,
		RuleKeyGone:           http.StatusGone,

		RuleFormChanged:   http.StatusConflict,
		RuleResetUnneeded: http.StatusConflict,
		RuleResetDiffers:  http.StatusConflict,
		RuleNoWitness:     http.StatusConflict,
		RuleRotationWaits: http.StatusConflict,
		RuleKeysUnlisted:  http.StatusConflict,

		events.RuleAgencySuspended: http.StatusConflict,
		events.RuleKeyReused:       http.StatusConflict,
		events.RuleIDReused:        http.StatusConflict,

		events.RuleDataMalformed:   http.StatusBadRequest,
		events.RuleAttributeSyntax: http.StatusBadRequest,

		RuleHubAway:        http.StatusServiceUnavailable,
		RuleKeyUnwitnessed: http.StatusServiceUnavailable,
		RuleProofFalse:     http.StatusBadGateway,

		RuleNotJoined: http.StatusServiceUnavailable,
		RuleInternal:  http.StatusInternalServerError,
	}[rule]
	if !listed {
		return http.StatusUnprocessableEntity
	}
	return status
}

// Problem is an error as whoever asked gets it. What is no violation is logged
// and answered without detail.
func (a *Agency) Problem(ctx context.Context, err error) Problem {
	var v *events.Violation
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		v = events.Refuse(RuleBodyTooLarge, "", "the body is larger than this path takes")
	case errors.As(err, &v):
	case errors.Is(err, ErrNotJoined):
		v = events.Refuse(RuleNotJoined, "", "the directory has not arrived from the hub yet; try again in a moment")
	default:
		a.log.LogAttrs(ctx, slog.LevelError, "a request failed", slog.Any("cause", err))
		v = events.Refuse(RuleInternal, "", "the service could not do this; its log says why")
	}
	status := statusOf(v.Rule)
	return Problem{
		Type: "urn:handrail:rule:" + string(v.Rule), Title: http.StatusText(status), Status: status,
		Detail: v.Reason, Rule: v.Rule, Pointer: v.Pointer,
	}
}

// Refuse answers with a problem.
func (a *Agency) Refuse(ctx context.Context, w http.ResponseWriter, err error) {
	p := a.Problem(ctx, err)
	status := p.Status
	text, err := json.Marshal(p)
	if err != nil {
		status, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // whoever asked has gone
}

// reply answers with JSON.
func (a *Agency) reply(ctx context.Context, w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		a.Refuse(ctx, w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // whoever asked has gone
}
