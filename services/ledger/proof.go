package ledger

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// mediaProof is the media type of a C2SP tlog-proof.
const mediaProof = "text/plain; charset=utf-8"

// prove answers with the proof of one entry at the newest checkpoint that holds it
// and is witnessed: to an agency that was delivered the entry, and to an auditor
// with a reading that covers it.
func (a *httpAPI) prove(w http.ResponseWriter, r *http.Request) {
	log, by, ok := a.identify(w, r)
	if !ok {
		return
	}
	number, ok := numberOf(r.PathValue("number"))
	if !ok {
		refuseHTTP(w, http.StatusBadRequest, string(events.RuleDataMalformed), "An entry is named by its number in the log: decimal, from 0, without a sign.")
		return
	}
	a.respond(w, r, log, by, func(w http.ResponseWriter, r *http.Request, log *openLog, by caller) error {
		may, err := a.mayHaveProof(w, r, by, number)
		if err != nil || !may {
			return err
		}
		return a.giveProof(w, r, log, by, number)
	})
}

// mayHaveProof answers itself when it gives false.
func (a *httpAPI) mayHaveProof(w http.ResponseWriter, r *http.Request, by caller, number uint64) (may bool, err error) {
	if by.kind == events.Auditor {
		return a.mayRead(w, r, by.agency, number)
	}
	if err := a.pool.QueryRow(r.Context(), "SELECT EXISTS (SELECT FROM delivery WHERE recipient = $1 AND entry = $2)", string(by.agency), number).Scan(&may); err != nil {
		return false, fmt.Errorf("asking to whom an entry was delivered: %w", err)
	}
	if !may {
		refuseHTTP(w, http.StatusNotFound, ruleNotFound, "The ledger delivered no such entry to your agency.")
	}
	return may, nil
}

func (a *httpAPI) giveProof(w http.ResponseWriter, r *http.Request, log *openLog, by caller, number uint64) error {
	var salt, opening []byte
	err := a.pool.QueryRow(r.Context(), "SELECT o.salt, o.entry FROM entry e LEFT JOIN opening o USING (number) WHERE e.number = $1", number).Scan(&salt, &opening)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		refuseHTTP(w, http.StatusNotFound, ruleNotFound, "The log has no such entry yet.")
		return nil
	case err != nil:
		return fmt.Errorf("reading an opening: %w", err)
	case opening == nil:
		refuseHTTP(w, http.StatusGone, string(ruleRetentionEnded), "What opens this entry was destroyed when its time was over; its leaf stays in the log.")
		return nil
	}
	find := log.newestWitnessed
	if by.kind == events.ForeignMission { // how far the log has grown is not for it
		find = log.oldestWitnessed
	}
	size, err := find(r.Context(), a.pool, number+1, maxSize)
	if err != nil {
		return err
	}
	if size == 0 {
		w.Header().Set("Retry-After", "2")
		refuseHTTP(w, http.StatusNotFound, "unwitnessed-yet", "The entry is in the log, and not yet enough agencies have cosigned a checkpoint that holds it; ask again in a moment.")
		return nil
	}
	signed, err := log.checkpointAt(r.Context(), a.pool, size)
	if err != nil {
		return err
	}
	path, err := tlog.Prove(size, number, readHashes(r.Context(), a.pool))
	if err != nil {
		return err
	}
	salted, err := hash(salt)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaProof)
	w.Header().Set("Cache-Control", "no-store")
	give(w, tlog.NewProof(number, tlog.Opening{Salt: salted, Entry: opening}, path, signed).Marshal())
	return nil
}

// maxSize is beyond the size of any log.
const maxSize = 1<<53 - 1
