package main

import (
	"context"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/cmd/internal/serve"
	"handrail/deploy/local"
)

func serveCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "serve", Short: "run one service until it is told to stop"})
	c.AddCommand(
		&cobra.Command{Use: "broker", Short: "the embedded NATS server of a data directory", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
			return o.service(c.Context(), "handrail-broker", serve.Broker)
		}},
		ledgerCommand(o),
		agencyCommand(local.DeskPolice, "police, border guards or prosecutors, from their folder"),
		agencyCommand(local.DeskSocial, "social services or another public authority, from its folder"),
		agencyCommand(local.DeskNGO, "a shelter, hotline or another helper, from its folder"),
		agencyCommand(local.DeskEmbassy, "an own or a foreign mission, from its folder"),
		agencyCommand(local.DeskCoordinator, "a coordinator, from its folder"),
	)
	return c
}

func ledgerCommand(o *options) *cobra.Command {
	var listen string
	c := &cobra.Command{Use: "ledger", Short: "the hub's ledger of a data directory; a second one stands by and takes over", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
		return o.service(c.Context(), "handrail-ledger", func(ctx context.Context, p *process.Process, at local.Layout) error {
			return serve.LedgerOn(ctx, p, at, listen)
		})
	}}
	c.Flags().StringVar(&listen, "listen", "", "address of its HTTP side, host:port (default: as the data directory says; give a second ledger its own)")
	return c
}

func (o *options) service(ctx context.Context, name string, run func(context.Context, *process.Process, local.Layout) error) error {
	at, err := o.at()
	if err != nil {
		return err
	}
	return process.Run(ctx, name, func(ctx context.Context, p *process.Process) error { return run(ctx, p, at) })
}

func agencyCommand(name, short string) *cobra.Command {
	return &cobra.Command{Use: name + " FOLDER", Short: short, Args: exactly(1, "the agency's folder"), RunE: func(c *cobra.Command, args []string) error {
		return process.Run(c.Context(), "handrail-"+name, func(ctx context.Context, p *process.Process) error {
			return serve.Agency(ctx, p, args[0], serve.Desks(name))
		})
	}}
}
