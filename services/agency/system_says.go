package agency

import (
	"context"
	"database/sql"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency/strict"
)

// SystemSays is what one of the agency's own systems says. It knows the case's id and
// the schema; the ledger judges the rest.
type SystemSays struct {
	Type     events.Type       `json:"type"`
	Case     events.CaseID     `json:"case,omitzero"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Cause    events.EventID    `json:"cause,omitzero"`
	ID       events.EventID    `json:"id,omitzero"` // makes posting again harmless: id-reused
	Data     jsontext.Value    `json:"data,omitzero"`

	// Instead of data, for record.sealed: the value, or what is held back under
	// the section, is sealed to an agency.
	To      events.AgencyID `json:"to,omitzero"`
	Section events.Section  `json:"section,omitzero"`
	Purpose events.Purpose  `json:"purpose,omitzero"`
	Value   jsontext.Value  `json:"value,omitzero"`
}

// SystemsSay says whether the agency's systems may say a type: an agency's own
// statements, but no ceremonies, and nothing that the runtime says by itself.
func SystemsSay(t events.Type) bool {
	byItself := []events.Type{events.TypeWitnessReset, events.TypeDirectoryKeyed, events.TypeRecordOpened}
	return slices.Contains(events.Types(), t) && !t.HubOnly() && !t.IsControl() && (!t.Sealed() || t == events.TypeRecordSealed) && !slices.Contains(byItself, t)
}

// SayOnce is [Agency.Say] for the agency's own systems, which do not know the case:
// schema and envelope are checked, the memorandum is left to the ledger. A request
// that was answered before gets its ids again, and nothing is said.
func (a *Agency) SayOnce(ctx context.Context, o Once, given SystemSays) ([]events.EventID, error) {
	key, err := a.digested(ctx, o)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var said Said
	if found, err := key.before(ctx, a.journal.reader, &said); found || err != nil {
		return said.Events, err
	}
	statements, err := a.statementsOf(ctx, given)
	if err != nil {
		return nil, err
	}
	for _, s := range statements {
		said.Events = append(said.Events, s.ID)
	}
	return a.sayLocked(ctx, false, func(tx *sql.Tx) error { return key.store(ctx, tx, said, a.now()) }, statements...)
}

// statementsOf gives what an event says, with the id of each statement.
// Agency.mu is held.
func (a *Agency) statementsOf(ctx context.Context, given SystemSays) ([]Statement, error) {
	if !SystemsSay(given.Type) {
		return nil, events.Refuse(events.RuleTypeUnknown, "/type", "an agency's systems do not say this; the hub, the runtime or the agency's people do")
	}
	if given.Type == events.TypeRecordSealed {
		return a.recordOf(ctx, given)
	}
	if given.To != "" || given.Section != "" || given.Purpose != "" || given.Value != nil {
		return nil, events.Refuse(events.RuleDataMalformed, "", "to, section, purpose and value are members of a record only; facts stand in data")
	}
	payload, err := events.Decode(given.Type, given.Data)
	if err != nil {
		return nil, strict.Inside(err, "/data")
	}
	id := given.ID
	if id == "" {
		if id, err = newID("", a.now()); err != nil {
			return nil, err
		}
	}
	return []Statement{{Case: given.Case, Referral: given.Referral, Cause: given.Cause, ID: id, Payload: payload}}, nil
}

func (a *Agency) recordOf(ctx context.Context, given SystemSays) ([]Statement, error) {
	if given.Data != nil || given.ID != "" || given.Section == "" || given.To == "" || given.Referral == "" {
		return nil, events.Refuse(events.RuleDataMalformed, "", "a record names referral, to and section, and has neither id nor data: its value, or what is held back, is sealed")
	}
	s := Sealing{Case: given.Case, Referral: given.Referral, To: given.To, Purpose: given.Purpose, Sections: events.Set[events.Section]{given.Section}}
	if given.Value != nil {
		if given.Value.Kind() != '{' {
			return nil, events.Refuse(events.RuleDataMalformed, "/value", "a section is one JSON object")
		}
		s.Values = map[events.Section]jsontext.Value{given.Section: given.Value}
	}
	return a.sealings(ctx, s)
}
