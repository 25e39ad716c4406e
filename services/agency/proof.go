package agency

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency/hublog"
)

// Rules of asking for a proof.
const (
	RuleEntryUnknown   events.Rule = "entry-unknown"
	RuleUnwitnessedYet events.Rule = "unwitnessed-yet" // the hub's own: nobody has cosigned the log behind the entry yet
	RuleHubAway        events.Rule = "hub-away"
	RuleProofFalse     events.Rule = "proof-false"
)

// ProofView is a C2SP tlog-proof of an entry that this agency was delivered, and
// what stands behind its checkpoint.
type ProofView struct {
	Entry     uint64   `json:"entry"`
	Size      uint64   `json:"size"`      // of the checkpoint
	Connected bool     `json:"connected"` // the checkpoint is of the log that this agency cosigned, as far as that went
	Cosigned  Cosigned `json:"cosigned"`
	Proof     []byte   `json:"proof"` // the text, which proves itself to whoever has the pinned keys
}

// Proof asks the hub for the proof of an entry, by its number or by the id of its
// event, and verifies it: against the pinned log key, against what was delivered,
// and against the log that this agency cosigned. Errors: *events.Violation.
func (a *Agency) Proof(ctx context.Context, of string) (ProofView, error) {
	had, err := a.delivered(ctx, of)
	if err != nil {
		return ProofView{}, err
	}
	text, err := a.ledger.Proof(ctx, had.Entry)
	if err != nil {
		return ProofView{}, hubAway(err)
	}
	p, err := tlog.ParseProof(text)
	if err != nil {
		return ProofView{}, a.proofFalse(ctx, had, err)
	}
	_, checkpoint, err := a.verifier.VerifyProof(p)
	if err != nil {
		return ProofView{}, a.proofFalse(ctx, had, err)
	}
	opening, err := p.Opening()
	if own := had.Opening(); err != nil || p.Index != had.Entry || opening.LeafHash() != own.LeafHash() {
		return ProofView{}, a.proofFalse(ctx, had, tlog.ErrEntry)
	}
	view := ProofView{Entry: had.Entry, Size: checkpoint.Size, Proof: text}
	a.mu.Lock()
	w := a.witness
	view.Cosigned, err = a.cosignersOf(checkpoint.Size, p.Checkpoint)
	a.mu.Unlock()
	switch {
	case errors.Is(err, ErrNotJoined):
		return ProofView{}, err
	case err != nil:
		return ProofView{}, a.proofFalse(ctx, had, err)
	}
	view.Connected, err = a.connected(ctx, w, unconnected{checkpoint, had.Number, p.Checkpoint})
	return view, err
}

// connected says whether a checkpoint is of the log that this agency cosigned. One
// that is larger than that is not known to be.
func (a *Agency) connected(ctx context.Context, w cosigned, u unconnected) (bool, error) {
	last, err := w.last(u.checkpoint.Origin)
	if err != nil || w.Size < u.checkpoint.Size || w.Size == 0 {
		return false, err
	}
	roots, err := a.rootsAt(ctx, last.Last, []unconnected{u})
	if err != nil {
		return false, hubAway(err)
	}
	if roots[0] == u.checkpoint.Root {
		return true, nil
	}
	return false, errors.Join(
		events.Refuse(RuleProofFalse, "", "the proof's checkpoint is not of the log that this agency cosigned: the log was forked"),
		a.findNow(ctx, Finding{
			Name: alarmForked, Which: "proof " + strconv.FormatUint(u.checkpoint.Size, 10), Ours: string(w.Note), Theirs: string(u.signed),
			Text: "The log was forked: a proof that the hub gave leads to a checkpoint that is not of the log that this agency cosigned. The log's key signed both. Both are kept as proof. Call the coordinator and the auditor.",
		}, tlog.ErrForked))
}

func (a *Agency) proofFalse(ctx context.Context, had tlog.Delivery, cause error) error {
	a.alarms.raise(ctx, string(RuleProofFalse), strconv.FormatUint(had.Entry, 10),
		"The hub gave a proof of an entry that does not verify. It was not believed. Ask again; if this lasts, call the hub's operator.", cause)
	return events.Refuse(RuleProofFalse, "", "the hub's proof does not verify; it was not believed")
}

// delivered finds the delivery of an entry, by the entry's number or the event's id.
func (a *Agency) delivered(ctx context.Context, of string) (tlog.Delivery, error) {
	unknown := events.Refuse(RuleEntryUnknown, "", "this agency was delivered no such entry: give its number, or the id of its event")
	number, err := strconv.ParseUint(of, 10, 53)
	byID := err != nil
	if byID && new(events.EventID).UnmarshalText([]byte(of)) != nil {
		return tlog.Delivery{}, unknown
	}
	pattern := `%\"entry\":` + strconv.FormatUint(number, 10) + `,%` // JSON in JSON
	if byID {
		pattern = "%" + of + "%"
	}
	numbers, err := a.deliveriesOf(ctx, pattern, of)
	if err != nil {
		return tlog.Delivery{}, err
	}
	for _, n := range numbers {
		p, err := a.rereadShared(ctx, n)
		if err != nil || len(p.delivery.Checkpoint) == 0 {
			continue // damaged rows are alarmed; a tombstone has no entry to prove
		}
		if !byID && p.delivery.Entry == number || byID && (string(p.event.ID) == of || string(p.delivery.ID) == of) {
			return p.delivery, nil
		}
	}
	return tlog.Delivery{}, unknown
}

// deliveriesOf finds the numbers of deliveries whose headers are like a pattern,
// or that answer an own event.
func (a *Agency) deliveriesOf(ctx context.Context, pattern, id string) ([]uint64, error) {
	rows, err := a.journal.reader.QueryContext(ctx,
		`SELECT answered FROM outbox WHERE id = ? AND answered IS NOT NULL UNION SELECT number FROM inbox WHERE header LIKE ? ORDER BY 1 LIMIT 64`, id, pattern)
	if err != nil {
		return nil, fmt.Errorf("looking for a delivery: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var numbers []uint64
	for rows.Next() {
		var number uint64
		if err := rows.Scan(&number); err != nil {
			return nil, fmt.Errorf("looking for a delivery: %w", err)
		}
		numbers = append(numbers, number)
	}
	return numbers, rows.Err()
}

// hubAway makes an error that its reader understands of one in asking the hub.
func hubAway(err error) error {
	if errors.Is(err, hublog.ErrAway) {
		return events.Refuse(RuleHubAway, "", "the hub's ledger does not answer as it should; try again in a moment")
	}
	if errors.Is(err, tlog.ErrTile) || errors.Is(err, tlog.ErrCheckpoint) {
		return events.Refuse(RuleProofFalse, "", "what the hub's ledger answers does not verify; it was not believed")
	}
	return err
}

func (a *Agency) getProof(r *http.Request) (any, error) {
	return a.Proof(r.Context(), r.PathValue("entry"))
}
