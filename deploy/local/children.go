package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// ParentVariable tells a child how to notice that its parent has vanished: its value "stdin" means that standard
// input ends then and carries nothing else. Linux's kernel ends the child besides.
const ParentVariable = "HANDRAIL_PARENT"

// childPatience is how long a child may take to end in an orderly way when its context ends.
const childPatience = 10 * time.Second

// Child is a part of Handrail to run as a process of its own.
type Child struct {
	Program string   // the executable; empty means this same program
	Name    string   // what it is called in errors
	Args    []string // after the program's name
	Env     []string // KEY=value, added to our own environment
	LogFile string   // its output is appended here, 0600
	Claim   *Claim   // passed on, so that a next owner waits for it; may be nil
}

// Process is a running child.
type Process struct {
	name    string
	command *exec.Cmd
	done    chan struct{}
	err     error // how it ended; set before done is closed
}

// StartChild starts this program again with the child's arguments, in a process group of its own. When ctx ends it
// gets SIGTERM and, ten seconds later, SIGKILL. When this process vanishes it does too, with SIGKILL on Linux: every
// service must survive kill -9 anyway, and so nothing lingers. Calling it again with the same Child starts it anew.
func StartChild(ctx context.Context, child Child) (*Process, error) {
	program := child.Program
	if program == "" {
		var err error
		if program, err = ownProgram(); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(child.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", child.Name, err)
	}
	defer log.Close()
	ours, theirs, err := lifeline()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()

	command := exec.CommandContext(ctx, program, child.Args...)
	command.Args[0] = "handrail" // as in a list of processes
	command.Env = append(append(os.Environ(), child.Env...), ParentVariable+"=stdin")
	command.Stdin, command.Stdout, command.Stderr = theirs, log, log
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = childPatience
	if child.Claim != nil {
		command.ExtraFiles = []*os.File{child.Claim.heirs}
	}
	exited, err := startGuarded(command, nil, syscall.SIGKILL)
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	p := &Process{name: child.Name, command: command, done: make(chan struct{})}
	go func() {
		if err := <-exited; err != nil {
			p.err = fmt.Errorf("%s: %w", p.name, err)
		}
		ours.Close()
		close(p.done)
	}()
	return p, nil
}

// ownProgram is this program even when its file has been deleted since, as `go run` and rebuilds do.
func ownProgram() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// PID is the child's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Signal sends a signal; to a child that has ended, it returns os.ErrProcessDone.
func (p *Process) Signal(signal os.Signal) error { return p.command.Process.Signal(signal) }

// Kill ends the child at once, as a crash would.
func (p *Process) Kill() error { return p.command.Process.Kill() }

// Done is closed when the child has ended, for whatever reason.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait blocks until the child has ended and says how: nil for exit code 0. It may be called any number of times.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}
