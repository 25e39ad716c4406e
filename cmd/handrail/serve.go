package main

import (
	"context"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/cmd/internal/serve"
	"handrail/deploy/local"
	"handrail/deploy/local/start"
)

func serveCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "serve", Short: "run one service until it is told to stop"})
	c.AddCommand(
		&cobra.Command{Use: "broker", Short: "the embedded NATS server of a data directory", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
			return o.service(c.Context(), "handrail-broker", serve.Broker)
		}},
		ledgerCommand(o),
		trailCommand(),
		startCommand(o),
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
	var flags serve.PagesFlags
	c := &cobra.Command{Use: name + " FOLDER", Short: short, Args: exactly(1, "the agency's folder"), RunE: func(c *cobra.Command, args []string) error {
		return process.Run(c.Context(), "handrail-"+name, func(ctx context.Context, p *process.Process) error {
			return serve.Agency(ctx, p, args[0], serve.Desks(name), flags)
		})
	}}
	pagesFlags(c, &flags)
	return c
}

func trailCommand() *cobra.Command {
	var flags serve.PagesFlags
	c := &cobra.Command{Use: local.ServiceTrail + " FOLDER", Short: "pages on which auditors read and check the log, from an auditor's folder", Args: exactly(1, "the auditor's folder"), RunE: func(c *cobra.Command, args []string) error {
		return process.Run(c.Context(), "handrail-trail", func(ctx context.Context, p *process.Process) error {
			return serve.Trail(ctx, p, args[0], flags)
		})
	}}
	pagesFlags(c, &flags)
	return c
}

// pagesFlags adds the flags that say where people are served pages.
func pagesFlags(c *cobra.Command, f *serve.PagesFlags) {
	for _, one := range []struct {
		to          *string
		name, usage string
	}{
		{&f.Listen, "pages", "serve pages for people at HOST:PORT; a loopback address, or any with a certificate"},
		{&f.Origin, "origin", "what browsers call the pages: https://pages.example"},
		{&f.Issuer, "issuer", "URL of the OpenID Connect provider that says who people are"},
		{&f.Client, "client", "by which id the provider knows these pages; it sends people back to ORIGIN/sign-in/callback"},
		{&f.SecretFile, "client-secret-file", "file with the client's secret, mode 600 (none: a public client, which PKCE protects)"},
		{&f.RolesFile, "roles-file", "the agency's own list of roles, for people to whom the provider gives none"},
		{&f.CodeClaim, "code-claim", "what the provider calls the staff code; a dot leads into an object"},
		{&f.RolesClaim, "roles-claim", "the same for the roles: realm_access.roles"},
		{&f.AgencyClaim, "agency-claim", "the same for the agency's id"},
		{&f.CertFile, "pages-cert", "TLS certificate of the pages, with the chain behind it"},
		{&f.KeyFile, "pages-key", "its key, mode 600"},
	} {
		c.Flags().StringVar(one.to, one.name, "", one.usage+"; else as agency.json says")
	}
	c.Flags().StringSliceVar(&f.Scopes, "scopes", nil, "what is asked of the provider besides openid: profile,roles; else as agency.json says")
}

// startCommand runs the demonstration's start page; people do not call it by hand.
func startCommand(o *options) *cobra.Command {
	return &cobra.Command{Use: local.ServiceStart, Hidden: true, Short: "the start page of a demonstration, and its identity provider for invented people", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
		return o.service(c.Context(), "handrail-start", func(ctx context.Context, p *process.Process, at local.Layout) error {
			return start.Serve(ctx, at, p.Log)
		})
	}}
}
