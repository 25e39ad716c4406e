package agency

import (
	"context"
	"database/sql"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// Referring is a request to one provider or several, with what will be shared with
// the one that accepts.
type Referring struct {
	Case  events.CaseID
	ID    events.ReferralID // chosen by who asks, so that the same form asks once; empty: a new one
	Facts *events.ReferralRequested

	// Values are sections that are not held back here, each a JSON object. They are
	// held back from now on, so that another provider can be asked.
	Values map[events.Section]jsontext.Value
}

// Refer makes a request and, for each provider asked, one sealed record of each
// section that the request names. All of it is durable when it returns, or none.
// Errors as for [Agency.Say]; section-missing for a section that is neither given nor
// held back; id-reused if the same form was sent before.
func (a *Agency) Refer(ctx context.Context, r Referring) (events.ReferralID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.directory == nil || a.book.memo == nil {
		return "", ErrNotJoined
	}
	now := a.now()
	id, err := newID(r.ID, now)
	if err != nil {
		return "", err
	}
	if err := a.unused(ctx, id); err != nil {
		return "", err
	}
	statements := []Statement{{Case: r.Case, ID: id, Payload: r.Facts}}
	for _, to := range r.Facts.To {
		sealed, err := a.sealings(ctx, Sealing{Case: r.Case, Referral: id, To: to, Purpose: r.Facts.Purpose, Sections: r.Facts.Sections, Values: r.Values})
		if err != nil {
			return "", err
		}
		statements = append(statements, sealed...)
	}
	life := a.book.memo.Profile.DraftLife()
	_, err = a.sayLocked(ctx, true, func(tx *sql.Tx) error {
		for section, value := range r.Values {
			if err := storeDraft(ctx, tx, r.Case, section, value, now, life); err != nil {
				return err
			}
		}
		return nil
	}, statements...)
	return id, err
}
