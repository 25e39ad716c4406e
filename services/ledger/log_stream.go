package ledger

import (
	"context"
	"fmt"
	"math"
	"net/http"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

// What one page of the log stream holds at most: entries or cases, and bytes.
const (
	entriesInPage = 16384
	casesInPage   = 1024
	usualCases    = 256
	pageBytes     = 32 << 20
)

// selectLog gives, of each entry that FROM and WHERE choose, everything that its frame has.
const selectLog = `SELECT e.number, e.mac, o.salt, o.entry, ` + storedData + `, coalesce(z.by, x.by, 0)`

// selectCases gives the same of each entry that is said to be of a case, stored or not.
const selectCases = `SELECT c.number, l.mac, l.salt, l.entry, l.data, coalesce(l.gone, 0)
	FROM case_entry c LEFT JOIN LATERAL (` + selectLog + ` FROM entry e` + joinLog + ` WHERE e.number = c.number OFFSET 0) l (number, mac, salt, entry, data, gone) ON true
	WHERE c.case_id > $1::text::uuid AND c.case_id <= $2::text::uuid ORDER BY c.case_id, c.number`

// joinLog finds it by the entry's own number.
const joinLog = ` LEFT JOIN opening o ON o.number = e.number LEFT JOIN payload p ON p.number = e.number
	LEFT JOIN destroyed z ON z.number = e.number LEFT JOIN erasure x ON x.number = e.number`

// A range of entries needs the range on every table: the planner does not carry it
// over, and would read each from its beginning. The data are those of all entries, or
// of the directory's alone.
const (
	joinData      = ` LEFT JOIN payload p ON p.number = e.number AND p.number >= $1 AND p.number < $2`
	joinDirectory = ` LEFT JOIN (directory_entry d JOIN payload p ON p.number = d.number AND d.number >= $1 AND d.number < $2) ON d.number = e.number`
)

const joinLogRange = ` LEFT JOIN opening o ON o.number = e.number AND o.number >= $1 AND o.number < $2
	LEFT JOIN destroyed z ON z.number = e.number AND z.number >= $1 AND z.number < $2
	LEFT JOIN erasure x ON x.number = e.number AND x.number >= $1 AND x.number < $2
	WHERE e.number >= $1 AND e.number < $2 ORDER BY e.number`

// onlyLeaves is the value of ?only= that leaves out what verifying leaves does not
// need: all data but the directory's.
const onlyLeaves = "leaves"

// logEntries streams entries from ?from= on, before ?to=, at most ?limit= of them:
// a page, whose end says where to go on. Nothing of an entry ever changes but what
// is destroyed, so pages need no common snapshot.
func (a *httpAPI) logEntries(w http.ResponseWriter, r *http.Request, _ *openLog, _ caller) error {
	query := pageQuery{r: r}
	from, to, limit := query.number("from", 0), query.number("to", math.MaxInt64), query.limit(entriesInPage, entriesInPage)
	join, only := joinData, r.URL.Query().Get("only")
	switch only {
	case "":
	case onlyLeaves:
		join = joinDirectory
	default:
		query.problem = "only is " + onlyLeaves + ", or left out."
	}
	if query.refused(w) {
		return nil
	}
	found, err := a.pool.Query(r.Context(), selectLog+" FROM entry e"+join+joinLogRange, from, min(to, from+limit))
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	defer found.Close()
	s := newLogStream(w)
	s.leaves = only == onlyLeaves
	next := from
	for s.room() && found.Next() {
		number, err := s.entry(found.RawValues())
		if err != nil {
			return a.cut(r.Context(), err)
		}
		next = number + 1
	}
	found.Close()
	if err := found.Err(); err != nil {
		return a.cut(r.Context(), err)
	}
	return a.cut(r.Context(), s.end(next))
}

// logCases streams cases behind ?after=, at most ?limit= of them, each with all its entries.
func (a *httpAPI) logCases(w http.ResponseWriter, r *http.Request, _ *openLog, _ caller) error {
	query := pageQuery{r: r}
	limit := query.limit(usualCases, casesInPage)
	after, ok := afterCase(r)
	if !ok {
		query.problem = afterCaseSyntax
	}
	if query.refused(w) {
		return nil
	}
	var s *logStream
	ctx := r.Context()
	err := pgx.BeginTxFunc(ctx, a.pool, still(), func(tx pgx.Tx) error {
		cases, err := casesOf(ctx, tx, after, limit)
		if err != nil {
			return err
		}
		s = newLogStream(w)
		return s.cases(ctx, tx, after, cases)
	})
	if err != nil && s == nil {
		return fmt.Errorf("reading the log by case: %w", err)
	}
	return a.cut(ctx, err)
}

// cut ends an answer that has begun: when something failed the connection is cut,
// so that nobody takes a part for the whole.
func (a *httpAPI) cut(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	a.failed(ctx, fmt.Errorf("streaming the log: %w", err))
	panic(http.ErrAbortHandler)
}

// casesOf reads what stands ahead of each case's entries.
func casesOf(ctx context.Context, tx pgx.Tx, after events.CaseID, limit uint64) ([]LogCase, error) {
	found, err := tx.Query(ctx, `SELECT c.case_id::text, (SELECT count(*) FROM case_entry e WHERE e.case_id = c.case_id), coalesce(t.number, 0), s.state
		FROM (SELECT DISTINCT case_id FROM case_entry WHERE case_id > $1::text::uuid ORDER BY case_id LIMIT $2) c
		LEFT JOIN retired t USING (case_id) LEFT JOIN case_state s USING (case_id) ORDER BY c.case_id`, string(after), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (LogCase, error) {
		var c LogCase
		var id string
		err := row.Scan(&id, &c.Entries, &c.Retired, &c.State)
		if len(c.State) > maxFrameState {
			c.State = nil // no case has such a state, and the fold of the entries shows that this is not it
		}
		c.Case = events.CaseID(id)
		return c, err
	})
}
