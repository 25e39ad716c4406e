package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// startGuarded starts cmd in a process group of its own, so that Ctrl-C on the terminal reaches only us, and so that
// the kernel sends it onDeath when we vanish (Linux; see watchdog for the others). The channel yields cmd.Wait's
// result once.
func startGuarded(cmd *exec.Cmd, identity *syscall.Credential, onDeath syscall.Signal) (<-chan error, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: identity}
	setParentDeathSignal(cmd.SysProcAttr, onDeath)
	started, exited := make(chan error), make(chan error, 1)
	go func() {
		// The signal is sent when the starting thread ends, so this thread is kept until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			exited <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return exited, nil
}

// watchdog sends signal to pid when this process vanishes, for systems without a parent-death signal and programs
// that do not watch their standard input: a shell waits for the end of a pipe whose other end only we hold.
// The watch ends with ctx or stop.
func watchdog(ctx context.Context, pid int, signal string) (stop func(), err error) {
	ours, theirs, err := lifeline()
	if err != nil {
		return nil, err
	}
	shell := exec.CommandContext(ctx, "/bin/sh", "-c", `read -r _; kill -s "$0" "$1"`, signal, strconv.Itoa(pid))
	shell.Stdin = theirs
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = shell.Start()
	theirs.Close()
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("starting the watchdog of process %d: %w", pid, err)
	}
	return func() {
		// Killed before the pipe closes: pid may belong to another process by now.
		_ = shell.Process.Kill()
		_ = shell.Wait()
		ours.Close()
	}, nil
}

// lifeline is a pipe that ends for its reader when this process does, because nobody else holds its writing end.
func lifeline() (ours, theirs *os.File, err error) {
	theirs, ours, err = os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("making a pipe: %w", err)
	}
	return ours, theirs, nil
}
