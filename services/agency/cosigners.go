package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
)

// seenHead is a checkpoint that the hub published, as the log signed it.
type seenHead struct {
	checkpoint tlog.Checkpoint
	signed     []byte
}

// fetchHead asks the hub for its newest checkpoint. The log's signature is
// verified; whether it is of the same log as what this agency cosigned is not yet
// known, and is found when it is connected.
func (a *Agency) fetchHead(ctx context.Context) (seenHead, error) {
	signed, err := a.ledger.Checkpoint(ctx)
	if err != nil {
		return seenHead{}, err
	}
	c, err := tlog.ParseCheckpoint(signed, a.verifier.Log)
	if err != nil {
		return seenHead{}, fmt.Errorf("reading the hub's newest checkpoint: %w", err)
	}
	bare, err := a.byLogAlone(signed)
	if err != nil {
		return seenHead{}, fmt.Errorf("reading the hub's newest checkpoint: %w", err)
	}
	err = a.journal.update(ctx, func(tx *sql.Tx) error { return noteUnconnected(ctx, tx, unconnected{c, 0, bare}, a.now()) })
	return seenHead{c, signed}, err
}

// Cosigned is who else stands behind the log, as the newest checkpoint shows that
// the hub published and that this agency looked at.
type Cosigned struct {
	Size     uint64            `json:"size"`
	Agencies []events.AgencyID `json:"agencies"` // that cosigned it, this one left out
	Enough   bool              `json:"enough"`   // with this one, if it cosigned as much, the log counts as witnessed, as the country profile says
	Looked   time.Time         `json:"looked"`

	kinds []events.AgencyKind // of the agencies
	own   bool                // the checkpoint bears this agency's cosignature too
}

// enough says whether the log counts as witnessed, as of now. Agency.mu is held.
func (a *Agency) enough(c Cosigned) bool {
	kinds := slices.Clone(c.kinds)
	if c.own || a.witness.Size >= c.Size && len(a.witness.Note) > 0 { // whether or not the hub has it yet
		kinds = append(kinds, a.config.Kind)
	}
	return a.book.memo != nil && a.book.memo.Profile.Witnessed(kinds)
}

// lookAround sees what the hub publishes: who else cosigns, which is for people to
// know; and whether it is less than this agency cosigned, which rings if it lasts:
// a hub that was rolled back may well offer nothing.
func (a *Agency) lookAround(ctx context.Context) {
	head, err := a.fetchHead(ctx)
	if err == nil {
		err = errors.Join(a.judgePublished(ctx, head), a.countCosigners(head.signed))
	}
	if err != nil && ctx.Err() == nil {
		a.log.LogAttrs(ctx, slog.LevelDebug, "who else cosigns is not known", slog.Any("cause", err))
	}
}

// judgePublished compares a published checkpoint with what was cosigned when the
// hub published less for the first time; some other's copy of the hub's answers may
// be a few seconds old.
func (a *Agency) judgePublished(ctx context.Context, head seenHead) error {
	a.mu.Lock()
	w, now := a.witness, a.now()
	switch {
	case head.checkpoint.Size >= w.Size || len(w.Note) == 0:
		a.behind = time.Time{}
	case a.behind.IsZero():
		a.behind = now
	}
	lasts := !a.behind.IsZero() && now.Sub(a.behind) >= connectPace
	f := a.against(events.FindingRolledBack, head.checkpoint, head.signed)
	a.mu.Unlock()
	if !lasts {
		return nil
	}
	f.Which = "published"
	return a.findNow(ctx, f, nil)
}

// countCosigners reads the cosignatures of a checkpoint. A newer one with fewer
// does not replace one that was witnessed.
func (a *Agency) countCosigners(signed []byte) error {
	c, err := tlog.ParseCheckpoint(signed, a.verifier.Log)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	seen, err := a.cosignersOf(c.Size, signed)
	if err == nil && (seen.Enough || !a.enough(a.others)) && seen.Size >= a.others.Size {
		a.others = seen
	}
	return err
}

// cosignersOf says who cosigned a checkpoint that the log signed. Agency.mu is held.
func (a *Agency) cosignersOf(size uint64, signed []byte) (Cosigned, error) {
	if a.book.memo == nil {
		return Cosigned{}, ErrNotJoined
	}
	lines, err := tlog.Cosignatures(signed, a.directory.Cosigners(size))
	if err != nil {
		return Cosigned{}, err
	}
	seen := Cosigned{Size: size, Agencies: []events.AgencyID{}, Looked: a.now().UTC().Truncate(time.Second)}
	for _, line := range lines {
		if line.Agency == a.config.Agency {
			seen.own = true
			continue
		}
		seen.kinds = append(seen.kinds, line.Kind)
		seen.Agencies = append(seen.Agencies, line.Agency)
	}
	slices.Sort(seen.Agencies)
	seen.Enough = a.enough(seen)
	return seen, nil
}
