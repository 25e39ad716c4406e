package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Retained is what one run of the retention job did.
type Retained struct {
	Cases     int      `json:"cases"`     // whose openings and payloads it destroyed
	Openings  int64    `json:"openings"`  // of their entries
	Rewritten []string `json:"rewritten"` // tables of which no deleted row is left in the file
	Remaining []string `json:"remaining"` // what it could not finish, and why; run it again
}

// What the retention job rewrites, and how.
const (
	rewriteOwn     = "VACUUM (FULL, ANALYZE) "     // a table of the role's own
	rewriteDerived = "SELECT rewrite_derived($1)"  // one that the owner lets it rewrite
	snapshotPause  = 100 * time.Millisecond        // between two looks whether somebody still reads what was deleted
	snapshotTime   = 2 * readTime                  // longer than any statement of an auditor
	lockTime       = "SET lock_timeout = '20s'"    // the sequencer waits behind whoever waits for a table
	noTimeLimit    = "SET statement_timeout = '0'" // a table may be large
)

func ownTables() []string { return []string{"opening", "payload"} }

func derivedTables() []string {
	return []string{"case_state", "chain_head", "deadline", "deadline_event", "refusal"}
}

// Retain destroys what is stored of every case whose retention ended, and then
// rewrites the tables, so that neither these rows nor those of erased records stay
// in their files. It connects as handrail_retention; no service does. While a table
// is rewritten the ledger waits: run it in a window. Doing it again, or after it
// was killed, finishes what is left. What the log says stays provable: its leaves
// are not touched.
//
// Outside the tables the bytes remain for a while; where, the package's
// documentation says under Retention.
func Retain(ctx context.Context, retentionURL string) (Retained, error) {
	done := Retained{Rewritten: []string{}, Remaining: []string{}}
	conn, err := connect(ctx, retentionURL)
	if err != nil {
		return done, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, set := range []string{lockTime, noTimeLimit} {
		if _, err := conn.Exec(ctx, set); err != nil {
			return done, fmt.Errorf("running retention: %w", err)
		}
	}
	if err := done.destroy(ctx, conn); err != nil {
		return done, fmt.Errorf("running retention: %w", err)
	}
	if err := done.unseen(ctx, conn); err != nil {
		return done, fmt.Errorf("running retention: %w", err)
	}
	for _, table := range ownTables() {
		if err := done.rewrite(ctx, conn, table, rewriteOwn+table); err != nil {
			return done, err
		}
	}
	for _, table := range derivedTables() {
		if err := done.rewrite(ctx, conn, table, rewriteDerived, table); err != nil {
			return done, err
		}
	}
	return done, nil
}

// destroy ends every retired case, each in a transaction of its own.
func (r *Retained) destroy(ctx context.Context, conn *pgx.Conn) error {
	found, err := conn.Query(ctx, "SELECT case_id::text, number FROM retired WHERE destroyed IS NULL ORDER BY number")
	if err != nil {
		return err
	}
	type end struct {
		Case   string
		Number uint64
	}
	ends, err := pgx.CollectRows(found, pgx.RowToStructByPos[end])
	if err != nil {
		return err
	}
	for _, one := range ends {
		var openings int64
		err := conn.QueryRow(ctx, "SELECT destroy_case($1::text::uuid)", one.Case).Scan(&openings)
		if refusal := (*pgconn.PgError)(nil); errors.As(err, &refusal) && refusal.Code == insufficientPrivilege {
			r.Remaining = append(r.Remaining, fmt.Sprintf("what is stored as the case of entry %d is not what that entry commits to: nothing of it was destroyed; verify the whole log and call the auditor", one.Number))
			continue
		}
		if err != nil {
			return err
		}
		r.Cases, r.Openings = r.Cases+1, r.Openings+openings
	}
	return nil
}

// unseen waits until no transaction can see what was deleted: rewriting keeps rows
// that somebody may still read. First those must end that wrote when the rows were
// deleted, in any database of the server, for a snapshot that begins now reaches
// back to the oldest of them; and then whoever has an older snapshot of this
// database. It goes by their locks: this role may not see what others run.
func (r *Retained) unseen(ctx context.Context, conn *pgx.Conn) error {
	end := time.Now().Add(snapshotTime)
	var behind, running []string // one number; their transactions
	if err := conn.QueryRow(ctx, "SELECT ARRAY[pg_current_xact_id()::text]").Scan(&behind); err != nil {
		return err
	}
	gone, err := soon(ctx, conn, end, "SELECT pg_snapshot_xmin(pg_current_snapshot()) > ($1::text[])[1]::xid8", behind)
	if err == nil && gone {
		err = conn.QueryRow(ctx, "SELECT coalesce(array_agg(l.virtualxid), '{}') "+runningHere).Scan(&running)
	}
	if err == nil && gone {
		gone, err = soon(ctx, conn, end, "SELECT NOT EXISTS (SELECT "+runningHere+" AND l.virtualxid = ANY($1::text[]))", running)
	}
	if err == nil && !gone {
		r.Remaining = append(r.Remaining, "a transaction that began before this job still runs: rows that it may see stay in the files; end it and run the job again")
	}
	return err
}

// soon asks until the answer is yes, or the time is over.
func soon(ctx context.Context, conn *pgx.Conn, end time.Time, question string, of []string) (yes bool, err error) {
	for {
		if err := conn.QueryRow(ctx, question, of).Scan(&yes); err != nil || yes || time.Now().After(end) {
			return yes, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(snapshotPause):
		}
	}
}

// runningHere are the other transactions of this database.
const runningHere = `FROM pg_locks l JOIN pg_stat_activity a USING (pid)
	WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = current_database() AND l.pid <> pg_backend_pid()`

// rewrite rewrites one table. A table that somebody holds is left for the next run.
func (r *Retained) rewrite(ctx context.Context, conn *pgx.Conn, table, statement string, args ...any) error {
	_, err := conn.Exec(ctx, statement, args...)
	var refusal *pgconn.PgError
	switch {
	case err == nil:
		r.Rewritten = append(r.Rewritten, table)
		return nil
	case errors.As(err, &refusal) && refusal.Code == lockNotAvailable:
		r.Remaining = append(r.Remaining, "table "+table+" was in use for too long: deleted rows stay in its file; run the job again")
		return nil
	}
	return fmt.Errorf("rewriting table %s: %w", table, err)
}

// SQLSTATE of what is not a failure of the whole job.
const (
	lockNotAvailable      = "55P03"
	insufficientPrivilege = "42501"
)
