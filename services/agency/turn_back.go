package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"handrail/contracts/tlog"
	"handrail/events"
)

// When the log was forked or rolled back and the parties agreed on where it goes
// on, what this agency was delivered of the other history has numbers that the hub
// will use again. So the agency turns back to the last delivery that is of the
// agreed log: what came behind it is delivered anew if the log holds it, and what
// this agency said in the other history is sent again.

// commonWith gives the number of the last delivery before the first that is not of
// the log of a checkpoint, and how many were stored when it looked. What the hub
// delivered from the agreed log behind those counts for nothing: its numbers follow
// the wrong ones. A record that was held and released later has an older entry than
// its number tells; it decides nothing either.
func (a *Agency) commonWith(ctx context.Context, head tlog.Checkpoint) (common, stored uint64, err error) {
	a.mu.RLock()
	stored = a.stored
	a.mu.RUnlock()
	type place struct {
		number uint64
		entry  uint64
		leaf   tlog.Hash
	}
	var rising []place // in the order of the log
	differs := false
	for number := uint64(1); number <= stored; number++ {
		h, err := readDelivery(ctx, a.journal.reader, number)
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		d, parseErr := parseDelivery(h.message)
		if err != nil || parseErr != nil || h.aside || len(d.EntryBytes) == 0 {
			continue
		}
		if len(rising) == 0 || d.Entry > rising[len(rising)-1].entry {
			own := d.Opening()
			rising = append(rising, place{number, d.Entry, own.LeafHash()})
		}
	}
	tiles := tlog.ReadTiles(head, a.ledger.Tiles(ctx))
	for _, p := range slices.Backward(rising) {
		lost := p.entry >= head.Size
		if !lost {
			leaves, err := tiles.Read(0, int64(p.entry), int64(p.entry)+1) //nolint:gosec // below the size of a log
			if err != nil {
				return 0, 0, hubAway(err)
			}
			lost = leaves[0] != p.leaf
		}
		switch {
		case lost:
			common, differs = 0, true
		case common == 0:
			if common = p.number; differs {
				return common, stored, nil
			}
		}
	}
	if common == 0 {
		return 0, 0, events.Refuse(RuleResetDiffers, "", "the hub's log holds nothing of what this agency was delivered: it is another log")
	}
	return stored, stored, nil // all of it is of the agreed log
}

// turnBack drops the deliveries behind a number in a reset's transaction. Their
// headers, which the hub signed, are kept as proof; what they carried is not.
func turnBack(ctx context.Context, tx *sql.Tx, common uint64, reset events.EventID) error {
	for _, do := range []string{
		`INSERT INTO turned_back (event, number, header) SELECT ?2, number, header FROM inbox WHERE number > ?1`,
		`DELETE FROM inbox WHERE number > ?1 AND ?2 <> ''`,
		`DELETE FROM kept_records WHERE ?1 >= 0 AND ?2 <> '' AND record NOT IN (SELECT record FROM inbox WHERE record IS NOT NULL)`,
		`UPDATE outbox SET answered = NULL, admitted = NULL WHERE answered > ?1 AND ?2 <> ''`,
	} {
		if _, err := tx.ExecContext(ctx, do, common, string(reset)); err != nil {
			return fmt.Errorf("turning back to the agreed log: %w", err)
		}
	}
	return countDestroyed(ctx, tx)
}

// turnedBack takes what is left into the fold, and asks for the rest. Agency.mu is held.
func (a *Agency) turnedBack(ctx context.Context, common uint64) error {
	a.assigned = common
	for number := range a.damaged {
		if number > common {
			a.sound(number)
		}
	}
	err := a.refold(ctx)
	a.purge(ctx)
	a.drain.restart()
	a.link.connected()
	if err != nil {
		return fmt.Errorf("turning back to the agreed log: %w", err)
	}
	return nil
}

var errMoved = errors.New("something was delivered meanwhile: try again")
