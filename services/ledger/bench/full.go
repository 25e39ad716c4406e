package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/jackc/pgx/v5"
)

// full is the whole path: every statement is submitted over NATS, verified, judged,
// logged, receipted and delivered to everyone who may see it. With plan it also
// gives what the run wrote and sent, statement by statement.
func full(ctx context.Context, stage Stage, c *cast, all []*statement, submitters int, plan bool, profile string) (t timing, p *plainPlan, err error) {
	h, err := openHub(ctx, stage, c, true)
	if err != nil {
		return timing{}, nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	stop, err := profiled(profile)
	if err != nil {
		return timing{}, nil, err
	}
	t, err = h.crowd.drive(ctx, stage, all, submitters)
	if err = errors.Join(err, stop()); err != nil {
		return timing{}, nil, fmt.Errorf("the whole path: %w", err)
	}
	conn, err := pgx.Connect(ctx, h.db.Owner)
	if err != nil {
		return timing{}, nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var admitted int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM submission WHERE agency <> 'hub'").Scan(&admitted); err != nil {
		return timing{}, nil, err
	}
	if admitted != len(all) {
		return timing{}, nil, fmt.Errorf("the whole path: %d of %d statements were admitted", admitted, len(all))
	}
	if plan {
		if p, err = readPlan(ctx, conn); err == nil {
			p.header = h.crowd.headerBytes()
		}
	}
	return t, p, err
}

// profiled writes a CPU profile of this process until it is stopped; no file, no profile.
func profiled(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	out, err := os.Create(file) //nolint:gosec // whoever runs the benchmark names it
	if err != nil {
		return nil, fmt.Errorf("writing a profile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return nil, errors.Join(fmt.Errorf("writing a profile: %w", err), out.Close())
	}
	return func() error { pprof.StopCPUProfile(); return out.Close() }, nil
}
