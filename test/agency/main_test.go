// Package agency tests agency sites from outside: real agencies, a real ledger,
// real Postgres and NATS, in one process.
package agency

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"handrail/deploy/local"
	"handrail/services/ledger"
)

// template is a migrated database that each test copies.
const template = "agency_template"

var (
	postgres  *local.Postgres
	databases atomic.Int64
)

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctx := context.Background()
	if postgres, err = local.StartPostgres(ctx, local.Options{}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, postgres.Stop()) }()
	if err := postgres.CreateDatabase(ctx, template, local.RoleOwner); err != nil {
		return 1, err
	}
	if err := ledger.Migrate(ctx, postgres.DSN(template, local.RoleOwner)); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// newDatabase gives a test a migrated database of its own.
func newDatabase(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("agency_%d_%d", os.Getpid(), databases.Add(1))
	if err := postgres.CreateDatabaseFrom(t.Context(), name, local.RoleOwner, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.DropDatabase(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return name
}
