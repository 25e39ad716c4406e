package bench

import (
	"context"
	"time"
)

// Options say how much is measured. Make them with [Quick] or [Whole].
type Options struct {
	Runs       int         // of each contender; the median counts
	Submitters []int       // how many hand in statements at once
	Statements map[int]int // how many, by the number of submitters
	Sizes      []int       // of the log, in entries, at which the cost of a statement is measured
	Probe      int         // statements at each of these sizes

	Profile string // file for a CPU profile of the whole path with the most submitters; empty: none

	Others []Contender                                   // measured beside our own
	Tell   func(string)                                  // of each step; nil: nobody is told
	Spawn  func(context.Context, Process) (Child, error) // starts a process of its own, to weigh it; nil: none is weighed
}

// Contender is something else that keeps events, measured with the same bytes.
type Contender struct {
	Name string
	// Run keeps every event and says how long each waited until it was kept for good.
	Run func(ctx context.Context, events [][]byte, submitters int) (took time.Duration, each []time.Duration, err error)
}

// Quick is enough to see the ratios, in about a minute.
func Quick() Options {
	return Options{
		Runs: 1, Submitters: []int{1, 64, 256}, Statements: map[int]int{1: 400, 64: 3000, 256: 4000},
		Sizes: []int{2_000, 20_000}, Probe: 1500,
	}
}

// Whole is everything, to a million entries.
func Whole() Options {
	return Options{
		Runs: 3, Submitters: []int{1, 64, 256}, Statements: map[int]int{1: 1500, 64: 8000, 256: 10000},
		Sizes: []int{10_000, 100_000, 1_000_000}, Probe: 5000,
	}
}

func (o Options) tell(what string) {
	if o.Tell != nil {
		o.Tell(what)
	}
}

// Process is a ledger to run in a process of its own.
type Process struct {
	Database, Broker string
	Keys             string // directory with hub.creds, log.key and hub.pem
	Listen           string
}

// Child is such a process.
type Child interface {
	// Memory is its resident set in bytes.
	Memory() (int64, error)
	Stop() error
}
