package agency

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"handrail/events"
)

func (l *aLog) aCase(a *Agency) events.CaseID {
	l.t.Helper()
	of := newCaseID(l.t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	return of
}

func TestACaseIsTakenOnce(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := l.aCase(a)
	if got := a.Assigned(of); len(got) != 0 {
		t.Fatalf("a new case is with %v", got)
	}
	var group sync.WaitGroup
	took := make([]error, 8)
	for i := range took {
		group.Go(func() { took[i] = a.Take(t.Context(), of, "worker-"+string(rune('1'+i))) })
	}
	group.Wait()
	refused := 0
	for _, err := range took {
		if errors.Is(err, ErrAssigned) {
			refused++
		}
	}
	if got := a.Assigned(of); len(got) != 1 || refused != len(took)-1 {
		t.Errorf("with %v, %d refused", got, refused)
	}
	if err := a.Take(t.Context(), of, a.Assigned(of)[0]); err != nil {
		t.Errorf("whoever has it takes it again: %v", err)
	}
}

func TestWhoWorksOnACaseIsKeptOverARestart(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := l.aCase(a)
	l.must(a.Assign(t.Context(), of, "worker-1", "lead-1"))
	l.must(a.Assign(t.Context(), of, "worker-2", "lead-1"))
	l.must(a.Assign(t.Context(), of, "worker-2", "lead-1"))
	l.must(a.Unassign(t.Context(), of, "worker-1", "lead-1"))
	l.must(a.Unassign(t.Context(), of, "worker-9", "lead-1"))
	l.must(a.Assign(t.Context(), of, "worker-3", "worker-2"))
	want := []string{"worker-2", "worker-3"}
	if got := a.Assigned(of); !slices.Equal(got, want) {
		t.Errorf("with %v", got)
	}
	l.must(a.Close())
	b := l.opened()
	if got := b.Assigned(of); !slices.Equal(got, want) {
		t.Errorf("after a restart with %v", got)
	}
	var rows int
	l.must(b.journal.reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM assignment WHERE case_id = ?`, string(of)).Scan(&rows))
	if rows != 4 {
		t.Errorf("the journal tells %d changes of four", rows)
	}
}

func TestNobodyIsAssignedByName(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := l.aCase(a)
	for _, code := range []string{"", "Mary", "mary poppins", "ärztin", "0123456789012345678901234567890123"} {
		if err := a.Assign(t.Context(), of, code, "lead-1"); !errors.Is(err, ErrStaffCode) {
			t.Errorf("%q: %v", code, err)
		}
	}
	if err := a.Unassign(t.Context(), of, "Mary", "lead-1"); !errors.Is(err, ErrStaffCode) {
		t.Errorf("%v", err)
	}
	if err := a.Take(t.Context(), newCaseID(t), "worker-1"); err == nil {
		t.Error("a case that nobody knows was taken")
	}
}
