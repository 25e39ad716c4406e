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
	c := group(&cobra.Command{
		Use: "audit", Short: "replay, export and verify, as an auditor",
		Long: `An auditor trusts nothing that the hub says: what these commands show, they have
verified. What does not verify ends with exit code 3 and a sentence that names the
first entry that fails. Each access is recorded in the log before anything is given.`,
	})
	c.PersistentFlags().StringVar(&o.auditor, "auditor", os.Getenv("HANDRAIL_AUDITOR"), "the auditor's folder with its key; HANDRAIL_AUDITOR (default: the one in the data directory)")
	c.PersistentFlags().StringVar(&o.approval, "approval", "", "file with a second auditor's approval, where the profile asks for one")
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
		replayCommand(o), knewCommand(o), exportCommand(o), verifyCommand(o), logCommand(o), completenessCommand(o), approveCommand(o),
	)
	return c
}

func replayCommand(o *options) *cobra.Command {
	var at string
	c := &cobra.Command{
		Use: "replay CASE|REFERRAL", Short: "verify a case's trail, judge it again, and show it",
		Long: `Shows a case: each entry with who said it, when it happened, was recorded and was
admitted, by which clause; how its referrals stand; which duties run until when; what
was erased, and who still has to answer; which auditors read it.

--at shows it as it was: behind an entry of that number, or at a time in UTC.

With -o json: case, as_of, status, owner, profile, verified (always true), witnessed,
witnesses [agency, kind, at], log_size, entries [number, happened, recorded, admitted,
late, who, what, says, facts, clause, verdict, rule, pointer, reason, erased], referrals,
records, clocks, erased [record, entry, section, to, on, by, because], answers [agency,
referral, answer, ground, until, on, entry], readings [number, at, auditor, what,
approved], retention_ended [number, at, entries, destroyed, early]. Members are only added.`,
		Args: exactly(1, "the id of a case or of a referral"),
		RunE: func(c *cobra.Command, args []string) error {
			verified, err := o.verified(c.Context(), args[0])
			if err != nil {
				return err
			}
			now := time.Now()
			if at != "" {
				moment, err := audit.ParseMoment(at, now)
				if err != nil {
					return usage(err)
				}
				if verified, now, err = verified.At(moment); err != nil {
					return usage(err)
				}
			}
			return audit.Show(c.OutOrStdout(), verified, now, o.output == "json")
		},
	}
	c.Flags().StringVar(&at, "at", "", "as it was: number of an entry, or a time such as \"2026-11-22 08:30\" (UTC)")
	return c
}

func knewCommand(o *options) *cobra.Command {
	return &cobra.Command{Use: "knew CASE|REFERRAL", Short: "who learnt what about the person, when, and by whose leave", Args: exactly(1, "the id of a case or of a referral"), RunE: func(c *cobra.Command, args []string) error {
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
		sheet := story.Known(verified, directions)
		return o.show(c.OutOrStdout(), sheet, func(b *strings.Builder) { b.WriteString(sheet.Table() + "\n") })
	}}
}

// caseID reads the id of a case, or of a referral, which looks alike.
func caseID(text string) (events.CaseID, error) {
	var id events.CaseID
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return "", usage(errors.New("the id of a case or a referral is a lower-case UUIDv7; `handrail audit cases` lists the cases"))
	}
	return id, nil
}

// verified asks for a case's trail and verifies it.
func (o *options) verified(ctx context.Context, text string) (audit.Verified, error) {
	id, err := caseID(text)
	if err != nil {
		return audit.Verified{}, err
	}
	auditor, err := o.openAuditor()
	if err != nil {
		return audit.Verified{}, err
	}
	if id, err = auditor.Find(ctx, id); err != nil {
		return audit.Verified{}, err
	}
	trail, err := auditor.Trail(ctx, id)
	if err != nil {
		return audit.Verified{}, err
	}
	verified, err := auditor.Verify(trail)
	return verified, found(err)
}

// found marks what does not verify: exit code 3.
func found(err error) error {
	if errors.Is(err, audit.ErrUnverified) {
		return &process.ExitError{Code: process.ExitUnverified, Err: err}
	}
	return err
}

// openAuditor opens the folder that --auditor names, else the one of the data directory.
func (o *options) openAuditor() (*audit.Auditor, error) {
	folder, err := o.auditorFolder()
	if err != nil {
		return nil, err
	}
	auditor, err := local.Auditor(folder, o.hub)
	if err != nil || o.approval == "" {
		return auditor, err
	}
	approval, err := os.ReadFile(o.approval)
	if err != nil {
		return nil, usage(fmt.Errorf("the approval cannot be read: %w", err))
	}
	auditor.UseApproval(strings.TrimSpace(string(approval)))
	return auditor, nil
}

func (o *options) auditorFolder() (string, error) {
	if o.auditor != "" {
		return o.auditor, nil
	}
	at, err := o.at()
	if err != nil {
		return "", err
	}
	directions, err := at.Directions()
	if err != nil {
		return "", err
	}
	if directions.Auditor == "" {
		return "", errors.New("the directory of this hub lists no auditor")
	}
	return at.Agency(directions.Auditor), nil
}
