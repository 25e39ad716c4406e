package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/events"
	"handrail/services/agency"
)

func witnessCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{
		Use: "witness", Short: "see or reset the agency's witness, which cosigns the hub's log",
		Long: `Every agency's service is a witness of the hub's log: it cosigns each newer
checkpoint if that goes on from the one that it cosigned last. So nobody can show
one log to one agency and another to the next, or take back what was in it.`,
	})
	c.AddCommand(witnessStatusCommand(o), witnessResetCommand(o))
	return c
}

func witnessStatusCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "status", Short: "what was cosigned last, who else cosigns, and what was found",
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			view, err := d.Witness(c.Context())
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), view, func(b *strings.Builder) { witnessText(b, d.Agency, view) })
		},
	}
	as(c, &id)
	return c
}

func witnessText(b *strings.Builder, of events.AgencyID, v agency.WitnessView) {
	fmt.Fprintf(b, "%s: %s\n", of, v.Says)
	if v.Size > 0 {
		fmt.Fprintf(b, "\n  entries  %d\n  root     %s\n", v.Size, v.Root)
	}
	for _, f := range v.Findings {
		fmt.Fprintf(b, "\n! %s, %s, %s\n", f.Name, f.Which, shown(f.At))
		indented(b, f.Text)
		if f.Over != nil {
			indented(b, "Settled by a reset on "+shown(*f.Over)+"; the proof is kept.")
		}
	}
	if len(v.Resets) > 0 {
		b.WriteString("\nWitnesses that began anew, as the log says:\n")
	}
	for _, r := range v.Resets {
		indented(b, fmt.Sprintf("entry %d, %s: %s, because %s, from %d entries", r.Entry, shown(r.At), r.Agency, r.Because, r.Size))
	}
}

func witnessResetCommand(o *options) *cobra.Command {
	var id string
	var given agency.Reset
	c := &cobra.Command{
		Use: "reset", Short: "make the witness begin anew, as a ceremony that everybody sees",
		Long: `A witness that forgets what it cosigned can be shown another log. So a reset is
never silent:

  1. Telephone another agency, or the auditor, whose witness is well: they read
     size and root to you from ` + "`handrail witness status`" + ` there. Do not take them
     from the hub's operator.
  2. Run this command with that size and root. They are compared with what the
     hub shows here; if they differ, nothing is reset.
  3. The agency says in the log that its witness began anew, why, and from where.
     Every agency but foreign missions sees it, and so does the auditor.
  4. Once the log holds that statement, the witness cosigns again.

Grounds: state-lost (journal and witness.backup are both gone or old) and
log-forked (the log was forked or rolled back, and the parties agreed on how to
go on). Who does it stays in this agency.`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			said, err := d.ResetWitness(c.Context(), given)
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), said, func(b *strings.Builder) {
				fmt.Fprintf(b, "The witness of %s begins anew from the log of %d entries. Event %s says so in the log.\n", d.Agency, given.Size, said.Events[0])
				b.WriteString("Every agency but foreign missions, and the auditor, will see it. Nothing is cosigned until the log holds it; `handrail witness status` tells.\n")
			})
		},
	}
	as(c, &id)
	flags := c.Flags()
	flags.StringVar(&given.Staff, "staff", "", "role and code of who does it, such as lead-3; never a name")
	flags.StringVar((*string)(&given.Because), "because", "", "state-lost or log-forked")
	flags.Uint64Var(&given.Size, "size", 0, "entries of the checkpoint that you compared by telephone")
	flags.StringVar(&given.Root, "root", "", "its root, 64 hexadecimal digits")
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		for _, name := range []string{"as", "staff", "because", "size", "root"} {
			if !c.Flags().Changed(name) {
				return usage(fmt.Errorf("a reset needs --%s; see %s --help", name, c.CommandPath()))
			}
		}
		return nil
	}
	return c
}

// witnessedAt says when and by whom a checkpoint was cosigned, for people.
func witnessedAt(size uint64, by agency.Cosigned) string {
	word := "unwitnessed"
	if by.Enough {
		word = "witnessed"
	}
	names := make([]string, len(by.Agencies))
	for i, id := range by.Agencies {
		names[i] = string(id)
	}
	if len(names) == 0 {
		return fmt.Sprintf("the log at %d entries, %s: no other agency cosigned it", size, word)
	}
	return fmt.Sprintf("the log at %d entries, %s; cosigned by %s, as of %s", size, word, strings.Join(names, ", "), by.Looked.Format(time.RFC3339))
}
