// Package hubtest starts a whole hub for a test: real Postgres, real NATS, and
// broker, ledger and agencies as processes of the real program.
package hubtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/deploy/local/story"
)

// built is the program under test, built once per test binary.
//
//nolint:gochecknoglobals // building is slow and the same for every test
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", buildPrefix)
	if err != nil {
		return "", err
	}
	forget(filepath.Dir(dir))
	program := filepath.Join(dir, "handrail")
	output, err := exec.Command("go", "build", "-o", program, "handrail/cmd/handrail").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building handrail: %w\n%s", err, output)
	}
	return program, nil
})

const (
	buildPrefix = "handrail-build-"
	buildLife   = 3 * time.Hour // longer than any test run
)

// forget removes the programs that earlier test runs left behind: a test binary
// has no last moment at which it could remove its own.
func forget(dir string) {
	old, _ := filepath.Glob(filepath.Join(dir, buildPrefix+"*")) // the pattern is well-formed
	for _, build := range old {
		if info, err := os.Stat(build); err == nil && time.Since(info.ModTime()) > buildLife {
			_ = os.RemoveAll(build) // another run may be removing it too
		}
	}
}

// Program is the path of the built command line.
func Program(t testing.TB) string {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// Option changes how a hub is started.
type Option func(*local.HubOptions)

// founding serves whom the stories of a referral from police to shelter speak of.
func founding(t testing.TB) local.Founding {
	t.Helper()
	var texts []string
	for _, name := range []string{"referral", "refusals"} {
		text, err := story.Text(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return story.Founding(texts...)
}

// Start gives a fresh hub that is stopped when the test ends. When the test
// fails, the services' logs are shown.
func Start(t testing.TB, options ...Option) *local.Hub {
	t.Helper()
	root, err := os.MkdirTemp("", "hr") //nolint:usetesting // short: a socket's path has at most 103 bytes
	if err != nil {
		t.Fatal(err)
	}
	o := local.HubOptions{Founding: founding(t), Program: Program(t), Log: slog.New(slog.DiscardHandler)}
	for _, change := range options {
		change(&o)
	}
	h, err := local.StartHub(t.Context(), local.Layout{Root: root}, o)
	t.Cleanup(func() {
		if t.Failed() {
			showLogs(t, root)
		}
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Stop(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func showLogs(t testing.TB, root string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(root, "logs", "*.log"))
	if err != nil {
		t.Error(err)
	}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err == nil {
			t.Logf("%s:\n%s", filepath.Base(log), text[max(0, len(text)-8000):])
		}
	}
}

// World is the hub as a story's people and systems meet it.
func World(t testing.TB, h *local.Hub) *story.World {
	t.Helper()
	w, err := story.Enter(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Run runs the built program as a person at a terminal would, and gives its
// output and exit code.
func Run(ctx context.Context, t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.CommandContext(ctx, Program(t), args...)
	var out, errs strings.Builder
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}
