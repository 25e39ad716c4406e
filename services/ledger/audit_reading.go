package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/seal"
)

// The rules of readings.
const (
	ruleUnrecorded     = "reading-unrecorded"
	ruleApprovalNeeded = "approval-needed"
	rulePace           = "reading-rate"
	ruleNotActive      = "not-active"
)

// record puts a reading into the log, and then lets the auditor do it.
func (a *httpAPI) record(w http.ResponseWriter, r *http.Request, log *openLog, by caller) error {
	read, problem := log.readingAsked(by.body)
	if problem != nil {
		refuseHTTP(w, http.StatusBadRequest, string(problem.Rule), problem.Reason)
		return nil
	}
	if read.Agency != "" && !log.roster.now().receives(read.Agency) {
		refuseHTTP(w, http.StatusNotFound, "agency-unknown", "The directory lists no such agency that gets deliveries.")
		return nil
	}
	now := a.config.Clock()
	if problem := log.approve(read, by.agency, r.Header.Values(seal.ApprovalHeader), now); problem != nil {
		refuseHTTP(w, http.StatusForbidden, ruleApprovalNeeded, problem.Reason)
		return nil
	}
	if !a.pace.allows(by.agency, now) {
		w.Header().Set("Retry-After", "60")
		refuseHTTP(w, http.StatusTooManyRequests, rulePace, "Each reading is an entry of the log, and you asked for "+strconv.Itoa(readingsInAMinute)+" in a minute; go on in the next.")
		return nil
	}
	lead := a.status.leader()
	if lead == nil {
		refuseLater(w, ruleNotActive, "This ledger does not lead, so it can record no reading; ask the one that does, or again in a moment.")
		return nil
	}
	recorded, err := lead.read(r.Context(), by.agency, read)
	if errors.Is(err, errNotActive) {
		refuseLater(w, ruleNotActive, "This ledger could not record the reading, and shows nothing; ask again in a moment.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("recording a reading: %w", err)
	}
	answerWith(w, http.StatusCreated, recorded)
	return nil
}

// readingAsked reads what an auditor asks for, strictly.
func (o *openLog) readingAsked(body []byte) (*events.TrailRead, *events.Violation) {
	var asks ReadingRequest
	if err := json.Unmarshal(body, &asks, json.RejectUnknownMembers(true)); err != nil {
		return nil, events.Refuse(events.RuleDataMalformed, "", "The body is JSON: what (cases, replay, export, log or completeness), the case of a replay or an export, the agency of a check for completeness.")
	}
	read := &events.TrailRead{What: asks.What, Case: asks.Case, Agency: asks.Agency}
	if _, err := events.Encode(read); err != nil {
		return nil, violation(err)
	}
	return read, nil
}

// approve names the second auditor who approved a reading. One that is shown must
// be good even where none is needed.
func (o *openLog) approve(read *events.TrailRead, reader events.AgencyID, shown []string, now time.Time) *events.Violation {
	needed := events.Refuse(ruleApprovalNeeded, "header "+seal.ApprovalHeader, "The profile lets nobody read this alone: another auditor approves it with `handrail audit approve`, and you send what that gives in the header "+seal.ApprovalHeader+".")
	if len(shown) == 0 && !o.profile.NeedsApproval(read.What) {
		return nil
	}
	if len(shown) != 1 {
		return needed
	}
	who := o.roster.now()
	approval, err := seal.VerifyApproval(shown[0], o.hub.Origin(), now, who.signer)
	switch {
	case err != nil:
		return violation(err)
	case who.kind(approval.By) != events.Auditor || who.away(approval.By):
		return events.Refuse(ruleApprovalNeeded, needed.Pointer, "An approval is another auditor's; this one is of an agency that is none.")
	case approval.Reader != reader:
		return events.Refuse(ruleApprovalNeeded, needed.Pointer, "The approval is for another reader.")
	case approval.What != read.What || approval.Case != read.Case || approval.Agency != read.Agency:
		return events.Refuse(ruleApprovalNeeded, needed.Pointer, "The approval is for another reading, or of another case or agency.")
	}
	read.Approved = approval.By
	return nil
}

// forReading lets only requests through that an auditor signed and that name a
// recorded reading of the same auditor, of one of the kinds, of this case or
// agency, and not older than 12 hours.
func (a *httpAPI) forReading(read reader, kinds ...events.Reading) http.HandlerFunc {
	return a.forAuditors(func(w http.ResponseWriter, r *http.Request, log *openLog, by caller) error {
		detail, err := a.allowed(r, &by, kinds)
		if err != nil {
			return err
		}
		if detail != "" {
			refuseHTTP(w, http.StatusForbidden, ruleUnrecorded, detail)
			return nil
		}
		return read(w, r, log, by)
	})
}

// allowed looks up the reading that a request names. What it gives is why the
// request may not be answered; empty: it may.
func (a *httpAPI) allowed(r *http.Request, by *caller, kinds []events.Reading) (detail string, err error) {
	number, ok := numberOf(r.URL.Query().Get("reading"))
	if !ok {
		return "Record the reading first: POST /v1/readings, and name it here as ?reading= and its number.", nil
	}
	by.reading, err = readReading(r.Context(), a.pool, number)
	if errors.Is(err, pgx.ErrNoRows) {
		return "No reading is recorded under this number.", nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case by.reading.auditor != by.agency:
		return "The reading under this number is another auditor's; record your own.", nil
	case !slices.Contains(kinds, by.reading.What):
		return "The reading under this number is of another kind; record one for what you ask.", nil
	case r.PathValue("case") != string(by.reading.Case):
		return "The reading under this number is of another case; record one of this case.", nil
	case r.PathValue("agency") != string(by.reading.Agency):
		return "The reading under this number is of another agency; record one of this agency.", nil
	case a.config.Clock().Sub(by.reading.at) > readingCount:
		return "The reading under this number is older than 12 hours; record another.", nil
	}
	return "", nil
}

func readReading(ctx context.Context, db querier, number uint64) (reading, error) {
	found := reading{number: number}
	err := db.QueryRow(ctx, "SELECT auditor, what, coalesce(case_id::text, ''), coalesce(agency, ''), at FROM reading WHERE number = $1", number).
		Scan(&found.auditor, &found.What, &found.Case, &found.Agency, &found.at)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("looking up a reading: %w", err)
	}
	return found, err
}

// mayRead says whether a request of an auditor names a reading that covers an
// entry: every entry that of the log, those of a case a replay or an export, what
// an agency was delivered a check for completeness. It answers itself when not.
func (a *httpAPI) mayRead(w http.ResponseWriter, r *http.Request, auditor events.AgencyID, entry uint64) (bool, error) {
	number, _ := numberOf(r.URL.Query().Get("reading"))
	found, err := readReading(r.Context(), a.pool, number)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	covers := false
	if err == nil && found.auditor == auditor && a.config.Clock().Sub(found.at) <= readingCount {
		if covers, err = found.covers(r.Context(), a.pool, entry); err != nil {
			return false, err
		}
	}
	if !covers {
		refuseHTTP(w, http.StatusForbidden, ruleUnrecorded, "Record a reading first that this entry belongs to: of its case, of the log, or of an agency that was delivered it; name it here as ?reading= and its number.")
	}
	return covers, nil
}

func (r reading) covers(ctx context.Context, db querier, entry uint64) (covers bool, err error) {
	switch r.What {
	case events.ReadingLog:
		return true, nil
	case events.ReadingReplay, events.ReadingExport:
		err = db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM case_entry WHERE case_id = $1::text::uuid AND number = $2)", string(r.Case), entry).Scan(&covers)
	case events.ReadingCompleteness:
		err = db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM delivery WHERE recipient = $1 AND entry = $2)", string(r.Agency), entry).Scan(&covers)
	case events.ReadingCases:
	}
	if err != nil {
		return false, fmt.Errorf("asking what a reading covers: %w", err)
	}
	return covers, nil
}

// numberOf reads a number of the log as it stands in a query: decimal, without
// sign or leading zeroes, below 2^53.
func numberOf(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 53)
	return n, err == nil && strconv.FormatUint(n, 10) == text
}
