package agency

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"

	"handrail/contracts/tlog"
)

// A key that was listed after genesis is sealed to only when enough other agencies
// saw it too. Its entry counts as seen once it lies under a checkpoint that enough
// agencies cosigned, as the country profile says, and that checkpoint and the one
// with which the entry was delivered are both of the log that this agency cosigns.

// witnessedMeta names the size of the largest such checkpoint in the journal.
const witnessedMeta = "witnessed"

// noteShown notes with which checkpoint an entry of the directory was delivered.
// Agency.mu is held.
func (a *Agency) noteShown(p proven) {
	if c, err := tlog.ParseCheckpoint(p.delivery.Checkpoint, a.verifier.Log); err == nil {
		a.shown[p.entry.Number] = c.Size
	}
}

func (a *Agency) loadWitnessed(ctx context.Context) error {
	size, err := metaNumber(ctx, a.journal.reader, witnessedMeta)
	a.witnessed = uint64(size) //nolint:gosec // as this agency stored it
	return err
}

// judgeWitnessed takes the newest checkpoint that others cosigned, once all that was
// delivered up to it is connected with what this agency cosigned.
func (a *Agency) judgeWitnessed(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	size := a.others.Size
	if !a.enough(a.others) || size <= a.witnessed || size > a.witness.Size || a.alarms.stands(alarmForked) || a.alarms.stands(alarmRolledBack) {
		return
	}
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		var left int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM unconnected WHERE size <= ?`, size).Scan(&left); err != nil {
			return fmt.Errorf("counting what is not connected: %w", err)
		}
		if left > 0 {
			size = a.witnessed
			return nil
		}
		return setMeta(ctx, tx, witnessedMeta, strconv.FormatUint(size, 10))
	})
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "how far the log is witnessed could not be stored", slog.Any("cause", err))
		return
	}
	if size > a.witnessed {
		a.witnessed = size
		a.house.nudge() // what waits for a key to be witnessed can be sealed
	}
}
