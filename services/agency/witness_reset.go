package agency

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
)

// A reset is a ceremony, because a witness that forgets can be shown another log.
// The agency's people compare, out of band, the checkpoint from which it goes on;
// the agency says so in the log, where every party sees it; and until the log
// holds that statement, and shows a checkpoint that covers it, nothing is cosigned.

// Rules of a reset.
const (
	RuleResetUnneeded events.Rule = "witness-reset-unneeded"
	RuleResetDiffers  events.Rule = "witness-reset-differs"
	RuleNoWitness     events.Rule = "witness-none"
)

// Reset is what the agency's people decided.
type Reset struct {
	Staff   string             `json:"staff"` // role and code of who does it, never a name; stays in this agency
	Because events.ResetGround `json:"because"`
	Size    uint64             `json:"size"` // of the checkpoint that was compared out of band
	Root    string             `json:"root"` // hexadecimal
}

var staffSyntax = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (r Reset) check() error {
	switch root, err := hex.DecodeString(r.Root); {
	case !staffSyntax.MatchString(r.Staff):
		return events.Refuse(events.RuleDataCode, "/staff", "who resets the witness is a role and code, 1 to 32 of a-z, 0-9 and hyphen; never a name")
	case new(events.ResetGround).UnmarshalText([]byte(r.Because)) != nil:
		return events.Refuse(events.RuleDataCode, "/because", "the grounds are state-lost and log-forked")
	case r.Size == 0 || r.Size > 1<<52:
		return events.Refuse(events.RuleDataRange, "/size", "give the size of a checkpoint that another agency or the auditor showed you")
	case err != nil || len(root) != len(tlog.Hash{}) || hex.EncodeToString(root) != r.Root:
		return events.Refuse(events.RuleDataRange, "/root", "a root is 64 lower-case hexadecimal digits")
	}
	return nil
}

// ResetWitness makes the witness begin anew from a checkpoint that people compared
// out of band, and says so in the log. The hub's ledger must answer: so a mistyped
// root is found before it accuses the hub of a fork. Errors: *events.Violation,
// [ErrNotJoined].
func (a *Agency) ResetWitness(ctx context.Context, r Reset) (events.EventID, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	if !a.config.witnesses() {
		return "", events.Refuse(RuleNoWitness, "", "agencies of this kind do not witness the log")
	}
	head, err := a.compareReset(ctx, r)
	if err != nil {
		return "", err
	}
	var common, stored uint64
	if r.Because == events.ResetLogForked {
		if common, stored, err = a.commonWith(ctx, head); err != nil {
			return "", err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.resetNeeded(ctx, r.Because); err != nil {
		return "", err
	}
	if common > 0 && stored != a.stored {
		return "", errMoved
	}
	now := a.now()
	said := events.At(now)
	payload := &events.WitnessReset{
		Said:    events.Said{Happened: said, Recorded: said, Channel: events.InPerson},
		Because: r.Because, Lost: a.witness.Size, Size: r.Size, Root: r.Root,
	}
	id, err := newID("", now)
	if err != nil {
		return "", err
	}
	next := cosigned{Resets: a.witness.Resets + 1, Size: r.Size, Root: r.Root, Reset: id, Offered: a.witness.Offered}
	also := func(tx *sql.Tx) error { return a.beginAnew(ctx, tx, next, r, common, now) }
	if _, err := a.sayLocked(ctx, true, also, Statement{ID: id, Payload: payload, ceremony: true}); err != nil {
		return "", err
	}
	a.witness, a.witnessed = next, 0
	for _, alarm := range []string{alarmForked, alarmRolledBack, alarmUnsigned, alarmLost, "witness-damaged"} {
		a.alarms.overAll(alarm)
	}
	if common > 0 {
		err = a.turnedBack(ctx, common)
	}
	return id, errors.Join(err, a.copyWitness(ctx))
}

// beginAnew stores all that a reset changes, in the transaction that says it.
func (a *Agency) beginAnew(ctx context.Context, tx *sql.Tx, next cosigned, r Reset, common uint64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO ceremony (event, staff, because, size, root, at) VALUES (?, ?, ?, ?, ?, ?)`,
		string(next.Reset), r.Staff, string(r.Because), r.Size, r.Root, now.UnixNano())
	if err != nil {
		return fmt.Errorf("storing who reset the witness: %w", err)
	}
	if err := errors.Join(a.storeWitness(ctx, tx, next), endFindings(ctx, tx, now)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM unconnected`); err != nil {
		return fmt.Errorf("beginning anew: %w", err)
	}
	if err := setMeta(ctx, tx, witnessedMeta, "0"); err != nil {
		return err
	}
	last := a.stored
	if r.Because == events.ResetLogForked {
		if err := turnBack(ctx, tx, common, next.Reset); err != nil {
			return err
		}
		last = common
	}
	return a.connectAllAnew(ctx, tx, last, now)
}

// connectAllAnew has every stored delivery's checkpoint compared with the log
// from which the witness goes on: what it knew of them is gone.
func (a *Agency) connectAllAnew(ctx context.Context, tx *sql.Tx, last uint64, now time.Time) error {
	for number := uint64(1); number <= last; number++ {
		h, err := readDelivery(ctx, tx, number)
		if err != nil {
			if errors.Is(err, errDamaged) {
				continue // alarmed already; its repair is connected when it comes
			}
			return err
		}
		d, err := parseDelivery(h.message)
		if err != nil || h.aside || len(d.Checkpoint) == 0 {
			continue
		}
		c, err := tlog.ParseCheckpoint(d.Checkpoint, a.verifier.Log)
		if err != nil {
			continue // the row is damaged; as above
		}
		if err := noteUnconnected(ctx, tx, unconnected{c, number, d.Checkpoint}, now); err != nil {
			return err
		}
	}
	return nil
}

// resetNeeded refuses a reset that nothing asks for.
func (a *Agency) resetNeeded(ctx context.Context, because events.ResetGround) error {
	open := map[events.ResetGround]bool{events.ResetStateLost: a.witness.lost || a.witness.Refused || a.alarms.stands(alarmLost)}
	all, err := findings(ctx, a.journal.reader)
	for _, f := range all {
		open[events.ResetLogForked] = open[events.ResetLogForked] || f.Over == nil
	}
	open[events.ResetLogForked] = open[events.ResetLogForked] || a.witness.Refused
	switch {
	case err != nil:
		return err
	case !open[because] && because == events.ResetStateLost:
		return events.Refuse(RuleResetUnneeded, "/because", "the witness's state is not lost, as far as it and the hub know: a reset would only weaken what it proves")
	case !open[because]:
		return events.Refuse(RuleResetUnneeded, "/because", "this agency found nothing against the log: a reset would only weaken what it proves")
	}
	return nil
}

// compareReset compares what people typed with the hub's own log, and gives its
// newest checkpoint.
func (a *Agency) compareReset(ctx context.Context, r Reset) (tlog.Checkpoint, error) {
	head, err := a.fetchHead(ctx)
	if err != nil {
		return tlog.Checkpoint{}, hubAway(err)
	}
	if r.Size > head.checkpoint.Size {
		return tlog.Checkpoint{}, events.Refuse(RuleResetDiffers, "/size", fmt.Sprintf("the hub's log has only %d entries: either the number is mistyped, or the log was rolled back", head.checkpoint.Size))
	}
	roots, err := a.rootsAt(ctx, head.checkpoint, []unconnected{{checkpoint: tlog.Checkpoint{Size: r.Size}}})
	if err != nil {
		return tlog.Checkpoint{}, hubAway(err)
	}
	if hex.EncodeToString(roots[0][:]) != r.Root {
		return tlog.Checkpoint{}, events.Refuse(RuleResetDiffers, "/root", "the hub's log has another root at that size: either it is mistyped, or the hub shows whoever gave it to you another log than this agency. Compare again before anything else")
	}
	return head.checkpoint, nil
}

// resetAnswered takes the ledger's word on a reset, in the transaction that stores
// it, and gives the state from then on; nil if it is on something else. From now
// on every cosignature covers the statement. Agency.mu is held.
func (a *Agency) resetAnswered(ctx context.Context, tx *sql.Tx, p proven) (*cosigned, error) {
	if p.own == nil || a.witness.Reset == "" || p.own.event.ID != a.witness.Reset {
		return nil, nil
	}
	next := a.witness
	next.Reset = ""
	if next.Least = p.entry.Number + 1; p.delivery.Kind == tlog.KindRefusal {
		next.Least, next.Refused = 0, true
	}
	return &next, a.storeWitness(ctx, tx, next)
}

// ResetView is a witness that began anew, as the log says.
type ResetView struct {
	Agency  events.AgencyID    `json:"agency"`
	Entry   uint64             `json:"entry"`
	At      time.Time          `json:"at"`
	Because events.ResetGround `json:"because"`
	Lost    uint64             `json:"lost,omitzero"`
	Size    uint64             `json:"size"`
}

// noteReset keeps that a witness, of this agency or another, began anew.
// Agency.mu is held.
func (a *Agency) noteReset(p proven) {
	reset, ok := p.payload.(*events.WitnessReset)
	known := slices.ContainsFunc(a.resets, func(r ResetView) bool { return r.Entry == p.entry.Number })
	if ok && !known && p.entry.Verdict == tlog.Admitted {
		a.resets = append(a.resets, ResetView{p.event.Agency(), p.entry.Number, p.entry.Admitted, reset.Because, reset.Lost, reset.Size})
	}
}
