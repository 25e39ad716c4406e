package agency

import (
	"context"
	"net/http"
	"slices"
	"time"

	"handrail/contracts/match"
	"handrail/contracts/mou"
	"handrail/events"
)

// published is the newest capacity of one agency, as the ledger admitted it.
type published struct {
	entry uint64
	at    time.Time
	facts *events.CapacityPublished
}

// publish keeps a capacity if it is the agency's newest.
func (b *casebook) publish(p proven) {
	facts, ok := p.payload.(*events.CapacityPublished)
	by := p.event.Agency()
	if ok && p.event.Subject == string(by) && p.entry.Number > b.capacities[by].entry {
		b.capacities[by] = published{p.entry.Number, p.entry.Admitted, facts}
	}
}

// Publish tells all agencies whom this one can take. Errors: *events.Violation,
// power where the country profile does not let this kind publish; [ErrNotJoined].
func (a *Agency) Publish(ctx context.Context, capacity *events.CapacityPublished) (events.EventID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids, err := a.sayLocked(ctx, true, nil, Statement{Payload: capacity})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// Capacity gives what this agency last told all about whom it can take, and when:
// as the ledger has it. Nil if it told nothing.
func (a *Agency) Capacity() (facts *events.CapacityPublished, at time.Time) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	last := a.book.capacities[a.config.Agency]
	return last.facts, last.at
}

// mayPublish judges what is about no case: only the powers speak of it.
func (a *Agency) mayPublish(t events.Type) error {
	if a.book.memo.Profile.May(a.config.Kind, t) || t == events.TypeWitnessReset && a.config.witnesses() || t == events.TypeDirectoryKeyed {
		return nil
	}
	return events.Refuse(mou.RulePower, "", "the country profile does not let an agency of this kind publish capacity")
}

// ProviderView is an agency that could take a person, and why it stands where it
// stands in the list.
type ProviderView struct {
	Agency    events.AgencyID           `json:"agency"`
	Kind      events.AgencyKind         `json:"kind"`
	Fits      bool                      `json:"fits"`
	Says      string                    `json:"says"` // plain words
	Against   []match.Reason            `json:"against"`
	For       []match.Reason            `json:"for"`
	Published time.Time                 `json:"published,omitzero"`
	Capacity  *events.CapacityPublished `json:"capacity,omitzero"`
}

// Providers ranks who can take a person now, from what agencies published. It
// suggests; people choose, and each provider answers for itself. Error: [ErrNotJoined].
func (a *Agency) Providers(wish match.Wish) ([]ProviderView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil {
		return nil, ErrNotJoined
	}
	wish.At = a.book.memo.Profile.Local(a.now())
	list := []ProviderView{}
	for _, r := range match.Rank(wish, a.couldPublish()) {
		list = append(list, viewOf(r))
	}
	return list, nil
}

func viewOf(r match.Ranked) ProviderView {
	return ProviderView{
		Agency: r.Agency, Kind: r.Kind, Fits: r.Fits, Says: r.Says(), Against: slices.Concat([]match.Reason{}, r.Against),
		For: slices.Concat([]match.Reason{}, r.For), Published: r.Published, Capacity: r.Capacity,
	}
}

// couldPublish lists the other agencies whose kind publishes capacity and that take
// part now.
// Agency.mu is held.
func (a *Agency) couldPublish() []Provider {
	var offers []Provider
	for id, kind := range a.book.memo.Directory {
		if id != a.config.Agency && !a.book.memo.Away[id] && a.book.memo.Profile.May(kind, events.TypeCapacityPublished) {
			offers = append(offers, a.offerOf(id, kind))
		}
	}
	return offers
}

func (a *Agency) offerOf(id events.AgencyID, kind events.AgencyKind) Provider {
	last := a.book.capacities[id]
	return Provider{Agency: id, Kind: kind, Capacity: last.facts, Published: last.at}
}

// postCapacity takes the facts of capacity.published; times and channel may be left out.
func (a *Agency) postCapacity(r *http.Request, body []byte) (any, error) {
	data, err := withSaid(body, a.now())
	if err != nil {
		return nil, err
	}
	payload, err := events.Decode(events.TypeCapacityPublished, data)
	if err != nil {
		return nil, err
	}
	facts, ok := payload.(*events.CapacityPublished)
	if !ok {
		return nil, events.Refuse(events.RuleTypeUnknown, "", "these are not the facts of a capacity")
	}
	id, err := a.Publish(r.Context(), facts)
	return Said{Events: []events.EventID{id}}, err
}
