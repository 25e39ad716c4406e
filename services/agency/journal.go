package agency

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver that database/sql opens the journal with

	"handrail/services/agency/alert"
)

// errJournalBusy means that another process has the agency's directory.
var errJournalBusy = errors.New("another process already runs this agency from the same directory")

const journalVersion = 2

// journalPatience is how long a writer or a reader waits for another.
const journalPatience = 10 * time.Second

//go:embed journal.sql
var journalSchema string

// journal is the agency's one durable store. All writes go through update, one
// at a time; what update returned nil for is on disk.
type journal struct {
	writer *sql.DB
	reader *sql.DB
	lock   *flock.Flock

	// step is called between any two steps of a write, with the step's name. Crash tests end the process there.
	step func(string)
}

func openJournal(ctx context.Context, dir string) (*journal, error) {
	lock := flock.New(filepath.Join(dir, "journal.lock"))
	switch held, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("locking the journal: %w", err)
	case !held:
		return nil, errJournalBusy
	}
	j := &journal{lock: lock, step: func(string) {}}
	if err := j.open(ctx, filepath.Join(dir, "journal.db")); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

func (j *journal) open(ctx context.Context, path string) error {
	// SQLite gives its side files the mode of the main file, so this one is made first.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's configuration names the directory
	if err != nil {
		return fmt.Errorf("creating the journal: %w", err)
	}
	if err := errors.Join(private(file), file.Close()); err != nil {
		return err
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", journalPatience.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)",
	}}
	source := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: options.Encode()}).String()
	if j.writer, err = sql.Open("sqlite", source); err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	j.writer.SetMaxOpenConns(1)
	if j.reader, err = sql.Open("sqlite", source+"&_pragma=query_only(ON)"); err != nil {
		return fmt.Errorf("opening the journal for reading: %w", err)
	}
	j.reader.SetMaxOpenConns(4)
	return j.migrate(ctx)
}

func (j *journal) migrate(ctx context.Context) error {
	return j.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, journalSchema+alert.Schema); err != nil {
			return fmt.Errorf("creating the journal's tables: %w", err)
		}
		version, err := metaNumber(ctx, tx, "schema")
		switch {
		case err != nil:
			return err
		case version == 0:
			return setMeta(ctx, tx, "schema", strconv.Itoa(journalVersion))
		case version == 1: // readings had no role and no basis
			if _, err := tx.ExecContext(ctx, `ALTER TABLE readlog ADD COLUMN role TEXT NOT NULL DEFAULT ''; ALTER TABLE readlog ADD COLUMN basis TEXT NOT NULL DEFAULT ''`); err != nil {
				return fmt.Errorf("bringing the journal up to date: %w", err)
			}
			return setMeta(ctx, tx, "schema", strconv.Itoa(journalVersion))
		case version != journalVersion:
			return fmt.Errorf("the journal has version %d, this program reads version %d", version, journalVersion)
		}
		return nil
	})
}

// update runs work in the one write transaction: all of it is durable when
// update returns nil, and none of it otherwise.
func (j *journal) update(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := j.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning to write the journal: %w", err)
	}
	j.step("begun")
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	j.step("written")
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	j.step("committed")
	return nil
}

func (j *journal) close() error {
	var errs []error
	for _, db := range []*sql.DB{j.reader, j.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, j.lock.Unlock())...)
}

// private refuses a file that anyone but its owner can read.
func private(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("reading the mode of %s: %w", filepath.Base(file.Name()), err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is readable by others: run chmod 600 on it", filepath.Base(file.Name()))
	}
	return nil
}

// querier is a transaction or the pool of read connections.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func meta(ctx context.Context, q querier, name string) (string, error) {
	var value string
	err := q.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading %s from the journal: %w", name, err)
	}
	return value, nil
}

func metaNumber(ctx context.Context, q querier, name string) (int64, error) {
	value, err := meta(ctx, q, name)
	if err != nil || value == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading %s from the journal: it is not a number", name)
	}
	return n, nil
}

func setMeta(ctx context.Context, tx *sql.Tx, name, value string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("storing %s in the journal: %w", name, err)
	}
	return nil
}

// instants are stored as nanoseconds since 1970, UTC.
func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
