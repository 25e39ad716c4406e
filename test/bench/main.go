// Command bench is handrail bench with Tessera beside it, in the same run with the
// same events. It is a module of its own so that Handrail does not depend on
// Tessera.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/deploy/local/stage"
	"handrail/services/ledger/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// ledgerProcess is the first argument of the process that is weighed.
const ledgerProcess = "ledger"

func run(ctx context.Context, args []string) (err error) {
	if len(args) == 2 && args[0] == ledgerProcess {
		return stage.RunLedger(ctx, args[1])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "one run of each, a log of 20,000 entries")
	output := flags.String("o", "text", "text or json")
	profile := flags.String("profile", "", "file for a CPU profile of the whole path with the most submitters")
	growth := flags.Bool("growth", true, "also let a log grow, replay it and weigh the process")
	if err := flags.Parse(args); err != nil {
		return err
	}
	options := bench.Whole()
	if *quick {
		options = bench.Quick()
	}
	if !*growth {
		options.Sizes = nil
	}
	set, err := stage.Set(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Stop()) }()
	options.Profile, options.Spawn = *profile, set.Spawn(ledgerProcess)
	options.Others = []bench.Contender{posixLog(set.Dir)}
	options.Tell = func(step string) { fmt.Fprintln(os.Stderr, step) }
	report, err := bench.Run(ctx, set, options)
	if err != nil {
		return err
	}
	if *output != "json" {
		return report.Write(os.Stdout)
	}
	text, err := json.Marshal(report, json.Deterministic(true), jsontext.Multiline(true))
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}
