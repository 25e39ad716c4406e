package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/events"
	"handrail/services/agency"
)

// recordCommand is how staff without a system of their own read what was sealed to
// their agency. Reading says who reads, what for and on which basis.
func recordCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "record", Short: "what was sealed to an agency, and who of its staff read it"})
	c.AddCommand(recordList(o), recordOpen(o), recordLog(o))
	return c
}

func recordList(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "list CASE", Short: "list the sealed sections of a case, without opening any",
		Args: exactly(1, "the id of a case"),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			all, err := d.Sections(c.Context(), events.CaseID(args[0]))
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), all, func(b *strings.Builder) { sectionsText(b, all) })
		},
	}
	as(c, &id)
	return c
}

func sectionsText(b *strings.Builder, all []agency.SectionView) {
	if len(all) == 0 {
		b.WriteString("Nothing that was sealed reached this agency.\n")
	}
	for _, s := range all {
		fmt.Fprintf(b, "%s  %s from %s, for %s\n", s.Record, s.Section, s.From, s.Purpose)
		if !s.Open {
			indented(b, "cannot be opened: "+s.Reason)
		}
	}
}

func recordOpen(o *options) *cobra.Command {
	var id, role, purpose, basis, reader string
	c := &cobra.Command{
		Use: "open CASE RECORD", Short: "read one section; that you do is recorded first, here and in the log",
		Args: exactly(2, "the ids of a case and of a record; `handrail record list CASE` shows the records"),
		RunE: func(c *cobra.Command, args []string) error {
			if role == "" || purpose == "" || basis == "" {
				return usage(errors.New("say as whom you read, what for and on which basis: --role, --purpose and --basis"))
			}
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			text, err := d.Open(c.Context(), agency.Opening{
				Case: events.CaseID(args[0]), Record: events.EventID(args[1]),
				Role: events.ReaderRole(role), Purpose: events.Purpose(purpose), Basis: events.LegalBasis(basis), Reader: reader,
			})
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), text, func(b *strings.Builder) {
				fmt.Fprintf(b, "Read as %s of %s, for %s, on the basis of %s. It is recorded.\n", role, d.Agency, purpose, basis)
				_ = text.Indent(jsontext.WithIndent("  ")) // as it came otherwise
				b.Write(append(text, '\n'))
			})
		},
	}
	as(c, &id)
	c.Flags().StringVar(&role, "role", "", "as whom you read: "+strings.Join(events.ReaderRole("").Codes(), ", "))
	c.Flags().StringVar(&purpose, "purpose", "", "what for; it must be what the section was shared for")
	c.Flags().StringVar(&basis, "basis", "", "on which legal basis: "+strings.Join(events.LegalBasis("").Codes(), ", "))
	c.Flags().StringVar(&reader, "reader", "", "your code at the agency, never your name; it stays there")
	return c
}

func recordLog(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "log", Short: "list who read what, in which role, for which purpose and on which basis",
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			all, err := d.Reads(c.Context())
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), all, func(b *strings.Builder) { readsText(b, all) })
		},
	}
	as(c, &id)
	return c
}

func readsText(b *strings.Builder, all []agency.Read) {
	if len(all) == 0 {
		b.WriteString("Nobody of this agency has read anything that was sealed to it.\n")
	}
	for _, r := range all {
		who := string(r.Role)
		if r.Reader != "" {
			who += " " + r.Reader
		}
		fmt.Fprintf(b, "%s  %s  read %s for %s, on the basis of %s\n", shown(r.At), who, r.Section, r.Purpose, r.Basis)
		indented(b, "case "+string(r.Case)+", record "+string(r.Record))
	}
}
