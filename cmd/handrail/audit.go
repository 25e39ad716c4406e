package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
	"handrail/deploy/local/story"
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
			verified, err := o.verified(c.Context(), args[0])
			if err != nil {
				return err
			}
			return audit.Show(c.OutOrStdout(), verified, time.Now(), o.output == "json")
		}},
		&cobra.Command{Use: "knew CASE", Short: "who learnt what about the person, when, and by whose leave", Args: exactly(1, "the id of a case"), RunE: func(c *cobra.Command, args []string) error {
			verified, err := o.verified(c.Context(), args[0])
			if err != nil {
				return err
			}
			at, err := o.at()
			if err != nil {
				return err
			}
			directions, err := at.Directions()
			if err != nil {
				return err
			}
			return o.show(c.OutOrStdout(), story.Knew(verified, directions), func(b *strings.Builder) {
				b.WriteString(story.KnownTable(verified, directions) + "\n")
			})
		}},
	)
	return c
}

// verified asks for a case's trail and verifies it.
func (o *options) verified(ctx context.Context, text string) (audit.Verified, error) {
	var id events.CaseID
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return audit.Verified{}, usage(errors.New("a case id is a lower-case UUIDv7; `handrail audit cases` lists them"))
	}
	auditor, err := o.openAuditor()
	if err != nil {
		return audit.Verified{}, err
	}
	trail, err := auditor.Trail(ctx, id)
	if err != nil {
		return audit.Verified{}, err
	}
	verified, err := auditor.Verify(trail)
	if errors.Is(err, audit.ErrUnverified) {
		err = &process.ExitError{Code: process.ExitUnverified, Err: err}
	}
	return verified, err
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
