package ledger

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

const casesAtATime = 500

// beforeCases is before every case id.
const beforeCases events.CaseID = "00000000-0000-7000-8000-000000000000"

// afterCase reads the case behind which a page begins.
func afterCase(r *http.Request) (events.CaseID, bool) {
	after := beforeCases
	from := r.URL.Query().Get("after")
	return after, from == "" || after.UnmarshalText([]byte(from)) == nil
}

const afterCaseSyntax = "after is the id of the last case that you have."

// cases lists 500 cases after the one given as ?after=, in the order of their ids.
func (a *httpAPI) cases(w http.ResponseWriter, r *http.Request, log *openLog, _ caller) error {
	after, ok := afterCase(r)
	if !ok {
		refuseHTTP(w, http.StatusBadRequest, string(events.RuleDataCode), afterCaseSyntax)
		return nil
	}
	found, err := a.pool.Query(r.Context(), `SELECT c.case_id::text, s.state, (SELECT count(*) FROM case_entry e WHERE e.case_id = c.case_id), coalesce(t.number, 0)
		FROM ((SELECT case_id FROM case_state WHERE case_id > $1::text::uuid ORDER BY case_id LIMIT $2) UNION
			(SELECT case_id FROM retired WHERE case_id > $1::text::uuid ORDER BY case_id LIMIT $2)) c
		LEFT JOIN case_state s USING (case_id) LEFT JOIN retired t USING (case_id) ORDER BY c.case_id LIMIT $2`, string(after), casesAtATime)
	if err != nil {
		return fmt.Errorf("listing cases: %w", err)
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (CaseSummary, error) {
		var id string
		var state []byte
		var s CaseSummary
		err := row.Scan(&id, &state, &s.Entries, &s.Retired)
		s.Case = events.CaseID(id)
		return log.summarize(s, state), err
	})
	if err != nil {
		return fmt.Errorf("listing cases: %w", err)
	}
	answer(w, CasePage{all})
	return nil
}

// summarize adds what the stored state of a case says.
func (o *openLog) summarize(s CaseSummary, state []byte) CaseSummary {
	if state == nil && s.Retired != 0 {
		return s
	}
	c, readable := o.restore(state)
	if !readable {
		s.Unreadable = true
		return s
	}
	s.Status, s.Owner, s.Opened = c.Status(), c.Owner(), c.Trail()[0].Admitted
	return s
}

// referral tells the case of a referral, by the id under which any agency asked for it.
func (a *httpAPI) referral(w http.ResponseWriter, r *http.Request, log *openLog, _ caller) error {
	var id events.EventID
	if err := id.UnmarshalText([]byte(r.PathValue("referral"))); err != nil {
		refuseHTTP(w, http.StatusBadRequest, string(events.RuleDataCode), "A referral's id is a lower-case UUIDv7.")
		return nil
	}
	var opening []byte
	var found ReferralCase
	err := a.pool.QueryRow(r.Context(), `SELECT o.entry, coalesce((SELECT c.case_id::text FROM case_entry c WHERE o.number IS NULL AND c.number = s.number), '')
		FROM submission s LEFT JOIN opening o USING (number) WHERE s.agency = ANY($1) AND s.id = $2::text::uuid ORDER BY s.number LIMIT 1`,
		texts(log.roster.now().recipients), string(id)).Scan(&opening, &found.Case)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("looking for a referral: %w", err)
	}
	if entry, err := tlog.ParseEntry(opening); err == nil && isReferral(entry) {
		found.Case = events.CaseID(entry.Attribute("subject"))
	}
	if found.Case == "" {
		refuseHTTP(w, http.StatusNotFound, string(mou.RuleReferralUnknown), "The ledger has admitted no such referral.")
		return nil
	}
	answer(w, found)
	return nil
}

// isReferral says whether an admitted entry begins a referral.
func isReferral(e tlog.Entry) bool {
	return e.Verdict == tlog.Admitted && e.Attribute("type") == string(events.TypeReferralRequested)
}
