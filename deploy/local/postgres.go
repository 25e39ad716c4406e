package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	startPatience = time.Minute // recovery after a crash included
	stopPatience  = 20 * time.Second
	probePause    = 10 * time.Millisecond
	sweepAge      = time.Minute
)

// Options say where and how [StartPostgres] runs a cluster. The zero value is a temporary cluster for a test.
type Options struct {
	// Dir keeps the cluster between starts. It should be short: the socket's path may have 103 bytes. Root must
	// choose one outside its home, which the server's user cannot enter. Empty means a temporary directory that
	// Stop removes.
	Dir string
	// Durable makes a commit survive the loss of the machine, not only of the process.
	Durable bool
	// Log is told about installations; nil is silent.
	Log *slog.Logger
}

// Postgres is a running cluster, or the server that HANDRAIL_DATABASE_URL names. Safe for concurrent use.
type Postgres struct {
	socket   string
	external *url.URL // set instead of a process of our own
	process  *postmaster
	claim    *Claim
	remove   string // temporary directory
	stopOnce sync.Once
	stopErr  error
}

// StartPostgres starts a private cluster and blocks until it answers and has the three roles (see [RoleOwner]). It listens on a
// socket in its directory only, open to its own user and root. When HANDRAIL_DATABASE_URL is set it starts nothing
// and uses that server. Errors: [MissingError], [ErrBusy], or what the server's log says.
func StartPostgres(ctx context.Context, options Options) (*Postgres, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if address := os.Getenv("HANDRAIL_DATABASE_URL"); address != "" {
		return useExternal(ctx, address)
	}
	binaries, err := FindPostgres(ctx, options.Log)
	if err != nil {
		return nil, err
	}
	p := &Postgres{}
	if options.Dir == "" {
		if options.Dir, err = temporaryDir(ctx); err != nil {
			return nil, err
		}
		p.remove = options.Dir
	}
	if err := p.start(ctx, binaries, options); err != nil {
		return nil, errors.Join(fmt.Errorf("starting PostgreSQL: %w", err), p.Stop())
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context, binaries PostgresBinaries, options Options) error {
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return err
	}
	if p.claim, err = ClaimDir(ctx, dir); err != nil {
		return err
	}
	c := cluster{dir: dir, binaries: binaries, durable: options.Durable, identity: serverIdentity()}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	p.socket = c.socketDir()
	if p.process, err = c.launch(ctx, p.claim); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := p.awaitReady(ctx, c); err != nil {
		return err
	}
	return p.ensureRoles(ctx)
}

// awaitReady asks only a server that wrote our child's pid: a dying predecessor may still answer on the socket.
func (p *Postgres) awaitReady(ctx context.Context, c cluster) error {
	var last error
	for {
		select {
		case <-p.process.done:
			return fmt.Errorf("it ended at once: %w: %s", p.process.err, c.logTail())
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", errors.Join(ctx.Err(), last))
		case <-time.After(probePause):
		}
		if c.recordedPID() != p.process.pid {
			continue
		}
		if last = p.ping(ctx); last == nil {
			return nil
		}
	}
}

// PID is the server's process id, or 0 for the server of HANDRAIL_DATABASE_URL.
func (p *Postgres) PID() int {
	if p.process == nil {
		return 0
	}
	return p.process.pid
}

// Done is closed when the server has ended, by [Postgres.Stop] or by accident; its directory is free then for another
// [StartPostgres]. For the server of HANDRAIL_DATABASE_URL it is nil and never yields.
func (p *Postgres) Done() <-chan struct{} {
	if p.process == nil {
		return nil
	}
	return p.process.done
}

// Kill ends the server as kill -9 does and waits for its end. It does nothing to the server of HANDRAIL_DATABASE_URL.
func (p *Postgres) Kill() error {
	if p.process == nil {
		return nil
	}
	err := p.process.command.Process.Kill()
	<-p.process.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Stop shuts the server down in an orderly way, ending open sessions, and gives its directory up. It may be called
// again, and after the server has died.
func (p *Postgres) Stop() error {
	p.stopOnce.Do(func() {
		var errs []error
		if p.process != nil {
			errs = append(errs, p.process.stop())
		}
		if p.remove != "" {
			errs = append(errs, os.RemoveAll(p.remove))
		}
		if p.claim != nil {
			errs = append(errs, p.claim.Release())
		}
		p.stopErr = errors.Join(errs...)
	})
	return p.stopErr
}

// temporaryDir makes a directory for one cluster, and removes those whose owner was killed before it could.
func temporaryDir(ctx context.Context) (string, error) {
	prefix := "handrail-pg-" + strconv.Itoa(os.Geteuid()) + "-"
	stale, _ := filepath.Glob(filepath.Join(sharedTemp(), prefix+"*")) // the only error is a bad pattern
	for _, dir := range stale {
		removeAbandoned(ctx, dir)
	}
	dir, err := os.MkdirTemp(sharedTemp(), prefix)
	if err != nil {
		return "", fmt.Errorf("making a temporary cluster: %w", err)
	}
	return dir, nil
}

// removeAbandoned is tidiness, so it passes over whatever it cannot remove.
func removeAbandoned(ctx context.Context, dir string) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || time.Since(info.ModTime()) < sweepAge {
		return
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known || int(owner.Uid) != os.Geteuid() {
		return
	}
	if claim, err := ClaimDir(ctx, dir); err == nil {
		_ = os.RemoveAll(dir)
		_ = claim.Release()
	}
}
