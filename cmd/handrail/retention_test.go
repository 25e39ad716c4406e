package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/cmd/internal/process"
)

// retentionRun runs the command as the unit of deploy/systemd does: without a data directory.
func retentionRun(ctx context.Context, settings string) error {
	c := root()
	c.SetArgs([]string{"retention", "run", "--settings", settings})
	return c.ExecuteContext(ctx)
}

func TestRetentionNeedsNothingOfAHubButItsSettings(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	asked := make(chan []byte, 1)
	go func() {
		first := make([]byte, 512)
		connection, err := listener.Accept()
		if err == nil {
			n, _ := connection.Read(first)
			first = first[:n]
			_ = connection.Close()
		}
		asked <- first
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	settings := filepath.Join(t.TempDir(), "retention.json")
	text := fmt.Sprintf(`{"database": "host=127.0.0.1 port=%d user=handrail_retention dbname=elsewhere sslmode=disable"}`, port)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := retentionRun(t.Context(), settings); process.ExitCode(err) != process.ExitFailure {
		t.Errorf("with a database that hangs up it ends with %v", err)
	}
	said := <-asked
	for _, want := range []string{"user\x00handrail_retention\x00", "database\x00elsewhere\x00"} {
		if !bytes.Contains(said, []byte(want)) {
			t.Errorf("the database was asked %q, and not for %q", said, want)
		}
	}
}

func TestRetentionWithoutADatabaseTouchesNone(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"nothing": "", "no-database": "{}", "an-address": "postgres://somebody:secret-word@127.0.0.1/x", "ledger": `{"ledger": "x"}`} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := retentionRun(t.Context(), path)
		if process.ExitCode(err) != process.ExitUsage || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := retentionRun(t.Context(), filepath.Join(folder, "none")); process.ExitCode(err) != process.ExitUsage {
		t.Errorf("a file that is not there: %v", err)
	}
}
