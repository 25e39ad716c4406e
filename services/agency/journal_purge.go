package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// errResidue means that the write-ahead log could not be emptied: somebody is
// reading. What was deleted can still be found in it.
var errResidue = errors.New("the write-ahead log still holds what was deleted, because something reads the journal")

// Names of the counters of deletions, and of those that left no residue.
const (
	metaDestroyed = "destroyed"
	metaPurged    = "purged"
)

// purgePatience is how long a purge waits for readers: it may run while the
// agency's state is locked.
const purgePatience = 250 * time.Millisecond

// countDestroyed notes a deletion in its own transaction, so that the purge
// that it asks for is not forgotten when the process ends before it.
func countDestroyed(ctx context.Context, tx *sql.Tx) error {
	n, err := metaNumber(ctx, tx, metaDestroyed)
	if err != nil {
		return err
	}
	return setMeta(ctx, tx, metaDestroyed, strconv.FormatInt(n+1, 10))
}

// residue says whether the files may still hold something that was deleted.
func (j *journal) residue(ctx context.Context) (bool, error) {
	destroyed, err := metaNumber(ctx, j.reader, metaDestroyed)
	if err != nil {
		return false, err
	}
	purged, err := metaNumber(ctx, j.reader, metaPurged)
	return purged < destroyed, err
}

// purge makes what was deleted unreadable in the journal's files: deleted
// cells are overwritten already, and the write-ahead log is emptied. The error
// is errResidue while a reader keeps the log from being emptied: purge again.
func (j *journal) purge(ctx context.Context) error {
	destroyed, err := metaNumber(ctx, j.reader, metaDestroyed)
	if err != nil {
		return err
	}
	if err := j.emptyLog(ctx); err != nil {
		return err
	}
	return j.update(ctx, func(tx *sql.Tx) error { return setMeta(ctx, tx, metaPurged, strconv.FormatInt(destroyed, 10)) })
}

func (j *journal) emptyLog(ctx context.Context) (err error) {
	conn, err := j.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("emptying the write-ahead log: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := wait(ctx, conn, purgePatience); err != nil {
		return err
	}
	var busy, logged, moved int
	row := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	err = errors.Join(row.Scan(&busy, &logged, &moved), wait(context.WithoutCancel(ctx), conn, journalPatience))
	switch {
	case err != nil:
		return fmt.Errorf("emptying the write-ahead log: %w", err)
	case busy != 0:
		return errResidue
	}
	return nil
}

// wait sets how long a connection waits for others.
func wait(ctx context.Context, conn *sql.Conn, d time.Duration) error {
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout(%d)`, d.Milliseconds())); err != nil {
		return fmt.Errorf("setting how long the journal waits: %w", err)
	}
	return nil
}
