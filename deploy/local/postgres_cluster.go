package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	socketName      = ".s.PGSQL.5432"
	socketPathLimit = 103 // bytes; the shorter of Linux's and macOS's limits
)

// cluster is the data directory of one server, before and between its runs.
type cluster struct {
	dir      string
	binaries PostgresBinaries
	durable  bool
	identity *syscall.Credential
}

func (c cluster) dataDir() string   { return filepath.Join(c.dir, "data") }
func (c cluster) socketDir() string { return filepath.Join(c.dir, "s") }
func (c cluster) logPath() string   { return filepath.Join(c.dir, "postgres.log") }

// prepare makes the data directory unless there is one, and clears what a killed server left in the way.
func (c cluster) prepare(ctx context.Context) error {
	if path := filepath.Join(c.socketDir(), socketName); len(path) > socketPathLimit {
		return fmt.Errorf("the socket's path %s has more than %d bytes: choose a shorter data directory", path, socketPathLimit)
	}
	if err := reachable(c.dir, c.identity); err != nil {
		return err
	}
	for _, dir := range []string{c.dataDir(), c.socketDir()} {
		if err := c.makeServersOwn(dir); err != nil {
			return err
		}
	}
	made, err := os.ReadFile(filepath.Join(c.dataDir(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return c.initialise(ctx)
	}
	if err != nil {
		return err
	}
	if version := strings.TrimSpace(string(made)); version != strconv.Itoa(c.binaries.Major) {
		return fmt.Errorf("%s was made by PostgreSQL %s and %s has %d: set HANDRAIL_PG_BIN to the older server, or use another directory",
			c.dataDir(), version, c.binaries.Dir, c.binaries.Major)
	}
	return c.clearDeadPID()
}

func (c cluster) makeServersOwn(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if c.identity == nil {
		return nil
	}
	return os.Lchown(dir, int(c.identity.Uid), int(c.identity.Gid))
}

// initialise runs initdb. Text compares by code point but folds case by Unicode: plain C would break names such as
// ÄÕŽ, and the machine's own locale would order the same data differently elsewhere.
func (c cluster) initialise(ctx context.Context) error {
	args := []string{"-D", c.dataDir(), "-U", roleAdmin, "-A", "trust", "-E", "UTF8", "--no-instructions", "--data-checksums", "--locale=C"}
	if c.binaries.Major >= 17 {
		args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	} else {
		args = append(args, "--locale-provider=icu", "--icu-locale=und")
	}
	if !c.durable {
		args = append(args, "--no-sync")
	}
	out, err := c.command(ctx, "initdb", args...).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(c.dataDir()))
	}
	return nil
}

func (c cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	return serverCommand(ctx, c.binaries.Dir, program, args...)
}

// serverCommand runs one of the server's programs as the server's user, with nothing of the caller's environment:
// PG* and LANG variables would change what it does.
func serverCommand(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(dir, program), args...)
	command.Dir = "/"
	command.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: serverIdentity()}
	return command
}

// settings of the server. Its log holds neither statements nor values: they may be about a person.
func (c cluster) settings() []string {
	onOff := map[bool]string{true: "on", false: "off"}[c.durable]
	var args []string
	for _, setting := range []string{
		"listen_addresses=", "unix_socket_directories=" + c.socketDir(), "unix_socket_permissions=0700",
		// synchronous_commit stays on: without it kill -9 of the server loses commits, as the tests would notice.
		"fsync=" + onOff, "full_page_writes=" + onOff, "synchronous_commit=on",
		"shared_buffers=64MB", "max_connections=200", "dynamic_shared_memory_type=mmap", // containers have little /dev/shm
		"log_error_verbosity=terse", "log_min_error_statement=panic", "log_min_messages=log",
	} {
		args = append(args, "-c", setting)
	}
	return append([]string{"-D", c.dataDir()}, args...)
}

// postmaster is the server's parent process, our child.
type postmaster struct {
	command *exec.Cmd
	pid     int
	done    chan struct{} // closed when it has ended
	err     error         // how it ended; set before done is closed
}

// launch starts the server, which then lives until stop. It inherits the claim, so that a next owner waits for its last
// process, and we release the claim when it has ended.
func (c cluster) launch(ctx context.Context, claim *Claim) (*postmaster, error) {
	ctx = context.WithoutCancel(ctx)
	log, err := os.OpenFile(c.logPath(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := c.command(ctx, "postgres", c.settings()...)
	command.Stdout, command.Stderr, command.ExtraFiles = log, log, []*os.File{claim.heirs}
	exited, err := startGuarded(command, c.identity, syscall.SIGINT)
	if err != nil {
		return nil, err
	}
	p := &postmaster{command: command, pid: command.Process.Pid, done: make(chan struct{})}
	unwatch := func() {}
	if !hasParentDeathSignal {
		if unwatch, err = watchdog(ctx, p.pid, "INT"); err != nil {
			return nil, errors.Join(err, command.Process.Kill())
		}
	}
	go func() {
		p.err = <-exited
		unwatch()
		_ = claim.Release() // the next owner finds out
		close(p.done)
	}()
	return p, nil
}

// stop asks for less and less patience: fast shutdown, immediate shutdown, kill.
func (p *postmaster) stop() error {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		_ = p.command.Process.Signal(signal) // it may have ended already
		select {
		case <-p.done:
			return nil
		case <-time.After(stopPatience):
		}
	}
	return fmt.Errorf("PostgreSQL process %d cannot be ended", p.pid)
}

// recordedPID is the process that the data directory says runs it, or 0.
func (c cluster) recordedPID() int {
	content, err := os.ReadFile(c.pidFile())
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, _ := strconv.Atoi(first)
	return pid
}

func (c cluster) pidFile() string { return filepath.Join(c.dataDir(), "postmaster.pid") }

// clearDeadPID removes the mark of a server that was killed when its pid now belongs to a zombie (a container without
// a reaping init) or to another program: the server would take either for itself and refuse to start. Whoever holds
// the claim knows that no server of ours is left; one that somebody started by hand is still called postgres and is
// left alone.
func (c cluster) clearDeadPID() error {
	pid := c.recordedPID()
	if pid == 0 {
		return nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil // gone, which the server sees itself; or no /proc here
	}
	name, state := processState(string(stat))
	if name == "postgres" && state != "Z" && state != "X" {
		return nil
	}
	return errors.Join(os.Remove(c.pidFile()), removeIfThere(filepath.Join(c.socketDir(), socketName+".lock")))
}

// processState reads "pid (name) state ..."; the name may itself hold parentheses.
func processState(stat string) (name, state string) {
	begin, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if begin < 0 || end < begin {
		return "", ""
	}
	if rest := strings.Fields(stat[end+1:]); len(rest) > 0 {
		state = rest[0]
	}
	return stat[begin+1 : end], state
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (c cluster) logTail() string {
	content, err := os.ReadFile(c.logPath())
	if err != nil {
		return err.Error()
	}
	return string(lastLines(content, 8))
}
