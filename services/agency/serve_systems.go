package agency

import (
	"errors"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// systemRoutes is what the agency's own systems may use: they file forms and
// say what they know. They read nothing.
func (a *Agency) systemRoutes() http.Handler {
	mux := http.NewServeMux()
	for _, intake := range a.config.Desk.Intakes() {
		limit := intake.MaxBytes
		if limit == 0 {
			limit = intakeBody
		}
		mux.HandleFunc("POST /v1/intake/"+intake.Name, a.bodied(http.StatusOK, limit, func(r *http.Request, body []byte) (any, error) {
			return a.File(r.Context(), intake, body)
		}))
	}
	mux.HandleFunc("POST /v1/events", a.bodied(http.StatusAccepted, eventBody, a.postEvent))
	mux.HandleFunc("/", a.missing)
	return mux
}

// systemEvent is what a system says. It knows the case's id and the schema; the
// ledger judges the rest.
type systemEvent struct {
	Type     events.Type       `json:"type"`
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Cause    events.EventID    `json:"cause,omitzero"`
	ID       events.EventID    `json:"id,omitzero"` // makes posting again harmless: id-reused
	Data     jsontext.Value    `json:"data,omitzero"`

	// Instead of data, for record.sealed: what is held back under a section is
	// sealed to an agency.
	To      events.AgencyID `json:"to,omitzero"`
	Section events.Section  `json:"section,omitzero"`
	Purpose events.Purpose  `json:"purpose,omitzero"`
}

// Said is the answer to a statement: it is signed, stored and on its way.
type Said struct {
	Events []events.EventID `json:"events"`
}

func (a *Agency) postEvent(r *http.Request, body []byte) (any, error) {
	var given systemEvent
	if err := readStrict(body, &given); err != nil {
		return nil, err
	}
	if given.Type.HubOnly() || given.Type.IsControl() {
		return nil, events.Refuse(events.RuleTypeUnknown, "/type", "an agency does not say this; the hub or the runtime does")
	}
	if given.Type == events.TypeRecordSealed {
		return a.postRecord(r, given)
	}
	payload, err := events.Decode(given.Type, given.Data)
	if err != nil {
		return nil, inside(err, "/data")
	}
	ids, err := a.SayUnchecked(r.Context(), Statement{Case: given.Case, Referral: given.Referral, Cause: given.Cause, ID: given.ID, Payload: payload})
	return Said{Events: ids}, err
}

func (a *Agency) postRecord(r *http.Request, given systemEvent) (any, error) {
	if given.Data != nil || given.Section == "" || given.To == "" || given.Referral == "" {
		return nil, events.Refuse(events.RuleDataMalformed, "", "a record names referral, to and section, and has no data: what is held back is sealed")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	ids, err := a.sealTo(r.Context(), false, Sealing{
		Case: given.Case, Referral: given.Referral, To: given.To, Purpose: given.Purpose, Sections: events.Set[events.Section]{given.Section},
	})
	return Said{Events: ids}, err
}

// inside moves a violation's place under a member of the body.
func inside(err error, member string) error {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return events.Refuse(v.Rule, member+v.Pointer, v.Reason)
	}
	return err
}
