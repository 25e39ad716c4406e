package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

const (
	quorumPage    = 256     // rows of cosignatures that are first looked at for a quorum
	maxQuorumPage = 1 << 16 // and at most at a time, where many checkpoints have none
)

// newestWitnessed gives the size of the newest checkpoint, from one size up to
// another, both included, that has cosignatures enough by the profile; 0 if none has.
// It counts rows: whoever reads a checkpoint verifies its cosignatures.
func (o *openLog) newestWitnessed(ctx context.Context, db querier, from, to uint64) (uint64, error) {
	return o.witnessed(ctx, db, "SELECT size, agency FROM cosignature WHERE size >= $1 AND size <= $2 ORDER BY size DESC, agency DESC LIMIT $3", from, to, false)
}

// oldestWitnessed is newestWitnessed from the other side.
func (o *openLog) oldestWitnessed(ctx context.Context, db querier, from, to uint64) (uint64, error) {
	return o.witnessed(ctx, db, "SELECT size, agency FROM cosignature WHERE size >= $1 AND size <= $2 ORDER BY size, agency LIMIT $3", from, to, true)
}

// witnessed walks through cosignatures in growing pages until a checkpoint has a quorum.
func (o *openLog) witnessed(ctx context.Context, db querier, page string, from, to uint64, up bool) (uint64, error) {
	who := o.roster.now()
	for limit := quorumPage; from <= to; limit = min(4*limit, maxQuorumPage) {
		found, err := db.Query(ctx, page, from, to, limit)
		if err != nil {
			return 0, fmt.Errorf("reading cosignatures: %w", err)
		}
		var size, quorum, last uint64
		var agency string
		var kinds []events.AgencyKind
		rows := 0
		if _, err := pgx.ForEachRow(found, []any{&size, &agency}, func() error {
			if rows++; size != last {
				kinds, last = kinds[:0], size
			}
			if m, listed := who.members[events.AgencyID(agency)]; listed {
				kinds = append(kinds, m.Kind)
			}
			if quorum == 0 && o.profile.Witnessed(kinds) {
				quorum = size
			}
			return nil
		}); err != nil {
			return 0, fmt.Errorf("reading cosignatures: %w", err)
		}
		switch {
		case quorum > 0 || rows < limit:
			return quorum, nil
		case up: // the last size may go on behind the page; no log has as many witnesses as a page has rows
			from = last
		default:
			to = last
		}
	}
	return 0, nil
}

// checkpointAt gives the stored checkpoint of exactly one size with every
// cosignature that verifies; [pgx.ErrNoRows] if none is of that size.
func (o *openLog) checkpointAt(ctx context.Context, db querier, size uint64) ([]byte, error) {
	var signed []byte
	if err := db.QueryRow(ctx, "SELECT note FROM checkpoint WHERE size = $1", size).Scan(&signed); err != nil {
		return nil, fmt.Errorf("reading a checkpoint: %w", err)
	}
	found, err := db.Query(ctx, "SELECT agency, line FROM cosignature WHERE size = $1 ORDER BY agency", size)
	if err != nil {
		return nil, fmt.Errorf("reading cosignatures: %w", err)
	}
	var lines [][]byte
	var agency string
	var line []byte
	if _, err := pgx.ForEachRow(found, []any{&agency, &line}, func() error {
		if o.cosigned(signed, line, events.AgencyID(agency), size) {
			lines = append(lines, line)
		}
		line = nil // the row's bytes now belong to lines
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading cosignatures: %w", err)
	}
	return tlog.WithCosignatures(signed, lines), nil
}

// cosigned says whether a line is the agency's cosignature of a checkpoint of a
// size, with the key that it had by then.
func (o *openLog) cosigned(signed, line []byte, agency events.AgencyID, size uint64) bool {
	found, err := tlog.Cosignatures(tlog.WithCosignatures(signed, [][]byte{line}), o.roster.now().cosigner(agency, size))
	return err == nil && len(found) == 1
}

// cosigner is the agency as a witness of checkpoints of a size; none if it is not.
func (p *parties) cosigner(agency events.AgencyID, size uint64) []tlog.Cosigner {
	if p.members[agency].Witness == nil {
		return nil
	}
	return slices.DeleteFunc(p.Cosigners(size), func(c tlog.Cosigner) bool { return c.Agency != agency })
}

// explains says whether the stored log is one that a checkpoint of its own key is
// of: [ErrRolledBack] or [ErrForked] if it is not. Ask only after the checkpoint
// came from outside: what this ledger showed anybody was committed before.
func (o *openLog) explains(ctx context.Context, db querier, c tlog.Checkpoint) error {
	var newest uint64
	if err := db.QueryRow(ctx, "SELECT coalesce(max(size), 0) FROM checkpoint").Scan(&newest); err != nil {
		return fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	if c.Size > newest {
		return fmt.Errorf("%w (it has %d entries, the witness saw %d)", ErrRolledBack, newest, c.Size)
	}
	root, err := tlog.NewProver(c.Size, readHashes(ctx, db)).Root()
	if err != nil {
		return fmt.Errorf("computing the root of %d entries: %w", c.Size, err)
	}
	if root != c.Root {
		return fmt.Errorf("%w (at %d entries)", ErrForked, c.Size)
	}
	return nil
}

// contradicts says whether an error of explains is a contradiction, and not a failure to look.
func contradicts(err error) bool { return errors.Is(err, ErrRolledBack) || errors.Is(err, ErrForked) }
