package agency

import (
	"context"
	"net/http"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// Linked is a case of its own that was opened for a recipient that must not know
// of the first.
type Linked struct {
	Case   events.CaseID    `json:"case"`
	Linked events.CaseID    `json:"linked"`
	For    events.LinkKind  `json:"for"`
	Events []events.EventID `json:"events"`
}

// Link opens a case for a foreign mission and links it to the person's own, all
// or none. The new case's id is chosen by whose form asks, so that it links once;
// empty: a new one. Only this agency and auditors see the link. Whether the mission may be
// addressed is the hub's answer, which does not say why. Errors as for [Agency.Say];
// case-exists if the same form was sent before.
func (a *Agency) Link(ctx context.Context, id events.CaseID, why events.LinkKind, opened events.CaseID) (Linked, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.book.files[id]
	switch {
	case a.book.memo == nil:
		return Linked{}, ErrNotJoined
	case why == "":
		return Linked{}, strict.Wanted(false, "for")
	case f == nil:
		return Linked{}, events.Refuse(mou.RuleCaseUnknown, "/case", "this agency knows no case of that id")
	}
	now := a.now()
	of, err := newID(events.EventID(opened), now)
	if err != nil {
		return Linked{}, err
	}
	said := events.Said{Happened: events.At(now), Recorded: events.At(now), Channel: events.InPerson}
	linked := Linked{Case: id, Linked: events.CaseID(of), For: why}
	linked.Events, err = a.sayLocked(ctx, true, nil,
		Statement{Case: linked.Linked, Payload: &events.CaseOpened{Said: said, Age: f.tentative.Age(), For: why}},
		Statement{Case: id, Payload: &events.CaseLinked{Said: said, Case: linked.Linked, For: why}})
	return linked, err
}

func (a *Agency) postLink(r *http.Request, body []byte) (any, error) {
	var given struct {
		Case events.CaseID   `json:"case"`
		For  events.LinkKind `json:"for"`
	}
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	return a.Link(r.Context(), given.Case, given.For, "")
}
