package mou

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"handrail/events"
)

// Case is one person's case as one viewer may see it. It is a value: methods
// never change it, copies may be kept and shared between goroutines. Make one
// with [Memorandum.NewCase] or [Memorandum.RestoreCase].
type Case struct {
	mou    *Memorandum
	id     events.CaseID
	viewer events.AgencyID // empty: the ledger
	trail  []*Item         // ascending numbers; items are shared, the slice is never written in place
	state  *state          // derived from the trail, never written after it was
}

// ID is the case's id; empty before the first act.
func (c Case) ID() events.CaseID { return c.id }

// Viewer is whose view this is; empty for the ledger's.
func (c Case) Viewer() events.AgencyID { return c.viewer }

// Trail gives the admitted statements, in the ledger's order.
func (c Case) Trail() []Item {
	out := make([]Item, len(c.trail))
	for i, item := range c.trail {
		out[i] = *item
	}
	return out
}

// Apply gives the case after an act that is admitted at now, the time of
// admission, which never decreases. It refuses with an *events.Violation what
// the memorandum does not allow. The ledger's case judges every act; a partial
// case judges only its viewer's own acts by what it shows, and takes the
// admitted acts of others as delivered, in any order of their numbers.
//
// Whoever answers a sender uses [Case.Judge] first, which is no oracle.
func (c Case) Apply(a Act, now time.Time) (Case, error) {
	at, again, err := c.admits(a, now)
	if err != nil {
		return Case{}, err
	}
	if again {
		return c, nil
	}
	item, err := c.mou.item(a, now)
	if err != nil {
		return Case{}, err
	}
	next := Case{mou: c.mou, id: a.Event.Case(), viewer: c.viewer}
	next.trail = slices.Insert(slices.Clip(c.trail), at, item)
	if at == len(c.trail) {
		next.state = c.state.clone()
		next.state.step(c.mou, item)
	} else {
		next.state = fold(c.mou, next.trail)
	}
	return next, nil
}

// admits judges an act and gives its place in the trail; again says that a view
// has it already.
func (c Case) admits(a Act, now time.Time) (at int, again bool, err error) {
	if err := c.fits(a); err != nil {
		return 0, false, err
	}
	at, again = slices.BinarySearchFunc(c.trail, a.Number, func(i *Item, n uint64) int { return cmp.Compare(i.Number, n) })
	switch {
	case again && c.trail[at].ID == a.Event.ID && c.viewer != "":
		return at, true, nil
	case again:
		return 0, false, events.Refuse(events.RuleIDReused, "", "the entry's number stands in this case already")
	case c.viewer == "" && at < len(c.trail):
		return 0, false, events.Refuse(events.RuleHubFault, "", "the ledger's entries are added in the order of their numbers")
	}
	if c.viewer == "" || c.viewer == a.Event.Agency() {
		if v := c.upTo(at).refusal(a, now); v != nil {
			return 0, false, v
		}
	}
	return at, false, nil
}

// upTo is the case as its first n statements leave it.
func (c Case) upTo(n int) Case {
	if n == len(c.trail) {
		return c
	}
	return Case{mou: c.mou, id: c.id, viewer: c.viewer, trail: c.trail[:n], state: fold(c.mou, c.trail[:n])}
}

// fits refuses what cannot be an act of this case at all.
func (c Case) fits(a Act) error {
	switch {
	case a.Payload == nil || a.Payload.Type() != a.Event.Type:
		return events.Refuse(events.RuleDataMalformed, "", "the facts are not those of the event's type")
	case c.mou.Profile.rows[a.Event.Type].Event == "":
		return events.Refuse(events.RuleTypeUnknown, "attribute type", "the memorandum has no term for this type in a case")
	case c.id != "" && a.Event.Case() != c.id:
		return events.Refuse(RuleCaseUnknown, "attribute subject", "the event is about another case")
	}
	return nil
}

// Judge says whether the ledger may admit an act, without telling its sender
// what the sender may not know: the answer is the one that the sender's own view
// gives or, where only something hidden stands against the act, not-permitted.
func (c Case) Judge(a Act, now time.Time) error {
	by := a.Event.Agency()
	if by == events.HubAgency || c.viewer != "" {
		_, _, err := c.admits(a, now)
		return err
	}
	if _, _, err := c.View(by).admits(a, now); err != nil {
		return err
	}
	_, _, err := c.admits(a, now)
	if _, hidden := errors.AsType[*events.Violation](err); hidden {
		return events.Refuse(RuleNotPermitted, "", "the memorandum does not permit this here; ask the desk that opened the case")
	}
	return err
}

// refusal checks an act against its term and its envelope's links; nil if nothing stands against it.
func (c Case) refusal(a Act, now time.Time) *events.Violation {
	q := c.question(a.Event.Agency(), a.Event.Type, a.Event.Referral(), now)
	q.event, q.facts = &a.Event, a.Payload
	if slices.ContainsFunc(c.trail, func(i *Item) bool { return i.ID == a.Event.ID }) { // the ledger keeps ids apart for each agency; here everybody's are referred to
		return events.Refuse(events.RuleIDReused, "attribute id", "this id stands in the case already; give each event an id of its own")
	}
	if v := q.ask(); v != nil {
		return v
	}
	return c.linked(a)
}

func fold(m *Memorandum, trail []*Item) *state {
	s := newState()
	for _, item := range trail {
		s.step(m, item)
	}
	return s
}
