package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// Head is the newest checkpoint.
type Head struct {
	Checkpoint []byte `json:"checkpoint"` // signed note
	Witnessed  bool   `json:"witnessed"`
}

// CaseSummary is one case in the list of cases, which is ordered by case id.
type CaseSummary struct {
	Case    events.CaseID   `json:"case"`
	Entries int             `json:"entries"` // admitted, and refused ones of authenticated senders
	Status  mou.Status      `json:"status,omitzero"`
	Owner   events.AgencyID `json:"owner,omitzero"`  // the contact desk
	Opened  time.Time       `json:"opened,omitzero"` // when its opening was admitted

	Unreadable bool `json:"unreadable,omitzero"` // the stored state cannot be read: nothing but id and entries is known; its trail tells more
}

// Trail is everything that is needed to verify and judge one case again offline,
// without trusting the hub: see contracts/tlog, events/seal and contracts/mou.
type Trail struct {
	Case       events.CaseID  `json:"case"`
	Hub        events.HubID   `json:"hub"`
	Profile    string         `json:"profile"`
	Semantics  int            `json:"semantics"`
	LogKey     string         `json:"log_key"`    // verifier key; compare with the one pinned out of band
	Genesis    string         `json:"genesis"`    // hexadecimal digest of the founding data; likewise
	Checkpoint []byte         `json:"checkpoint"` // signed note, newer than every entry below
	Witnessed  bool           `json:"witnessed"`
	Founding   TrailEntry     `json:"founding"` // entry 0: the directory
	Missions   []TrailEntry   `json:"missions"` // the entries behind it that list the founding foreign missions
	Capacity   []TrailEntry   `json:"capacity"` // what the duties that the hub told had published of their hours, by entry number
	Entries    []TrailEntry   `json:"entries"`  // of the case, in the order of the log, refusals among them
	State      jsontext.Value `json:"state"`    // the case as the ledger stores it, null if all that was said of it was refused; folding the entries must give the same. What is stored and is no JSON comes as a string of base64
}

// TrailEntry is one entry with its proof at the trail's checkpoint.
type TrailEntry struct {
	Number uint64      `json:"number"`
	Leaf   tlog.Hash   `json:"leaf"`
	Proof  []tlog.Hash `json:"proof"`

	Salt    []byte `json:"salt,omitzero"` // with Opening it opens the leaf; both gone when retention destroyed them
	Opening []byte `json:"opening,omitzero"`

	Data   []byte               `json:"data,omitzero"`   // facts as they were signed; never a sealed record
	Record *events.RecordHeader `json:"record,omitzero"` // of a sealed record: its protected header; the entry has the digest of the whole
	Erased bool                 `json:"erased,omitzero"` // the data were destroyed
	Reason string               `json:"reason,omitzero"` // of a refusal
}

func (a *auditAPI) checkpoint(w http.ResponseWriter, r *http.Request, _ *openLog) error {
	_, note, err := newestCheckpoint(r.Context(), a.pool)
	if err != nil {
		return err
	}
	answer(w, Head{Checkpoint: note})
	return nil
}

func newestCheckpoint(ctx context.Context, db querier) (size uint64, note []byte, err error) {
	if err := db.QueryRow(ctx, "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").Scan(&size, &note); err != nil {
		return 0, nil, fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	return size, note, nil
}

const casesAtATime = 500

// cases lists 500 cases after the one given as ?after=, in the order of their ids.
func (a *auditAPI) cases(w http.ResponseWriter, r *http.Request, log *openLog) error {
	after := events.CaseID("00000000-0000-7000-8000-000000000000")
	if from := r.URL.Query().Get("after"); from != "" {
		if err := after.UnmarshalText([]byte(from)); err != nil {
			refuseHTTP(w, http.StatusBadRequest, string(events.RuleDataCode), "after is the id of the last case that you have.")
			return nil
		}
	}
	found, err := a.pool.Query(r.Context(), `SELECT s.case_id::text, s.state, (SELECT count(*) FROM case_entry e WHERE e.case_id = s.case_id)
		FROM case_state s WHERE s.case_id > $1::text::uuid ORDER BY s.case_id LIMIT $2`, string(after), casesAtATime)
	if err != nil {
		return fmt.Errorf("listing cases: %w", err)
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (CaseSummary, error) {
		var id string
		var state []byte
		var entries int
		if err := row.Scan(&id, &state, &entries); err != nil {
			return CaseSummary{}, err
		}
		c, readable := log.restore(state)
		if !readable {
			return CaseSummary{Case: events.CaseID(id), Entries: entries, Unreadable: true}, nil
		}
		return CaseSummary{Case: events.CaseID(id), Entries: entries, Status: c.Status(), Owner: c.Owner(), Opened: c.Trail()[0].Admitted}, nil
	})
	if err != nil {
		return fmt.Errorf("listing cases: %w", err)
	}
	answer(w, map[string]any{"cases": all})
	return nil
}

// trail answers with one case, read in one snapshot, so that state, entries and
// checkpoint belong together.
func (a *auditAPI) trail(w http.ResponseWriter, r *http.Request, log *openLog) error {
	var id events.CaseID
	if err := id.UnmarshalText([]byte(r.PathValue("case"))); err != nil {
		refuseHTTP(w, http.StatusBadRequest, string(events.RuleDataCode), "A case id is a lower-case UUIDv7.")
		return nil
	}
	t, err := a.snapshot(r.Context(), log, id)
	if errors.Is(err, pgx.ErrNoRows) {
		refuseHTTP(w, http.StatusNotFound, string(mou.RuleCaseUnknown), "The ledger has no such case.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a trail: %w", err)
	}
	answer(w, t)
	return nil
}

func (a *auditAPI) snapshot(ctx context.Context, log *openLog, id events.CaseID) (t Trail, err error) {
	still := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, a.pool, still, func(tx pgx.Tx) (err error) {
		t, err = readTrail(ctx, tx, log, id)
		return err
	})
	return t, err
}

func readTrail(ctx context.Context, db querier, log *openLog, id events.CaseID) (Trail, error) {
	t := Trail{Case: id, Hub: log.hub, Profile: log.directory.founded.Profile, Semantics: mou.Semantics, LogKey: log.genesis.VKey, Genesis: hex.EncodeToString(log.genesis.Digest[:])}
	var state []byte
	err := db.QueryRow(ctx, "SELECT state FROM case_state WHERE case_id = $1::text::uuid", string(id)).Scan(&state)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return t, err
	}
	if t.State, err = rawState(state); err != nil {
		return t, err
	}
	size, note, err := newestCheckpoint(ctx, db)
	if err != nil {
		return t, err
	}
	t.Checkpoint = note
	prover, headers := tlog.NewProver(size, readHashes(ctx, db)), storedHeaders(log, state)
	all, err := trailEntries(ctx, db, prover, headers, `e.number = 0 OR e.number IN (SELECT number FROM introduction WHERE mission = agency)
		OR e.number IN (SELECT number FROM case_entry WHERE case_id = $1::text::uuid)`, string(id))
	if err != nil {
		return t, err
	}
	missions := len(log.directory.missions)
	if t.Founding, t.Missions, t.Entries = all[0], all[1:1+missions], all[1+missions:]; len(t.Entries) == 0 {
		return t, pgx.ErrNoRows
	}
	capacities, err := capacitiesBehind(ctx, db, t.Entries)
	if err != nil {
		return t, err
	}
	t.Capacity, err = trailEntries(ctx, db, prover, headers, "e.number = ANY($1::bigint[])", capacities)
	return t, err
}

// trailEntries reads and proves the entries that a condition selects, in the order of the log.
func trailEntries(ctx context.Context, db querier, prover *tlog.Prover, headers map[uint64]events.RecordHeader, where string, arg any) ([]TrailEntry, error) {
	found, err := db.Query(ctx, `SELECT e.number, e.leaf_hash, o.salt, o.entry, p.data, r.reason
		FROM entry e LEFT JOIN opening o USING (number) LEFT JOIN payload p USING (number) LEFT JOIN refusal r USING (number)
		WHERE `+where+" ORDER BY e.number", arg)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (TrailEntry, error) { return scanTrailEntry(row, headers) })
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Proof, err = prover.Prove(all[i].Number); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// restore reads a stored state; one that cannot be read, or has nothing in it, is none.
func (o *openLog) restore(state []byte) (mou.Case, bool) {
	c, err := o.memorandum.RestoreCase(state)
	return c, err == nil && len(c.Trail()) > 0
}

// rawState is a stored state as the trail has it, whatever is stored; none is null.
func rawState(state []byte) (jsontext.Value, error) {
	if v := jsontext.Value(state); state == nil || v.IsValid() {
		return v, nil
	}
	return json.Marshal(state)
}

// storedHeaders are the headers of the case's records as its state has them: all
// that is left of an erased one. A state that cannot be read has none.
func storedHeaders(log *openLog, state []byte) map[uint64]events.RecordHeader {
	headers := map[uint64]events.RecordHeader{}
	c, readable := log.restore(state)
	if !readable {
		return headers
	}
	for _, item := range c.Trail() {
		if record, sealed := item.Facts.(*events.Record); sealed {
			headers[item.Number] = record.Header
		}
	}
	return headers
}

// isRecord says whether an opened entry is of a sealed record.
func isRecord(opening []byte) bool {
	entry, err := tlog.ParseEntry(opening)
	return err == nil && events.Type(entry.Attribute("type")).Sealed()
}

func scanTrailEntry(row pgx.CollectableRow, headers map[uint64]events.RecordHeader) (TrailEntry, error) {
	var leaf, data []byte
	var reason *string
	var e TrailEntry
	if err := row.Scan(&e.Number, &leaf, &e.Salt, &e.Opening, &data, &reason); err != nil {
		return e, err
	}
	var err error
	if e.Leaf, err = hash(leaf); err != nil {
		return e, err
	}
	if reason != nil {
		e.Reason = *reason
		return e, nil
	}
	header, sealed := headers[e.Number]
	switch {
	case data == nil:
		e.Erased = true
	case sealed || isRecord(e.Opening):
		sealed = true
		if header, err = seal.ParseRecord(data); err != nil {
			return e, errors.New("the stored record of entry " + strconv.FormatUint(e.Number, 10) + " is damaged")
		}
	default:
		e.Data = data
	}
	if sealed {
		e.Record = &header
	}
	return e, nil
}
