package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func startPostgres(t *testing.T, dir string) *Postgres {
	t.Helper()
	postgres, err := StartPostgres(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = postgres.Stop() })
	return postgres
}

func open(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func ask[T any](t *testing.T, conn *pgx.Conn, query string) T {
	t.Helper()
	var answer T
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestClusterKeepsDataThroughStopAndKill(t *testing.T) {
	dir := shortDir(t)
	postgres := startPostgres(t, dir)
	if err := postgres.CreateDatabase(t.Context(), "handrail", RoleOwner); err != nil {
		t.Fatal(err)
	}
	conn := open(t, postgres.DSN("handrail", RoleOwner))
	run(t, conn, "CREATE TABLE entry (number bigint)")
	run(t, conn, "INSERT INTO entry VALUES (1)")
	if err := postgres.Stop(); err != nil {
		t.Fatal(err)
	}

	postgres = startPostgres(t, dir)
	conn = open(t, postgres.DSN("handrail", RoleOwner))
	run(t, conn, "INSERT INTO entry VALUES (2)")
	if err := postgres.Kill(); err != nil {
		t.Fatal(err)
	}

	killed := postgres
	postgres = startPostgres(t, dir)
	if err := errors.Join(killed.Stop(), killed.Kill()); err != nil { // too late to do any harm
		t.Fatal(err)
	}
	if err := postgres.CreateDatabase(t.Context(), "handrail", RoleOwner); err != nil {
		t.Fatalf("creating a database that exists: %v", err)
	}
	conn = open(t, postgres.DSN("handrail", RoleOwner))
	if got := ask[int](t, conn, "SELECT count(*) FROM entry"); got != 2 {
		t.Errorf("after stop and kill -9 the table has %d rows, want 2", got)
	}
	if lower := ask[string](t, conn, "SELECT lower('ÄÕŽŁЇ')"); lower != "äõžłї" {
		t.Errorf("lower-case letters beyond ASCII: %q", lower)
	}
}

func TestPostgresEndsWithItsOwner(t *testing.T) {
	dir := shortDir(t)
	owner, pid := play(t, "postgres-owner", dir)
	if _, err := StartPostgres(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrBusy) {
		t.Fatalf("a second owner got %v, want ErrBusy", err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	postgres := startPostgres(t, dir) // waits for the server that is still going down
	if postgres.PID() == pid {
		t.Error("the new owner took the old server for its own")
	}
	awaitGone(t, pid)
}

func TestOwnerAndServerKilledTogether(t *testing.T) {
	dir := shortDir(t)
	owner, pid := play(t, "postgres-owner", dir)
	if err := owner.Process.Signal(syscall.SIGSTOP); err != nil { // nobody reaps the server: its pid stays taken
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, pid)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	startPostgres(t, dir)
}

func TestDeadPIDOfAnotherProgramIsCleared(t *testing.T) {
	dir := shortDir(t)
	c := cluster{dir: dir}
	if err := os.MkdirAll(c.dataDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.pidFile(), []byte("1\nsecond line\n"), 0o600); err != nil { // process 1 is no Postgres
		t.Fatal(err)
	}
	if err := c.clearDeadPID(); err != nil {
		t.Fatal(err)
	}
	if hasParentDeathSignal && c.recordedPID() != 0 {
		t.Error("the mark of a dead server stayed")
	}
}

func TestRolesAreLimited(t *testing.T) {
	postgres := startPostgres(t, "")
	if err := postgres.CreateDatabase(t.Context(), "ours", RoleOwner); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{RoleOwner, RoleLedger, RoleRetention} {
		conn := open(t, postgres.DSN("ours", role))
		if got := ask[string](t, conn, "SELECT current_user"); got != role {
			t.Errorf("connected as %s, want %s", got, role)
		}
		if ask[bool](t, conn, "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user") {
			t.Errorf("%s has rights over the server", role)
		}
	}
	ledger := open(t, postgres.DSN("ours", RoleLedger))
	if _, err := ledger.Exec(t.Context(), "CREATE TABLE mine (i int)"); err == nil {
		t.Error("the ledger role may create tables")
	}
}

func TestDatabasesFromATemplate(t *testing.T) {
	postgres := startPostgres(t, "")
	if err := postgres.CreateDatabase(t.Context(), "template", RoleOwner); err != nil {
		t.Fatal(err)
	}
	conn := open(t, postgres.DSN("template", RoleOwner))
	run(t, conn, "CREATE TABLE entry (number bigint)")
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		if err := postgres.CreateDatabaseFrom(t.Context(), name, RoleOwner, "template"); err != nil {
			t.Fatal(err)
		}
		run(t, open(t, postgres.DSN(name, RoleOwner)), "INSERT INTO entry VALUES (1)")
	}
	if err := postgres.CreateDatabaseFrom(t.Context(), "first", RoleOwner, "template"); err == nil {
		t.Error("a copy replaced an existing database")
	}
	if err := postgres.DropDatabase(t.Context(), "first"); err != nil { // a session is still open
		t.Error(err)
	}
}

func TestTemporaryClusterLeavesNothing(t *testing.T) {
	postgres := startPostgres(t, "")
	dir := postgres.claim.Dir()
	if err := postgres.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there", dir)
	}
}

func TestAServerThatIsNamedIsUsed(t *testing.T) {
	host := startPostgres(t, "")
	// A URL cannot carry a socket's directory as its host, so it goes into the query.
	t.Setenv("HANDRAIL_DATABASE_URL", "postgres://postgres:secret@/postgres?sslmode=disable&host="+host.socket)
	guest := startPostgres(t, "")
	if guest.PID() != 0 || guest.Done() != nil {
		t.Error("a server was started although one is named")
	}
	if err := guest.CreateDatabase(t.Context(), "guest", RoleOwner); err != nil {
		t.Fatal(err)
	}
	conn := open(t, guest.DSN("guest", RoleLedger))
	if got := ask[string](t, conn, "SELECT current_user || ' in ' || current_database()"); got != "handrail_ledger in guest" {
		t.Errorf("connected as %s", got)
	}
	if err := guest.Stop(); err != nil {
		t.Fatal(err)
	}
	ask[int](t, open(t, host.DSN("guest", RoleOwner)), "SELECT 1") // the named server goes on
}

func TestUnusableServersAreRefused(t *testing.T) {
	t.Run("no programs in HANDRAIL_PG_BIN", func(t *testing.T) {
		t.Setenv("HANDRAIL_PG_BIN", t.TempDir())
		_, err := StartPostgres(t.Context(), Options{})
		var missing *MissingError
		if !errors.As(err, &missing) || !strings.Contains(missing.Install, "HANDRAIL_PG_BIN") {
			t.Errorf("got %v, want a MissingError that says what to correct", err)
		}
	})
	t.Run("HANDRAIL_DATABASE_URL is no URL", func(t *testing.T) {
		t.Setenv("HANDRAIL_DATABASE_URL", "host=x password=hidden")
		_, err := StartPostgres(t.Context(), Options{})
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want an error without the password", err)
		}
	})
	t.Run("a data directory of another version", func(t *testing.T) {
		dir := shortDir(t)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := StartPostgres(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "made by PostgreSQL 9") {
			t.Errorf("got %v, want the two versions named", err)
		}
	})
	t.Run("a path too long for a socket", func(t *testing.T) {
		dir := filepath.Join(shortDir(t), strings.Repeat("long", 25))
		if _, err := StartPostgres(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "shorter") {
			t.Errorf("got %v, want advice to choose a shorter directory", err)
		}
	})
	t.Run("a directory closed to the server's user", func(t *testing.T) {
		if serverIdentity() == nil {
			return // only root runs the server as somebody else
		}
		closed := shortDir(t) // MkdirTemp makes it 0700
		if _, err := StartPostgres(t.Context(), Options{Dir: filepath.Join(closed, "pg")}); err == nil || !strings.Contains(err.Error(), "closed to user id") {
			t.Errorf("got %v, want the closed directory named", err)
		}
	})
}

// TestNPMPackage runs the server that a machine without Postgres would use; without npm, the advice is what it gets.
func TestNPMPackage(t *testing.T) {
	t.Setenv("HANDRAIL_PG_NO_LOCAL", "1")
	postgres, err := StartPostgres(t.Context(), Options{})
	if missing, ok := errors.AsType[*MissingError](err); ok {
		if !strings.Contains(missing.Install, "apt-get install") {
			t.Errorf("the advice %q names no command", missing.Install)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer postgres.Stop()
	conn := open(t, postgres.DSN("postgres", RoleOwner))
	if got := ask[string](t, conn, "SHOW server_version"); !strings.HasPrefix(got, "18.") {
		t.Errorf("server version %s, want 18", got)
	}
	if lower := ask[string](t, conn, "SELECT lower('ÄÕŽŁЇ')"); lower != "äõžłї" {
		t.Errorf("lower-case letters beyond ASCII: %q", lower)
	}
}

func TestEveryPlatformIsPinned(t *testing.T) {
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		if _, digest, known := npmPackage(platform); !known || len(digest) != 88 {
			t.Errorf("%s has no SHA-512 digest", platform)
		}
	}
}
