package agency

import (
	"context"
	"net/http"

	"handrail/events"
	"handrail/services/agency/alert"
	"handrail/services/agency/strict"
)

// RuleAlertUnknown answers the code of an alert that there is not.
const RuleAlertUnknown events.Rule = "alert-unknown"

// Alerts lists what rings at the duty rota, what nobody acknowledged, and what
// ended in the last 24 hours.
func (a *Agency) Alerts(ctx context.Context) ([]alert.Alert, error) { return a.ringer.List(ctx) }

// Acknowledge says that a person has taken an alert on, by its code in any case
// of letters: nobody else is alerted. The first one counts. Errors:
// *events.Violation if there is no such alert.
func (a *Agency) Acknowledge(ctx context.Context, id string, staff events.Staff) (alert.Alert, error) {
	code, readable := alert.CodeOf(id)
	known := false
	if readable {
		var err error
		if known, err = a.ringer.Acknowledge(ctx, code, staff); err != nil {
			return alert.Alert{}, err
		}
		a.changes.tell() // nobody else need take it
	}
	list, err := a.ringer.List(ctx)
	if err != nil {
		return alert.Alert{}, err
	}
	for _, one := range list {
		if known && one.ID == code {
			return one, nil
		}
	}
	return alert.Alert{}, events.Refuse(RuleAlertUnknown, "", "there is no alert of this code, or it ended more than a day ago")
}

func (a *Agency) alertRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/alerts", a.handle(http.StatusOK, func(r *http.Request) (any, error) {
		alerts, err := a.Alerts(r.Context())
		return list("alerts", alerts, err)
	}))
	mux.HandleFunc("POST /v1/alerts/{alert}/acknowledge", a.bodied(http.StatusOK, func(r *http.Request, body []byte) (any, error) {
		var given struct {
			Staff events.Staff `json:"staff"`
		}
		if err := strict.Read(body, &given); err != nil {
			return nil, err
		}
		if err := strict.Wanted(given.Staff != "", "staff"); err != nil {
			return nil, err
		}
		return a.Acknowledge(r.Context(), r.PathValue("alert"), given.Staff)
	}))
}

// alertChecks is what the doctor says about the rota and its channels.
func (a *Agency) alertChecks(ctx context.Context) ([]Check, error) {
	checked, err := a.ringer.Checks(ctx)
	var checks []Check
	for _, c := range checked {
		checks = append(checks, Check(c))
	}
	return checks, err
}
