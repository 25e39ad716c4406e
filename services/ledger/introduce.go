package ledger

import (
	"fmt"
	"slices"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// acquaintance is a mission that was given an agency's listing; its own takes the
// place of genesis for it.
type acquaintance struct{ mission, agency events.AgencyID }

// introduce has each foreign mission get to know, ahead of what a case is about to
// show it, the desk that opened the case and everybody else whose statements it
// will get: without their keys it could believe none of them, and it learns of
// nobody else. It says whether there was anything to do.
func (b *batch) introduce(st *step, c *touched, next mou.Case, trace string) (bool, error) {
	before := len(st.changes)
	for _, mission := range b.parties.missions {
		given := c.delivered[mission]
		coming := slices.DeleteFunc(next.SeenBy(mission), func(number uint64) bool {
			_, had := slices.BinarySearch(given, number)
			return had
		})
		if len(coming) == 0 {
			continue
		}
		speakers := []events.AgencyID{next.Owner()}
		for _, item := range next.Trail() {
			if slices.Contains(coming, item.Number) {
				speakers = append(speakers, item.By)
			}
		}
		for _, agency := range speakers {
			if err := b.list(st, acquaintance{mission, agency}, trace); err != nil {
				return false, err
			}
		}
	}
	return len(st.changes) > before, nil
}

// list shows a mission one agency, unless it knows it: as it was listed first, and
// then, each as the entry that it is, everything that became of it since. So the
// mission believes what the agency said with earlier keys, and nothing that it did not.
func (b *batch) list(st *step, of acquaintance, trace string) error {
	who := b.who(st)
	listing, listed := who.FirstListing(of.agency)
	if !listed || of.agency == of.mission || who.Knows(of.mission, of.agency) {
		return nil
	}
	if err := b.show(st, of, listing, trace); err != nil {
		return err
	}
	shown := &st.acts[len(st.acts)-1]
	for _, number := range who.since(of.agency) {
		shown.delivers = append(shown.delivers, delivery{to: of.mission, kind: tlog.KindEvent, answerAt: answerAt{entry: number}})
	}
	return nil
}

// show appends the directory.listed that shows a mission one listing, or its own.
// It goes to that mission alone.
func (b *batch) show(st *step, of acquaintance, listing events.Listing, trace string) error {
	p := b.parties.ListedOf(listing)
	data, err := events.Encode(p)
	if err != nil {
		return err
	}
	e, err := b.lead.hubEvent(b.now, hubEvent{kind: events.TypeDirectoryListed, subject: string(of.mission), trace: trace, sequence: st.hubNext, data: data})
	if err != nil {
		return err
	}
	if err := b.enter(st, e, p, false); err != nil {
		return fmt.Errorf("showing an agency to a mission: %s", err.Error()) // not as a violation: no sender did anything wrong
	}
	st.hubNext++
	return b.uncased(st, e, b.lead.key.ID(), seal.Digest(e), []events.AgencyID{of.mission})
}
