// Package bench measures the ledger against what a team would build instead,
// side by side on one machine in one run: the same events, the same broker, the
// same Postgres with fsync on. What is measured, and against what, is in each
// contender's own comment; what came out is a [Report].
//
// It is a command and never a timed test: absolute figures belong to a machine
// and an hour, only ratios of one run say something. People and agencies in it are
// invented.
package bench

import (
	"context"
	"time"

	"handrail/events/exchange"
)

// Stage is where contenders run. Whoever starts a benchmark provides it: this
// package starts no server.
type Stage interface {
	// Dir is a fresh empty directory, gone with the stage.
	Dir() (string, error)
	// Database is a fresh migrated database that nobody has founded, in a Postgres
	// whose commits survive the loss of the machine.
	Database(ctx context.Context) (Database, error)
	// Broker starts an empty broker for these accounts.
	Broker(ctx context.Context, accounts exchange.Accounts) (url string, stop func() error, err error)
	// ServerCPU is what the Postgres has used of the processor so far; 0 where nobody can say.
	ServerCPU() time.Duration
}

// Database is how to connect to one database as each role.
type Database struct {
	Owner, Ledger, Admin string
	Drop                 func(context.Context) error
}
