package main

import (
	"context"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/cmd/internal/serve"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
)

func serveCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "serve", Short: "run one service until it is told to stop"})
	c.AddCommand(
		&cobra.Command{Use: "broker", Short: "the embedded NATS server of a data directory", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
			return o.service(c.Context(), "handrail-broker", serve.Broker)
		}},
		&cobra.Command{Use: "ledger", Short: "the hub's ledger of a data directory", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
			return o.service(c.Context(), "handrail-ledger", serve.Ledger)
		}},
		agencyCommand("police", "a police district, from its folder", serve.Police()),
		agencyCommand("ngo", "a shelter, from its folder", serve.NGO()),
	)
	return c
}

func (o *options) service(ctx context.Context, name string, run func(context.Context, *process.Process, local.Layout) error) error {
	at, err := o.at()
	if err != nil {
		return err
	}
	return process.Run(ctx, name, func(ctx context.Context, p *process.Process) error { return run(ctx, p, at) })
}

func agencyCommand(name, short string, desks map[events.AgencyKind]agency.Desk) *cobra.Command {
	return &cobra.Command{Use: name + " FOLDER", Short: short, Args: exactly(1, "the agency's folder"), RunE: func(c *cobra.Command, args []string) error {
		return process.Run(c.Context(), "handrail-"+name, func(ctx context.Context, p *process.Process) error {
			return serve.Agency(ctx, p, args[0], desks)
		})
	}}
}
