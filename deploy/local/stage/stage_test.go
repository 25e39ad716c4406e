package stage

import (
	"context"
	"os"
	"testing"
	"time"

	"handrail/services/ledger/bench"
)

// TestMain lets this very program be the ledger process that is weighed.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "ledger" {
		if RunLedger(context.Background(), os.Args[2]) != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The figures of so small a run say nothing; that there are any says that every
// statement of every contender was kept, and the log verified.
func TestABenchmarkMeasuresEveryContender(t *testing.T) {
	s, err := Set(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	kept := 0
	report, err := bench.Run(t.Context(), s, bench.Options{
		Runs: 1, Submitters: []int{1, 4}, Statements: map[int]int{1: 18, 4: 72}, Sizes: []int{300}, Probe: 36, Spawn: s.Spawn("ledger"),
		Others: []bench.Contender{{Name: "nothing", Run: func(_ context.Context, events [][]byte, _ int) (time.Duration, []time.Duration, error) {
			kept += len(events)
			return time.Millisecond, []time.Duration{time.Millisecond}, nil
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if kept != 18+72 {
		t.Errorf("another contender was given %d statements", kept)
	}
	if want := 5 + 4; len(report.Admitted) != want { // four with four submitters; the floor with one alone
		t.Errorf("%d lines, want %d", len(report.Admitted), want)
	}
	for _, a := range report.Admitted {
		if a.Rate <= 0 || a.P50 <= 0 {
			t.Errorf("%s with %d submitters was not measured", a.Contender, a.Submitters)
		}
	}
	if len(report.Growth) != 1 || report.Growth[0].Size != 300 || report.Growth[0].Rate <= 0 {
		t.Errorf("growth: %+v", report.Growth)
	}
	if p := report.Replay; p == nil || p.Entries < 300 || p.Leaves <= 0 || p.Audit <= 0 || p.Trail <= 0 {
		t.Errorf("replay: %+v", p)
	}
	if m := report.Memory; m == nil || m.Idle < 1 || m.Full < 1 || m.Cold <= 0 {
		t.Errorf("memory: %+v", m)
	}
	if report.Machine.EventBytes < 500 || report.Machine.Entries < 1 || report.Machine.Deliveries < 1 || len(report.Goals) == 0 {
		t.Errorf("%+v, %d goals", report.Machine, len(report.Goals))
	}
}
