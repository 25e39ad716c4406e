package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"handrail/deploy/local"
	"handrail/services/ledger"
)

func retentionCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "retention", Short: "destroy what may not be kept any longer"})
	var file string
	run := &cobra.Command{
		Use: "run", Short: "destroy openings and data of retired cases, and rewrite the tables",
		Long: `Destroys what the ledger stores of every case whose retention ended: openings,
facts, sealed records and what is derived of them. Then it rewrites the tables,
so that neither these rows nor those of erased records stay in their files. The
log itself is not touched: its leaves, proofs and checkpoints hold as before, and
a trail says by which entry its openings were given up.

It works on the Postgres of the data directory, as the role handrail_retention;
on a machine without one --settings takes its hub/retention.json, and nothing else
of it is needed. While a table is rewritten the ledger waits: run it in a window,
and again when it says that something remains.

What it cannot reach: the write-ahead log of Postgres holds the old bytes until
its segments are recycled or archived ones are deleted; so do backups, standbys
that lag, blocks that the file system has freed, and blocks of the broker's
outgoing stream until they are empty. Sealed records are ciphertext to an
agency's key there; facts are pseudonymous codes. What agencies were delivered
they keep in their own journals, by their own rules.`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := o.retentionSettings(file)
			if err != nil {
				return err
			}
			done, err := ledger.Retain(c.Context(), settings.Database)
			if err != nil {
				return err
			}
			if err := o.show(c.OutOrStdout(), done, func(b *strings.Builder) { retainedText(b, done) }); err != nil {
				return err
			}
			if len(done.Remaining) > 0 {
				return errors.New("not everything is gone yet; see above, and run it again")
			}
			return nil
		},
	}
	run.Flags().StringVar(&file, "settings", "", "file that says which database, and as whom (default: hub/retention.json of the data directory)")
	c.AddCommand(run)
	return c
}

// retentionSettings are those of a file; without one, of the data directory.
func (o *options) retentionSettings(file string) (local.RetentionSettings, error) {
	if file != "" {
		settings, err := local.ReadRetentionSettings(file)
		if err != nil {
			return settings, usage(fmt.Errorf("reading the settings of retention: %w", err))
		}
		return settings, nil
	}
	at, err := o.at()
	if err != nil {
		return local.RetentionSettings{}, err
	}
	settings, err := at.RetentionSettings()
	if errors.Is(err, os.ErrNotExist) {
		return settings, fmt.Errorf("there is no hub in %s; name its data directory with --data", at.Root)
	}
	return settings, err
}

// retainedText says in words what a run did.
func retainedText(b *strings.Builder, done ledger.Retained) {
	fmt.Fprintf(b, "Destroyed what was stored of %d retired cases: %d openings, with their data.\n", done.Cases, done.Openings)
	fmt.Fprintf(b, "Rewritten, so that no deleted row stays in its file: %s.\n", strings.Join(done.Rewritten, ", "))
	for _, what := range done.Remaining {
		fmt.Fprintf(b, "Remains: %s.\n", what)
	}
	b.WriteString("Old bytes stay in the write-ahead log until its segments are recycled, and in backups: see `handrail retention run --help`.\n")
}
