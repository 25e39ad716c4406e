package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"handrail/contracts/tlog"
)

// Every delivery proves its entry against a checkpoint that the log signed. That
// is worth nothing if the log signs another one for others: so each of these
// checkpoints is connected to the one that this agency cosigned, by tiles of
// which every hash is verified under its root. A mismatch proves a fork, because
// the log's key signed both.

const (
	connectMost    = 128              // checkpoints in one round, which bounds tiles and memory
	connectPace    = 30 * time.Second // between looks at what is left, and at who else cosigns
	lookSoon       = 2 * time.Second  // after this agency cosigned, the others will have too
	lookLeast      = 10 * time.Second
	connectLeast   = 2 * time.Second
	connectAlarm   = 10 * time.Minute // after which what cannot be connected is an alarm (own choice)
	alarmTile      = "tile-false"
	alarmUnchecked = "deliveries-unconnected"
)

// connecting wakes the connecting of checkpoints.
type connecting struct{ wake chan struct{} }

func newConnecting() *connecting { return &connecting{make(chan struct{}, 1)} }

func (c *connecting) nudge() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// unconnected is a checkpoint that the log signed.
type unconnected struct {
	checkpoint tlog.Checkpoint
	delivery   uint64 // the first that came with it; 0: the hub published it
	signed     []byte
}

// awaitConnection notes a delivery's checkpoint, in the transaction that stores
// the delivery. Agency.mu is held.
func (a *Agency) awaitConnection(ctx context.Context, tx *sql.Tx, p proven, now time.Time) error {
	if !a.config.witnesses() || len(p.delivery.Checkpoint) == 0 {
		return nil
	}
	c, err := tlog.ParseCheckpoint(p.delivery.Checkpoint, a.verifier.Log)
	if err != nil {
		return fmt.Errorf("noting a delivery's checkpoint: %w", err)
	}
	if last, err := a.witness.last(c.Origin); err == nil && last.Last == c {
		return nil
	}
	return noteUnconnected(ctx, tx, unconnected{c, p.delivery.Number, p.delivery.Checkpoint}, now)
}

func noteUnconnected(ctx context.Context, tx *sql.Tx, u unconnected, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO unconnected (size, root, delivery, signed, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		u.checkpoint.Size, u.checkpoint.Root[:], u.delivery, u.signed, now.UnixNano())
	if err != nil {
		return fmt.Errorf("noting a checkpoint: %w", err)
	}
	return nil
}

const (
	unconnectedUpTo   = `SELECT size, root, delivery, signed FROM unconnected WHERE size <= ? ORDER BY size LIMIT ?`
	unconnectedBeyond = `SELECT size, root, delivery, signed FROM unconnected WHERE size > ? ORDER BY size DESC LIMIT ?`
)

// readUnconnected gives the first checkpoints up to a size or beyond it.
func (a *Agency) readUnconnected(ctx context.Context, query string, size uint64) ([]unconnected, error) {
	rows, err := a.journal.reader.QueryContext(ctx, query, size, connectMost)
	if err != nil {
		return nil, fmt.Errorf("reading what is not connected: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []unconnected
	for rows.Next() {
		u := unconnected{checkpoint: tlog.Checkpoint{Origin: a.config.Hub.Origin()}}
		var root []byte
		if err := rows.Scan(&u.checkpoint.Size, &root, &u.delivery, &u.signed); err != nil {
			return nil, fmt.Errorf("reading what is not connected: %w", err)
		}
		copy(u.checkpoint.Root[:], root)
		all = append(all, u)
	}
	return all, rows.Err()
}

// connectLog connects what waits, until ctx ends.
func (a *Agency) connectLog(ctx context.Context) error {
	if !a.config.witnesses() {
		return nil
	}
	pause, look, looked := connectLeast, a.now(), time.Time{}
	for ctx.Err() == nil {
		if !a.now().Before(look) {
			a.lookAround(ctx)
			looked = a.now()
			look = looked.Add(connectPace)
		}
		done, err := a.connectSome(ctx)
		a.judgeWitnessed(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.LogAttrs(ctx, slog.LevelDebug, "checkpoints wait to be connected", slog.Any("cause", err))
			sleep(ctx, pause)
			pause = min(2*pause, connectPace)
			a.judgeUnconnected(ctx)
			continue
		case done == connectMost:
			continue
		}
		pause = connectLeast
		a.judgeUnconnected(ctx)
		timer := time.NewTimer(look.Sub(a.now()))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-a.connect.wake:
			if soon := later(a.now().Add(lookSoon), looked.Add(lookLeast)); soon.Before(look) {
				look = soon
			}
		}
		timer.Stop()
	}
	return nil
}

func later(one, other time.Time) time.Time {
	if one.After(other) {
		return one
	}
	return other
}

// connectSome connects one round of checkpoints to the one cosigned last, and
// says how many it settled, this way or that.
func (a *Agency) connectSome(ctx context.Context) (int, error) {
	a.mu.RLock()
	w := a.witness
	a.mu.RUnlock()
	last, err := w.last(a.config.Hub.Origin())
	if err != nil || w.Size == 0 || w.lost {
		return 0, err
	}
	batch, err := a.readUnconnected(ctx, unconnectedUpTo, w.Size)
	if err != nil {
		return 0, err
	}
	if len(batch) == 0 {
		return 0, a.connectAhead(ctx)
	}
	roots, err := a.rootsAt(ctx, last.Last, batch)
	if err != nil {
		return 0, err
	}
	now := a.now()
	var found []Finding
	for i, u := range batch {
		if u.checkpoint.Root != roots[i] {
			f := u.forked(w)
			f.At = now
			found = append(found, f)
		}
	}
	err = a.journal.update(ctx, func(tx *sql.Tx) error {
		for _, f := range found {
			if err := storeFinding(ctx, tx, f); err != nil {
				return err
			}
		}
		for _, u := range batch {
			if _, err := tx.ExecContext(ctx, `DELETE FROM unconnected WHERE size = ? AND root = ?`, u.checkpoint.Size, u.checkpoint.Root[:]); err != nil {
				return fmt.Errorf("noting what is connected: %w", err)
			}
		}
		return nil
	})
	for _, f := range found {
		a.ring(ctx, f, tlog.ErrForked)
	}
	return len(batch), err
}

// connectAhead compares the largest checkpoint that is beyond what this agency
// cosigned: it must go on from that. It stays unconnected until it is cosigned,
// but a fork shows also when the hub offers nothing.
func (a *Agency) connectAhead(ctx context.Context) error {
	a.mu.RLock()
	w, seen := a.witness, a.ahead
	a.mu.RUnlock()
	all, err := a.readUnconnected(ctx, unconnectedBeyond, w.Size)
	if err != nil || len(all) == 0 || w.Size == 0 || w.lost || all[0].checkpoint == seen {
		return err
	}
	u := all[0]
	last, err := w.last(u.checkpoint.Origin)
	if err != nil {
		return err
	}
	roots, err := a.rootsAt(ctx, u.checkpoint, []unconnected{{checkpoint: last.Last}})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ahead = u.checkpoint
	if roots[0] == last.Last.Root || a.witness.Resets != w.Resets {
		return nil
	}
	return a.findNow(ctx, u.forked(w), tlog.ErrForked)
}

// forked says that a checkpoint is not of the log that this agency cosigned.
func (u unconnected) forked(w cosigned) Finding {
	return Finding{
		Name: alarmForked, Which: u.name(), Ours: string(w.Note), Theirs: string(u.signed),
		Text: "The log was forked: " + u.says() + " is not of the log that this agency cosigned. The log's key signed both. " +
			"Both checkpoints are kept as proof. Call the coordinator and the auditor, not only the hub's operator.",
	}
}

// rootsAt gives the roots that the log of a checkpoint had at the batch's sizes.
func (a *Agency) rootsAt(ctx context.Context, head tlog.Checkpoint, batch []unconnected) ([]tlog.Hash, error) {
	sizes := make([]uint64, len(batch))
	behind := false
	for i, u := range batch {
		sizes[i] = u.checkpoint.Size
		behind = behind || sizes[i] < head.Size
	}
	if !behind { // the head itself, which needs no tile
		roots := make([]tlog.Hash, len(batch))
		for i := range roots {
			roots[i] = head.Root
		}
		return roots, nil
	}
	roots, err := tlog.ReadTiles(head, a.ledger.Tiles(ctx)).Roots(sizes)
	switch {
	case errors.Is(err, tlog.ErrTile):
		a.ledger.Forget()
		a.alarms.raise(ctx, alarmTile, "ledger", "The hub's ledger serves a tile that is not of the log that it signed. It was not believed, and is asked for again. If this lasts, call the hub's operator.", err)
	case err == nil:
		a.alarms.over(alarmTile, "ledger")
	}
	return roots, err
}

func (u unconnected) name() string {
	if u.delivery == 0 {
		return "published " + strconv.FormatUint(u.checkpoint.Size, 10)
	}
	return "delivery " + strconv.FormatUint(u.delivery, 10)
}

func (u unconnected) says() string {
	if u.delivery == 0 {
		return "the checkpoint of " + strconv.FormatUint(u.checkpoint.Size, 10) + " entries that the hub publishes"
	}
	return "the checkpoint that delivery " + strconv.FormatUint(u.delivery, 10) + " came with"
}

// waitingToConnect counts what waits, and since when.
func (a *Agency) waitingToConnect(ctx context.Context) (count int, since time.Time, err error) {
	var first int64
	row := a.journal.reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(since), 0) FROM unconnected`)
	if err := row.Scan(&count, &first); err != nil {
		return 0, time.Time{}, fmt.Errorf("counting what is not connected: %w", err)
	}
	return count, instant(first), nil
}

// judgeUnconnected rings when deliveries wait too long: the hub may show this
// agency's witness another log than it delivers, or none at all.
func (a *Agency) judgeUnconnected(ctx context.Context) {
	count, since, err := a.waitingToConnect(ctx)
	if err != nil {
		return // the next look tells
	}
	if count == 0 || a.now().Sub(since) < connectAlarm {
		a.alarms.over(alarmUnchecked, "ledger")
		return
	}
	a.alarms.raise(ctx, alarmUnchecked, "ledger", strconv.Itoa(count)+" checkpoints that deliveries came with could not be compared with the log that this agency cosigns, the first since "+
		since.Format(time.RFC3339)+". Either the hub offers no newer checkpoint, or its ledger does not answer. Call the hub's operator.", nil)
}
