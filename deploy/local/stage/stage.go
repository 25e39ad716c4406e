// Package stage gives a benchmark what it needs around the ledger: a private,
// durable Postgres and brokers, each fresh, on this machine.
package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"handrail/deploy/local"
	"handrail/events/exchange"
	"handrail/services/ledger"
	"handrail/services/ledger/bench"
)

// template is a migrated database that each measurement copies.
const template = "bench_template"

// Stage is one Postgres cluster and a directory for brokers. It implements
// [bench.Stage]. Stop it.
type Stage struct {
	dir      string
	postgres *local.Postgres
	made     int
}

// Set starts the cluster with fsync on: what it says is committed survives the
// loss of the machine.
func Set(ctx context.Context) (*Stage, error) {
	dir, err := os.MkdirTemp("", "hrb")
	if err != nil {
		return nil, fmt.Errorf("making a directory for the benchmark: %w", err)
	}
	s := &Stage{dir: dir}
	if s.postgres, err = local.StartPostgres(ctx, local.Options{Durable: true}); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	err = s.postgres.CreateDatabase(ctx, template, local.RoleOwner)
	if err == nil {
		err = ledger.Migrate(ctx, s.postgres.DSN(template, local.RoleOwner))
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Stop ends the cluster and removes everything.
func (s *Stage) Stop() error {
	var err error
	if s.postgres != nil {
		err = s.postgres.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Dir implements [bench.Stage].
func (s *Stage) Dir() (string, error) {
	dir, err := os.MkdirTemp(s.dir, "")
	if err != nil {
		return "", fmt.Errorf("making a directory for the benchmark: %w", err)
	}
	return dir, nil
}

// Database implements [bench.Stage].
func (s *Stage) Database(ctx context.Context) (bench.Database, error) {
	s.made++
	name := fmt.Sprintf("bench_%d", s.made)
	if err := s.postgres.CreateDatabaseFrom(ctx, name, local.RoleOwner, template); err != nil {
		return bench.Database{}, err
	}
	return bench.Database{
		Owner: s.postgres.DSN(name, local.RoleOwner), Ledger: s.postgres.DSN(name, local.RoleLedger), Admin: s.postgres.DSN(name, ""),
		Drop: func(ctx context.Context) error { return s.postgres.DropDatabase(ctx, name) },
	}, nil
}

// Broker implements [bench.Stage].
func (s *Stage) Broker(ctx context.Context, accounts exchange.Accounts) (url string, stop func() error, err error) {
	dir, err := s.Dir()
	if err != nil {
		return "", nil, err
	}
	port, err := local.FreePort(ctx)
	if err != nil {
		return "", nil, err
	}
	broker, err := local.StartBroker(local.BrokerOptions{ //nolint:contextcheck // it runs until it is stopped
		Dir: filepath.Join(dir, "broker"), Port: port,
		OperatorJWT: accounts.OperatorJWT, SystemAccount: accounts.SystemAccount, Accounts: accounts.Resolver,
	})
	if err != nil {
		return "", nil, err
	}
	return broker.ClientURL(), broker.Stop, nil
}

// ServerCPU implements [bench.Stage].
func (s *Stage) ServerCPU() time.Duration {
	parent := s.postgres.PID()
	if parent == 0 {
		return 0
	}
	var ticks int64
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // none where there is no /proc
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // state ppid ... utime stime cutime cstime from 11
		if len(fields) < 15 || pid != parent && fields[1] != strconv.Itoa(parent) {
			continue
		}
		own := fields[11:13]
		if pid == parent {
			own = fields[11:15] // and of the sessions that have ended
		}
		for _, field := range own {
			n, _ := strconv.ParseInt(field, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / clockTicks
}

// clockTicks is the unit in which Linux counts a process's time.
const clockTicks = 100
