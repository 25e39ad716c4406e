package bench

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what one benchmark measured. Only its ratios say something beyond
// the machine and the hour.
type Report struct {
	Machine  Machine    `json:"machine"`
	Admitted []Admitted `json:"admitted"`
	Growth   []Growth   `json:"growth"`
	Replay   *Replay    `json:"replay,omitzero"`
	Memory   *Memory    `json:"memory,omitzero"`
	Goals    []Goal     `json:"goals"`
}

// Machine is where and on what it was measured.
type Machine struct {
	Cores      int     `json:"cores"`
	Go         string  `json:"go"`
	Postgres   string  `json:"postgres"`
	EventBytes int     `json:"event_bytes"` // of a statement on the wire, on average
	Entries    float64 `json:"entries"`     // in the log for one statement, the hub's own included
	Deliveries float64 `json:"deliveries"`  // sent because of one statement, its receipt included
}

// Admitted is one contender with a number of submitters: medians of the runs.
type Admitted struct {
	Contender  string  `json:"contender"`
	Submitters int     `json:"submitters"`
	Events     int     `json:"events"`
	Rate       float64 `json:"rate"` // events a second
	P50        float64 `json:"p50"`  // milliseconds from a submitter's turn to its receipt
	P99        float64 `json:"p99"`
	Own        float64 `json:"cpu_own"`      // microseconds of the processor for each event: ledger, broker, agencies and measuring
	Postgres   float64 `json:"cpu_postgres"` // likewise, the server
}

// Growth is what one statement costs in a log of a size.
type Growth struct {
	Size     int     `json:"size"`
	Rate     float64 `json:"rate"`
	P50      float64 `json:"p50"`
	Own      float64 `json:"cpu_own"`
	Postgres float64 `json:"cpu_postgres"`
}

// Goal is a ratio that was aimed at.
type Goal struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Goal  float64 `json:"goal"`
	Most  bool    `json:"most,omitzero"` // the goal is the most, not the least
}

// Met says whether the goal was reached.
func (g Goal) Met() bool {
	if g.Most {
		return g.Value <= g.Goal
	}
	return g.Value >= g.Goal
}

func microseconds(d time.Duration, events int) float64 {
	return float64(d.Microseconds()) / float64(max(events, 1))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Write shows the report as tables.
func (r Report) Write(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, %s, %s; a statement weighs %d bytes, makes %.2f entries and %.2f deliveries\n\n", r.Machine.Cores, r.Machine.Go, r.Machine.Postgres, r.Machine.EventBytes, r.Machine.Entries, r.Machine.Deliveries)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "contender\tsubmitters\tevents/s\tp50 ms\tp99 ms\tCPU µs/event\tof Postgres\t")
	for _, a := range r.Admitted {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t\n", a.Contender, a.Submitters, a.Rate, a.P50, a.P99, a.Own+a.Postgres, a.Postgres)
	}
	_ = t.Flush() // into memory
	if len(r.Growth) > 0 {
		_, _ = fmt.Fprintln(t, "\nlog of\tevents/s\tp50 ms\tCPU µs/event\tof Postgres\t")
		for _, g := range r.Growth {
			_, _ = fmt.Fprintf(t, "%d\t%.0f\t%.2f\t%.0f\t%.0f\t\n", g.Size, g.Rate, g.P50, g.Own+g.Postgres, g.Postgres)
		}
		_ = t.Flush()
	}
	if r.Replay != nil {
		r.Replay.write(&b)
	}
	if r.Memory != nil {
		r.Memory.write(&b)
	}
	_, _ = fmt.Fprintln(t, "\ngoal\tmeasured\twanted\t\t")
	for _, g := range r.Goals {
		sign, met := "≥", "met"
		if g.Most {
			sign = "≤"
		}
		if !g.Met() {
			met = "missed"
		}
		_, _ = fmt.Fprintf(t, "%s\t%.2f\t%s %g\t%s\t\n", g.What, g.Value, sign, g.Goal, met)
	}
	_ = t.Flush()
	_, err := io.WriteString(out, b.String())
	return err
}

func machine() Machine {
	return Machine{Cores: runtime.GOMAXPROCS(0), Go: runtime.Version()}
}
