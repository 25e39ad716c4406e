package agency

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// TaskID is the id of one task, a UUIDv7. It never leaves the agency.
type TaskID string

// task is one question about a case. It stays for as long as the case: whether
// it is open follows from how the case stands, not from its row.
type task struct {
	id      TaskID
	of      events.CaseID
	kind    TaskKind
	hints   Hints
	created time.Time
}

func storeTask(ctx context.Context, tx *sql.Tx, id events.CaseID, q Question, now time.Time) error {
	name, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return err
	}
	hints, err := json.Marshal(q.Hints, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing a task down: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO tasks (id, case_id, kind, hints, created) VALUES (?, ?, ?, ?, ?)`,
		name, string(id), string(q.Kind), string(hints), now.UnixNano())
	if err != nil {
		return fmt.Errorf("storing a task: %w", err)
	}
	return nil
}

// ensureTask asks a question about a case, if it is not asked already.
func ensureTask(ctx context.Context, tx *sql.Tx, id events.CaseID, kind TaskKind, now time.Time) error {
	var asked bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM tasks WHERE case_id = ? AND kind = ?)`, string(id), string(kind)).Scan(&asked); err != nil {
		return fmt.Errorf("looking for a task: %w", err)
	}
	if asked {
		return nil
	}
	return storeTask(ctx, tx, id, Question{Kind: kind}, now)
}

// readTasks gives the questions of all cases, oldest first; only the one with the
// id, if one is given.
func readTasks(ctx context.Context, q querier, id TaskID) ([]task, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, case_id, kind, hints, created FROM tasks WHERE ? = '' OR id = ? ORDER BY created, id`, string(id), string(id))
	if err != nil {
		return nil, fmt.Errorf("reading the tasks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []task
	for rows.Next() {
		var t task
		var name, of, kind, hints string
		var created int64
		if err := rows.Scan(&name, &of, &kind, &hints, &created); err != nil {
			return nil, fmt.Errorf("reading the tasks: %w", err)
		}
		if err := json.Unmarshal([]byte(hints), &t.hints); err != nil {
			t.hints = Hints{} // suggestions only: the question stands without them
		}
		t.id, t.of, t.kind, t.created = TaskID(name), events.CaseID(of), TaskKind(kind), instant(created)
		all = append(all, t)
	}
	return all, rows.Err()
}

// taskAnswered notes the last answer and the events that it made.
func taskAnswered(ctx context.Context, tx *sql.Tx, id TaskID, made []events.EventID, now time.Time) error {
	outcome, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("writing a task's outcome down: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE tasks SET answered = ?, outcome = ? WHERE id = ?`, now.UnixNano(), string(outcome), string(id))
	if err != nil {
		return fmt.Errorf("noting a task's answer: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errTaskAnswered())
	}
	return nil
}

func errTaskAnswered() error {
	return events.Refuse(RuleTaskUnknown, "", "there is no open task of that id: it was answered, or what it asks is known by now")
}
