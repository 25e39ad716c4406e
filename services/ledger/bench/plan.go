package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

// plainPlan is what a run of the whole path wrote and sent, so that a contender
// without judging can write and send the same.
type plainPlan struct {
	of     map[string][]*written // by the id of the statement that caused them, in order
	header int                   // bytes of a delivery's proof, on average
}

// written is one entry with what was stored of it. What an agency got of it later,
// when it joined the case, counts to the entry itself: the sum is the same.
type written struct {
	number                 uint64
	leaf, mac, salt, entry []byte
	payload                []byte
	agency, id, caseID     string
	digest                 []byte
	state                  []byte // of the case behind it
	deliveries             []plannedDelivery
	deadlines              []plannedDeadline
	placeInCase            int // from 1
	opened                 *written
}

type plannedDelivery struct {
	to   events.AgencyID
	kind string
}

type plannedDeadline struct {
	rule, agency, referral, state string
	due                           time.Time
	look                          *time.Time
}

// readPlan reads it from the run's database.
func readPlan(ctx context.Context, conn *pgx.Conn) (*plainPlan, error) {
	all, err := readWritten(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("reading what a run wrote: %w", err)
	}
	byNumber := map[uint64]*written{}
	for _, w := range all {
		byNumber[w.number] = w
	}
	if err := readDeliveries(ctx, conn, byNumber); err != nil {
		return nil, fmt.Errorf("reading what a run sent: %w", err)
	}
	if err := readStates(ctx, conn, all, byNumber); err != nil {
		return nil, fmt.Errorf("reading the cases of a run: %w", err)
	}
	p := &plainPlan{of: map[string][]*written{}}
	cause := ""
	for _, w := range all {
		if w.agency != string(events.HubAgency) {
			cause = w.id
		}
		p.of[cause] = append(p.of[cause], w)
	}
	return p, nil
}

func readWritten(ctx context.Context, conn *pgx.Conn) ([]*written, error) {
	found, err := conn.Query(ctx, `SELECT e.number, e.leaf_hash, e.mac, o.salt, o.entry, p.data, s.agency, s.id::text, s.digest, coalesce(c.case_id::text, '')
		FROM entry e JOIN opening o USING (number) JOIN payload p USING (number) JOIN submission s USING (number) LEFT JOIN case_entry c USING (number)
		WHERE e.number > 0 ORDER BY e.number`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (*written, error) {
		w := &written{}
		return w, row.Scan(&w.number, &w.leaf, &w.mac, &w.salt, &w.entry, &w.payload, &w.agency, &w.id, &w.digest, &w.caseID)
	})
}

func readDeliveries(ctx context.Context, conn *pgx.Conn, of map[uint64]*written) error {
	found, err := conn.Query(ctx, "SELECT entry, recipient, kind FROM delivery WHERE entry > 0 ORDER BY recipient, number")
	if err != nil {
		return err
	}
	var number uint64
	var d plannedDelivery
	if _, err = pgx.ForEachRow(found, []any{&number, &d.to, &d.kind}, func() error {
		of[number].deliveries = append(of[number].deliveries, d)
		return nil
	}); err != nil {
		return err
	}
	if found, err = conn.Query(ctx, "SELECT entry, rule, agency, referral, state, due, look FROM deadline"); err != nil {
		return err
	}
	var clock plannedDeadline
	_, err = pgx.ForEachRow(found, []any{&number, &clock.rule, &clock.agency, &clock.referral, &clock.state, &clock.due, &clock.look}, func() error {
		of[number].deadlines = append(of[number].deadlines, clock)
		return nil
	})
	return err
}

// readStates gives each entry the part of its case's state that had been written by then.
func readStates(ctx context.Context, conn *pgx.Conn, all []*written, byNumber map[uint64]*written) error {
	found, err := conn.Query(ctx, "SELECT case_id::text, opened, state FROM case_state")
	if err != nil {
		return err
	}
	states, opened, count := map[string][]byte{}, map[string]uint64{}, map[string]int{}
	var id string
	var number uint64
	var state []byte
	if _, err := pgx.ForEachRow(found, []any{&id, &number, &state}, func() error {
		states[id], opened[id] = append([]byte{}, state...), number
		return nil
	}); err != nil {
		return err
	}
	for _, w := range all {
		count[w.caseID]++
		w.placeInCase, w.opened = count[w.caseID], byNumber[opened[w.caseID]]
	}
	for _, w := range all {
		whole := states[w.caseID]
		w.state = whole[:len(whole)*w.placeInCase/max(count[w.caseID], 1)]
	}
	return nil
}

// ratios are how many entries and deliveries one statement made.
func (p *plainPlan) ratios(statements int) (entries, deliveries float64) {
	for _, all := range p.of {
		entries += float64(len(all))
		for _, w := range all {
			deliveries += float64(len(w.deliveries))
		}
	}
	return entries / float64(statements), deliveries / float64(statements)
}
