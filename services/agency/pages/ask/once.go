package ask

import (
	"crypto/rand"
	"errors"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/web"
)

// StatementField is the field of a form that holds the id under which it is said: made
// when the form is first shown, and the same however often it is sent.
const StatementField = "statement"

// Statement is the id that a form carries, or a new one for a form that is first shown.
func Statement(v *web.Visit) (events.EventID, error) {
	id := events.EventID(v.PostFormValue(StatementField))
	if new(events.EventID).UnmarshalText([]byte(id)) == nil {
		return id, nil
	}
	fresh, err := events.NewUUID(v.Now, rand.Reader)
	return events.EventID(fresh), err
}

// SentBefore says whether an error means that the same form was sent before: an agency
// says one thing under an id, and opens a case once.
func SentBefore(err error) bool {
	v, refused := errors.AsType[*events.Violation](err)
	return refused && (v.Rule == events.RuleIDReused || v.Rule == mou.RuleCaseExists)
}
