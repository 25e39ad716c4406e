package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
)

// options are the flags that every command has.
type options struct {
	data     string
	hub      string
	auditor  string
	approval string
	output   string
}

// at is the data directory that the command works on.
func (o *options) at() (local.Layout, error) {
	if o.data == "" {
		dir, err := local.DefaultDir()
		return local.Layout{Root: dir}, err
	}
	dir, err := filepath.Abs(o.data)
	return local.Layout{Root: dir}, err
}

func root() *cobra.Command {
	o := &options{}
	c := &cobra.Command{
		Use:   "handrail",
		Short: "a referral hub against trafficking in human beings",
		Long: `Handrail hands a person's case from one agency to another as signed events, by
the rules of the memorandum that they signed, and proves afterwards what happened.

Start with:  handrail demo`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	c.PersistentFlags().StringVar(&o.data, "data", os.Getenv("HANDRAIL_DATA"), "data directory; HANDRAIL_DATA (default: the demo's, in the temporary directory)")
	c.PersistentFlags().StringVar(&o.hub, "hub", os.Getenv("HANDRAIL_HUB"), "URL of the hub's ledger; HANDRAIL_HUB (default: as the data directory says)")
	c.PersistentFlags().StringVarP(&o.output, "output", "o", "text", "text or json")
	c.PersistentPreRunE = func(*cobra.Command, []string) error {
		if o.output != "text" && o.output != "json" {
			return usage(errors.New("--output is text or json"))
		}
		return nil
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	group(c)
	c.AddCommand(
		demoCommand(o), serveCommand(o), tonightCommand(o), taskCommand(o), alertCommand(o), overdueCommand(o), withdrawalCommand(o),
		providersCommand(o), capacityCommand(o), recordCommand(o), auditCommand(o), retentionCommand(o), doctorCommand(o), benchCommand(o),
		witnessCommand(o), proofCommand(o), evidenceCommand(o),
		joinCommand(o), enrolCommand(o), agenciesCommand(o), recoveryCommand(o), whoKnowsCommand(o), papersCommand(), conformCommand(o),
	)
	return c
}

// group makes a command that only holds others: alone it explains itself, and
// what it does not have is an error of usage.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage(fmt.Errorf("%s has no command of that name; see %s --help", c.CommandPath(), c.CommandPath()))
		}
		return c.Help()
	}
	return c
}

// usage marks an error of the command line itself: exit code 2.
func usage(err error) error {
	return &process.ExitError{Code: process.ExitUsage, Err: err}
}

// exactly refuses another number of arguments, naming what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(fmt.Errorf("%s takes %s; see %s --help", c.CommandPath(), what, c.CommandPath()))
		}
		return nil
	}
}
