package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"handrail/contracts/mou"
	"handrail/events"
)

// Errors of assigning. The pages say them in the reader's language.
var (
	ErrAssigned  = errors.New("somebody is assigned to the case already")
	ErrStaffCode = errors.New("a member of staff is a code of 1 to 32 of a-z, 0-9 and hyphen, never a name")
)

// assignments is who of the staff works on which case. It is the agency's own
// matter: nothing of it leaves the journal.
type assignments struct {
	mu     sync.RWMutex
	byCase map[events.CaseID][]string
}

// Assigned lists the codes of the staff who work on a case, in the order in which
// they were assigned; empty if nobody is.
func (a *Agency) Assigned(id events.CaseID) []string {
	a.assignments.mu.RLock()
	defer a.assignments.mu.RUnlock()
	return slices.Clone(a.assignments.byCase[id])
}

// Take assigns a member of staff who asks for it to a case to which nobody is
// assigned. It does nothing if they are already. Errors: [ErrAssigned], if others
// are; [ErrStaffCode]; *events.Violation if the case is not known here.
func (a *Agency) Take(ctx context.Context, id events.CaseID, staff string) error {
	return a.assign(ctx, id, staff, staff, true)
}

// Assign adds a member of staff to a case, whoever works on it already; by is who
// decided that. Errors: [ErrStaffCode]; *events.Violation if the case is not known here.
func (a *Agency) Assign(ctx context.Context, id events.CaseID, staff, by string) error {
	return a.assign(ctx, id, staff, by, false)
}

// Unassign ends a member of staff's work on a case; by is who decided that. It does
// nothing if they do not work on it. Error: [ErrStaffCode].
func (a *Agency) Unassign(ctx context.Context, id events.CaseID, staff, by string) error {
	if !isStaffCode(staff) || !isStaffCode(by) {
		return ErrStaffCode
	}
	a.assignments.mu.Lock()
	defer a.assignments.mu.Unlock()
	now := a.assignments.byCase[id]
	if !slices.Contains(now, staff) {
		return nil
	}
	if err := a.noteAssignment(ctx, id, staff, by, false); err != nil {
		return err
	}
	a.assignments.byCase[id] = slices.DeleteFunc(slices.Clone(now), func(code string) bool { return code == staff })
	return nil
}

func (a *Agency) assign(ctx context.Context, id events.CaseID, staff, by string, alone bool) error {
	if !isStaffCode(staff) || !isStaffCode(by) {
		return ErrStaffCode
	}
	if !a.knows(id) {
		return events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	a.assignments.mu.Lock()
	defer a.assignments.mu.Unlock()
	now := a.assignments.byCase[id]
	switch {
	case slices.Contains(now, staff):
		return nil
	case alone && len(now) > 0:
		return ErrAssigned
	}
	if err := a.noteAssignment(ctx, id, staff, by, true); err != nil {
		return err
	}
	a.assignments.byCase[id] = append(slices.Clip(now), staff)
	return nil
}

func (a *Agency) noteAssignment(ctx context.Context, id events.CaseID, staff, by string, works bool) error {
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO assignment (case_id, staff, by, works, at) VALUES (?, ?, ?, ?, ?)`, string(id), staff, by, works, a.now().UnixNano())
		return err
	})
	if err != nil {
		return fmt.Errorf("noting who works on a case: %w", err)
	}
	a.changes.tell()
	return nil
}

func (a *Agency) knows(id events.CaseID) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.book.files[id] != nil
}

// loadAssignments reads who works on which case.
func (a *Agency) loadAssignments(ctx context.Context) error {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT case_id, staff, works FROM assignment ORDER BY position`)
	if err != nil {
		return fmt.Errorf("reading who works on which case: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	a.assignments.mu.Lock()
	defer a.assignments.mu.Unlock()
	a.assignments.byCase = map[events.CaseID][]string{}
	for rows.Next() {
		var id events.CaseID
		var staff string
		var works bool
		if err := rows.Scan(&id, &staff, &works); err != nil {
			return fmt.Errorf("reading who works on which case: %w", err)
		}
		if works {
			a.assignments.byCase[id] = append(a.assignments.byCase[id], staff)
		} else {
			a.assignments.byCase[id] = slices.DeleteFunc(a.assignments.byCase[id], func(code string) bool { return code == staff })
		}
	}
	return rows.Err()
}

func isStaffCode(code string) bool {
	outside := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' }
	return len(code) >= 1 && len(code) <= 32 && !slices.ContainsFunc([]rune(code), outside)
}
