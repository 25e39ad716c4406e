package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// capacityAt is what an agency published, and the entry that holds it.
type capacityAt struct {
	agency events.AgencyID
	said   *events.CapacityPublished
	number uint64
}

// publish admits what an agency says about itself: whom it can take, and when
// somebody is there. It is of no case and links to nothing; every agency gets it
// but foreign missions. A later one takes its place.
func (b *batch) publish(st *step, s *submission) error {
	e := s.event
	said, ok := s.payload.(*events.CapacityPublished)
	switch {
	case !ok:
		return errors.New("a capacity without its facts came to be judged")
	case !b.parties.memorandum.Profile.May(b.parties.kind(s.from), e.Type):
		return events.Refuse(mou.RulePower, "attribute source", "the powers of your agency's kind do not include this; ask an agency that has it")
	case e.CorrelationID != e.ID:
		return events.Refuse(mou.RuleCorrelation, "attribute correlationid", "correlate a capacity with itself")
	case e.CausationID != e.ID:
		return events.Refuse(mou.RuleCauseUnknown, "attribute causationid", "name a capacity as its own cause")
	}
	st.capacity = &capacityAt{s.from, said, b.number(st)}
	return b.uncased(st, e, s.key, s.digest, b.parties.insiders)
}

// staffed says whether somebody is there now by the hours that an agency
// published last, in the profile's local time.
func (b *batch) staffed(agency events.AgencyID) bool {
	said := b.capacity[agency]
	return said != nil && said.Staffed(b.lead.profile.Local(b.now))
}

// loadCapacity reads the newest capacity of each agency.
func (m *memory) loadCapacity(q *pgx.Batch) {
	m.capacity = map[events.AgencyID]*events.CapacityPublished{}
	q.Queue("SELECT DISTINCT ON (c.agency) c.agency, p.data FROM capacity c JOIN payload p USING (number) ORDER BY c.agency, c.number DESC").Query(func(found pgx.Rows) error {
		var agency string
		var data []byte
		_, err := pgx.ForEachRow(found, []any{&agency, &data}, func() error {
			p, err := events.Decode(events.TypeCapacityPublished, data)
			said, ok := p.(*events.CapacityPublished)
			if err != nil || !ok {
				return damaged("what is stored as the capacity that %s published last is none", agency)
			}
			m.capacity[events.AgencyID(agency)] = said
			return nil
		})
		return err
	})
}

// capacitiesBehind finds the entries from which the hub took it that a duty was
// staffed, for each entry of a trail that tells one.
func capacitiesBehind(ctx context.Context, db querier, trail []TrailEntry) ([]uint64, error) {
	var numbers []uint64
	for _, e := range trail {
		entry, err := tlog.ParseEntry(e.Opening)
		if err != nil || entry.Attribute("type") != string(events.TypeReferralEscalated) {
			continue
		}
		facts, err := events.Decode(events.TypeReferralEscalated, e.Data)
		step, ok := facts.(*events.ReferralEscalated)
		if err != nil || !ok || step.Step != events.StaffedDuty {
			continue // what is damaged the auditor finds by itself
		}
		var number *uint64
		if err := db.QueryRow(ctx, "SELECT max(number) FROM capacity WHERE agency = $1 AND number < $2", string(step.To), e.Number).Scan(&number); err != nil {
			return nil, fmt.Errorf("finding what a duty published: %w", err)
		}
		if number != nil && !slices.Contains(numbers, *number) {
			numbers = append(numbers, *number)
		}
	}
	return numbers, nil
}
