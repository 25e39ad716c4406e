package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/services/ledger"
	"handrail/services/ledger/bench"
)

// Spawn gives a way to start a ledger as a process of its own: this program, with
// args and behind them the name of a file that [RunLedger] reads.
func (s *Stage) Spawn(args ...string) func(context.Context, bench.Process) (bench.Child, error) {
	return func(ctx context.Context, p bench.Process) (bench.Child, error) {
		dir, err := s.Dir()
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("describing the ledger to start: %w", err)
		}
		file := filepath.Join(dir, "ledger.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, fmt.Errorf("describing the ledger to start: %w", err)
		}
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("starting a ledger: %w", err)
		}
		command := exec.CommandContext(ctx, program, append(args, file)...)
		command.Stderr = os.Stderr
		if err := command.Start(); err != nil {
			return nil, fmt.Errorf("starting a ledger: %w", err)
		}
		return child{command}, nil
	}
}

// RunLedger is what the started process does, until ctx ends.
func RunLedger(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading which ledger to run: %w", err)
	}
	var p bench.Process
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("reading which ledger to run: %w", err)
	}
	l, err := ledger.New(p.Config())
	if err != nil {
		return err
	}
	return l.Run(ctx)
}

// child is a started process.
type child struct{ command *exec.Cmd }

// Memory implements [bench.Child].
func (c child) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("asking what a process weighs: %w", err)
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "VmRSS:" {
			kilobytes, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("asking what a process weighs: this system does not say")
}

// Stop implements [bench.Child].
func (c child) Stop() error {
	_ = c.command.Process.Signal(syscall.SIGTERM) // it may have ended
	done := make(chan struct{})
	go func() { _ = c.command.Wait(); close(done) }() // it was told to end
	select {
	case <-done:
		return nil
	case <-time.After(10 * time.Second):
		return c.command.Process.Kill()
	}
}
