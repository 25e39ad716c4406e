package main

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/contracts/known"
)

func whoKnowsCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "who-knows CASE|REFERRAL", Short: "the sheet for the person: who knows what about me, since when, by which consent",
		Long: `Draws, for the person, who learnt what about them, since when, because of which
consent or other reason, which staff read it (by role), and what became of it. It is
read from the case's verified trail, as an auditor or a data-protection officer with
an auditor's key; the reading is an entry of the log. With --as it is what that agency
may know of it, which is less: staff's readings elsewhere are told to auditors alone.

With -o json: case, desk, learnt [at, who, what, sections, upon, leave, entry, for,
opened [at, role, purpose, basis], answer [owed, said, ground, until, at], referral],
nothing. Members are only added.`,
		Args: exactly(1, "the id of a case or of a referral"),
		RunE: func(c *cobra.Command, args []string) error {
			if id != "" {
				return o.knownAs(c, id, args[0])
			}
			verified, err := o.verified(c.Context(), args[0])
			if err != nil {
				return err
			}
			now := time.Now()
			sheet := known.Of(verified.Case, verified.Kinds())
			return o.show(c.OutOrStdout(), sheet, func(b *strings.Builder) {
				b.WriteString(sheet.ForPerson(now, verified.Profile.Local(now).Location()))
			})
		},
	}
	c.Flags().StringVar(&id, "as", "", "the agency whose staff you are: its id in the data directory, or its folder (default: an auditor)")
	c.Flags().StringVar(&o.auditor, "auditor", os.Getenv("HANDRAIL_AUDITOR"), "the folder with the reader's key; HANDRAIL_AUDITOR (default: the one in the data directory)")
	c.Flags().StringVar(&o.approval, "approval", "", "file with a second auditor's approval, where the profile asks for one")
	return c
}

// knownAs draws the sheet as far as an agency may know it.
func (o *options) knownAs(c *cobra.Command, id, of string) error {
	at, err := caseID(of)
	if err != nil {
		return err
	}
	d, err := o.desk(id)
	if err != nil {
		return err
	}
	sheet, err := d.Known(c.Context(), at)
	if err != nil {
		return refused(err)
	}
	return o.show(c.OutOrStdout(), sheet, func(b *strings.Builder) {
		b.WriteString(sheet.ForPerson(time.Now(), time.Local) + "As far as " + string(d.Agency) + " may know; an auditor's sheet is whole.\n")
	})
}
