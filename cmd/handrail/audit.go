package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger/audit"
)

func auditCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "audit", Short: "replay and verify trails, as an auditor"})
	c.PersistentFlags().StringVar(&o.auditor, "auditor", os.Getenv("HANDRAIL_AUDITOR"), "the auditor's folder with its key; HANDRAIL_AUDITOR (default: the one in the data directory)")
	c.AddCommand(
		&cobra.Command{Use: "cases", Short: "list the cases", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
			auditor, err := o.openAuditor()
			if err != nil {
				return err
			}
			cases, err := auditor.Cases(c.Context())
			if err != nil {
				return err
			}
			return audit.ShowCases(c.OutOrStdout(), cases, o.output == "json")
		}},
		&cobra.Command{Use: "replay CASE", Short: "verify a case's trail, fold it again, and show it", Args: exactly(1, "the id of a case"), RunE: func(c *cobra.Command, args []string) error {
			var id events.CaseID
			if err := id.UnmarshalText([]byte(args[0])); err != nil {
				return usage(errors.New("a case id is a lower-case UUIDv7; `handrail audit cases` lists them"))
			}
			auditor, err := o.openAuditor()
			if err != nil {
				return err
			}
			trail, err := auditor.Trail(c.Context(), id)
			if err != nil {
				return err
			}
			verified, err := auditor.Verify(trail)
			if errors.Is(err, audit.ErrUnverified) {
				return &process.ExitError{Code: process.ExitUnverified, Err: err}
			}
			if err != nil {
				return err
			}
			return audit.Show(c.OutOrStdout(), verified, time.Now(), o.output == "json")
		}},
	)
	return c
}

// openAuditor opens the folder that --auditor names, else the one of the data directory.
func (o *options) openAuditor() (*audit.Auditor, error) {
	if o.auditor != "" {
		return local.Auditor(o.auditor, o.hub)
	}
	at, err := o.at()
	if err != nil {
		return nil, err
	}
	directions, err := at.Directions()
	if err != nil {
		return nil, err
	}
	if directions.Auditor == "" {
		return nil, fmt.Errorf("the directory of this hub lists no auditor")
	}
	return local.Auditor(at.Agency(directions.Auditor), o.hub)
}
