package ledger

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/seal"
)

// acquaintance is a mission that was given an agency's listing; its own takes the
// place of genesis for it.
type acquaintance struct{ mission, agency events.AgencyID }

// introduction is an acquaintance and the entry that made it.
type introduction struct {
	acquaintance

	number uint64
}

// introduce has each foreign mission get to know, ahead of what a case is about to
// show it, the desk that opened the case and everybody else whose statements it
// will get: without their keys it could believe none of them, and it learns of
// nobody else. It says whether there was anything to do.
func (b *batch) introduce(st *step, c *touched, next mou.Case, trace string) (bool, error) {
	before := len(st.met)
	for _, mission := range b.lead.directory.missions {
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
	return len(st.met) > before, nil
}

// list appends the directory.listed that shows a mission one agency, unless it
// knows it. It goes to that mission alone.
func (b *batch) list(st *step, of acquaintance, trace string) error {
	listing, listed := b.lead.directory.listings[of.agency]
	known := func(m introduction) bool { return m.acquaintance == of }
	if !listed || of.agency == of.mission || b.met[of] || slices.ContainsFunc(st.met, known) {
		return nil
	}
	data, err := events.Encode(b.lead.directory.listedOf(listing))
	if err != nil {
		return err
	}
	e, err := b.lead.hubEvent(b.now, hubEvent{kind: events.TypeDirectoryListed, subject: string(of.mission), trace: trace, sequence: st.hubNext, data: data})
	if err != nil {
		return err
	}
	st.met = append(st.met, introduction{of, b.number(st)})
	st.hubNext++
	return b.uncased(st, e, b.lead.key.ID(), seal.Digest(e), []events.AgencyID{of.mission})
}

// loadIntroductions reads whom missions know.
func (m *memory) loadIntroductions(q *pgx.Batch) {
	m.met = map[acquaintance]bool{}
	q.Queue("SELECT mission, agency FROM introduction").Query(func(found pgx.Rows) error {
		var mission, agency string
		_, err := pgx.ForEachRow(found, []any{&mission, &agency}, func() error {
			m.met[acquaintance{events.AgencyID(mission), events.AgencyID(agency)}] = true
			return nil
		})
		return err
	})
}
