package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// The contenders that this package brings.
const (
	nameFull  = "handrail, whole path"
	namePlain = "same path, nothing judged or signed"
	nameChain = "hash chain, head row FOR UPDATE"
	nameFloor = "floor: publish, commit, publish"
)

// Run measures everything that the options ask for. What it reports it saw in this
// run; it fails when any statement of the whole path is not admitted.
func Run(ctx context.Context, stage Stage, o Options) (Report, error) {
	r := Report{Machine: machine()}
	if err := r.version(ctx, stage); err != nil {
		return r, fmt.Errorf("measuring: %w", err)
	}
	for _, submitters := range o.Submitters {
		if err := r.admitted(ctx, stage, o, submitters); err != nil {
			return r, fmt.Errorf("measuring with %d submitters: %w", submitters, err)
		}
	}
	if len(o.Sizes) > 0 {
		if err := r.grow(ctx, stage, o); err != nil {
			return r, fmt.Errorf("measuring a log that grows: %w", err)
		}
	}
	r.judge(o)
	return r, nil
}

func (r *Report) version(ctx context.Context, stage Stage) error {
	db, err := stage.Database(ctx)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, db.Ledger)
	if err != nil {
		return err
	}
	var version string
	err = conn.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&version)
	r.Machine.Postgres = "PostgreSQL " + version
	_ = conn.Close(ctx)
	return cmp.Or(err, db.Drop(ctx))
}

// admitted measures every contender with the same statements, in turns, so that
// what the machine does meanwhile meets all of them.
func (r *Report) admitted(ctx context.Context, stage Stage, o Options, submitters int) error {
	dir, err := stage.Dir()
	if err != nil {
		return err
	}
	c, err := newCast(dir)
	if err != nil {
		return err
	}
	all, err := c.tell(cmp.Or(o.Statements[submitters], o.Probe), max(submitters, desks), time.Now())
	if err != nil {
		return err
	}
	r.Machine.EventBytes = weight(all)
	of := measured{times: map[string][]timing{}}
	var plan *plainPlan
	for run := range o.Runs {
		o.tell(fmt.Sprintf("%d submitters, run %d of %d", submitters, run+1, o.Runs))
		profile := ""
		if run == 0 && submitters == slices.Max(o.Submitters) {
			profile = o.Profile
		}
		t, p, err := full(ctx, stage, c, all, submitters, plan == nil, profile)
		if plan == nil {
			plan = p
		}
		if err := of.add(nameFull, t, err); err != nil {
			return err
		}
		t, err = runPlain(ctx, stage, c, all, submitters, plan)
		if err := of.add(namePlain, t, err); err != nil {
			return err
		}
		t, err = runChain(ctx, stage, all, submitters)
		if err := of.add(nameChain, t, err); err != nil {
			return err
		}
		if submitters == 1 {
			t, err = runFloor(ctx, stage, c, all)
			if err := of.add(nameFloor, t, err); err != nil {
				return err
			}
		}
		for _, other := range o.Others {
			t, err := runOther(ctx, stage, other, all, submitters)
			if err := of.add(other.Name, t, err); err != nil {
				return err
			}
		}
	}
	for _, name := range of.names {
		r.Admitted = append(r.Admitted, summary(name, submitters, len(all), of.times[name]))
	}
	r.Machine.Entries, r.Machine.Deliveries = plan.ratios(len(all))
	return nil
}

// measured are the runs of each contender.
type measured struct {
	names []string // in the order of their first runs
	times map[string][]timing
}

func (m *measured) add(name string, t timing, err error) error {
	if !slices.Contains(m.names, name) {
		m.names = append(m.names, name)
	}
	m.times[name] = append(m.times[name], t)
	return err
}

func runOther(ctx context.Context, stage Stage, other Contender, all []*statement, submitters int) (timing, error) {
	events := make([][]byte, len(all))
	for i, s := range all {
		events[i] = s.body()
	}
	watch := watchCPU(stage)
	took, each, err := other.Run(ctx, events, submitters)
	t := watch.read()
	t.took, t.each = took, each
	return t, err
}

// summary is the medians of several runs.
func summary(name string, submitters, events int, runs []timing) Admitted {
	return Admitted{
		Contender: name, Submitters: submitters, Events: events,
		Rate: median(runs, func(t timing) float64 { return float64(events) / t.took.Seconds() }),
		P50:  median(runs, func(t timing) float64 { return milliseconds(t.quantile(0.5)) }),
		P99:  median(runs, func(t timing) float64 { return milliseconds(t.quantile(0.99)) }),
		Own:  median(runs, func(t timing) float64 { return microseconds(t.own, events) }), Postgres: median(runs, func(t timing) float64 { return microseconds(t.server, events) }),
	}
}

func median[T any](of []T, value func(T) float64) float64 {
	values := make([]float64, 0, len(of))
	for _, one := range of {
		values = append(values, value(one))
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// quantile of how long submitters waited.
func (t timing) quantile(q float64) time.Duration {
	if len(t.each) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t.each))
	return sorted[int(float64(len(sorted)-1)*q)]
}
