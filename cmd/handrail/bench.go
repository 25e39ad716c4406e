package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/deploy/local/stage"
	"handrail/services/ledger/bench"
)

func benchCommand(o *options) *cobra.Command {
	var given benchFlags
	c := &cobra.Command{
		Use: "bench", Short: "measure this machine's ledger against what a team would build instead",
		Long: `Measures, side by side on a private Postgres with fsync on and brokers of its own:

- statements a second through the whole path (verified, judged, logged, receipted,
  delivered) with 1, 64 and 256 submitters, against the same NATS path and
  transaction without judging or signatures, and a hash chain in Postgres;
- from submitting to the receipt, against publish + one commit + publish;
- what a statement costs while the log grows to a million entries;
- how fast an auditor goes through the whole log, and through one trail;
- how much memory a ledger process takes, and how soon it gives its first receipt.

Nothing of an existing hub is touched. People and agencies in it are invented.
The figures are this machine's; only the ratios say something elsewhere. Run it
on a machine that does nothing else. With --quick it takes about a minute, else
up to a quarter of an hour. How it compares with Tessera: test/bench/README.md.`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			options, err := given.options(c.Flags().Changed)
			if err != nil {
				return usage(err)
			}
			return process.Run(c.Context(), "handrail-bench", func(ctx context.Context, _ *process.Process) error {
				return o.bench(ctx, c, options)
			})
		},
	}
	c.Flags().BoolVar(&given.quick, "quick", false, "one run of each, a log of 20,000 entries: about a minute")
	c.Flags().IntVar(&given.runs, "runs", 0, "runs of each contender; the median counts (default 3, with --quick 1)")
	c.Flags().IntVar(&given.entries, "entries", 0, "entries of the largest log (default 1,000,000, with --quick 20,000; -1: no log grows)")
	c.Flags().IntSliceVar(&given.submitters, "submitters", nil, "how many hand in statements at once (default 1,64,256)")
	c.Flags().StringVar(&given.profile, "profile", "", "file for a CPU profile of the whole path with the most submitters")
	c.AddCommand(&cobra.Command{
		Use: "ledger FILE", Hidden: true, Args: exactly(1, "a file"),
		RunE: func(c *cobra.Command, args []string) error {
			return process.Run(c.Context(), "handrail-bench", func(ctx context.Context, _ *process.Process) error {
				return stage.RunLedger(ctx, args[0])
			})
		},
	})
	return c
}

// benchFlags are what the flags of bench say.
type benchFlags struct {
	quick         bool
	runs, entries int
	submitters    []int
	profile       string
}

func (f benchFlags) options(given func(flag string) bool) (bench.Options, error) {
	options := bench.Whole()
	if f.quick {
		options = bench.Quick()
	}
	switch {
	case given("runs") && f.runs < 1, given("submitters") && slices.Min(append([]int{1}, f.submitters...)) < 1:
		return options, errors.New("--runs and --submitters are counts from 1")
	case given("entries") && f.entries != -1 && f.entries < 1:
		return options, errors.New("--entries is a count from 1, or -1 for no growing log")
	}
	if given("runs") {
		options.Runs = f.runs
	}
	if given("submitters") {
		options.Submitters = f.submitters
	}
	switch {
	case f.entries > 0:
		options.Sizes = append(options.Sizes[:1:1], f.entries)
	case f.entries < 0:
		options.Sizes = nil
	}
	options.Profile = f.profile
	return options, nil
}

func (o *options) bench(ctx context.Context, c *cobra.Command, options bench.Options) (err error) {
	set, err := stage.Set(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Stop()) }()
	options.Spawn = set.Spawn("bench", "ledger")
	options.Tell = func(step string) { _, _ = fmt.Fprintln(c.ErrOrStderr(), step) }
	report, err := bench.Run(ctx, set, options)
	if err != nil {
		return err
	}
	if o.output == "json" {
		text, err := json.Marshal(report, json.Deterministic(true), jsontext.Multiline(true))
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		_, err = c.OutOrStdout().Write(append(text, '\n'))
		return err
	}
	return report.Write(c.OutOrStdout())
}
