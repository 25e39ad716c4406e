package ledger

import (
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// What a page of an agency's deliveries or submissions holds.
const (
	usualLines = 1000
	linesMost  = 5000
)

// deliveries lists the delivery numbers of one agency behind ?after=.
func (a *httpAPI) deliveries(w http.ResponseWriter, r *http.Request, _ *openLog, by caller) error {
	query := pageQuery{r: r}
	after, limit := query.number("after", 0), query.limit(usualLines, linesMost)
	if query.refused(w) {
		return nil
	}
	page, ctx := DeliveryPage{Agency: by.reading.Agency}, r.Context()
	err := pgx.BeginTxFunc(ctx, a.pool, still(), func(tx pgx.Tx) (err error) {
		if err := tx.QueryRow(ctx, `SELECT coalesce((SELECT max(number) FROM delivery WHERE recipient = $1), 0), coalesce((SELECT number FROM position WHERE agency = $1), 0)`,
			string(page.Agency)).Scan(&page.Assigned, &page.Reported); err != nil {
			return err
		}
		found, err := tx.Query(ctx, `SELECT d.number, d.kind, d.entry, d.leaf, o.number IS NULL OR d.kind = 'event' AND p.number IS NULL, coalesce(x.reason, '')
			FROM delivery d LEFT JOIN opening o ON o.number = d.entry LEFT JOIN payload p ON p.number = d.entry LEFT JOIN erasure x ON x.number = d.entry
			WHERE d.recipient = $1 AND d.number > $2 ORDER BY d.number LIMIT $3`, string(page.Agency), after, limit)
		if err != nil {
			return err
		}
		page.Deliveries, err = pgx.CollectRows(found, scanDelivery)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing deliveries: %w", err)
	}
	answer(w, page)
	return nil
}

func scanDelivery(row pgx.CollectableRow) (DeliveryLine, error) {
	var d DeliveryLine
	var gone bool
	var reason string
	if err := row.Scan(&d.Number, &d.Kind, &d.Entry, &d.Leaf, &gone, &reason); err != nil {
		return d, err
	}
	switch {
	case gone && reason != "":
		d.Tombstone = tombstone(events.ErasureReason(reason))
	case gone:
		d.Tombstone = tlog.TombstoneErased
	}
	return d, nil
}

// submissions lists the correctly signed submissions of one agency behind ?after=.
func (a *httpAPI) submissions(w http.ResponseWriter, r *http.Request, _ *openLog, by caller) error {
	query := pageQuery{r: r}
	limit := query.limit(usualLines, linesMost)
	after := events.EventID(beforeCases)
	if from := r.URL.Query().Get("after"); from != "" && after.UnmarshalText([]byte(from)) != nil {
		query.problem = "after is the id of the last submission that you have."
	}
	if query.refused(w) {
		return nil
	}
	found, err := a.pool.Query(r.Context(), `SELECT s.id::text, s.digest, s.number, e.leaf_hash FROM submission s JOIN entry e USING (number)
		WHERE s.agency = $1 AND s.id > $2::text::uuid ORDER BY s.id LIMIT $3`, string(by.reading.Agency), string(after), limit)
	if err != nil {
		return fmt.Errorf("listing submissions: %w", err)
	}
	page := SubmissionPage{Agency: by.reading.Agency}
	if page.Submissions, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (SubmissionLine, error) {
		var s SubmissionLine
		var id string
		var digest, leaf []byte
		if err := row.Scan(&id, &digest, &s.Entry, &leaf); err != nil {
			return s, err
		}
		s.ID, s.Digest = events.EventID(id), hex.EncodeToString(digest)
		var err error
		s.Leaf, err = hash(leaf)
		return s, err
	}); err != nil {
		return fmt.Errorf("listing submissions: %w", err)
	}
	answer(w, page)
	return nil
}
