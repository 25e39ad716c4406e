package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/services/agency"
	"handrail/services/agency/client"
)

const minute = "2006-01-02 15:04"

func overdueCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "overdue", Short: "what is late or about to be, and what happens next",
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			var all agency.Overdue
			if err := d.Get(c.Context(), "/v1/overdue", &all); err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), all, func(b *strings.Builder) { overdueText(b, all) })
		},
	}
	as(c, &id)
	return c
}

func overdueText(b *strings.Builder, all agency.Overdue) {
	for _, l := range all.Clocks {
		fmt.Fprintf(b, "%-8s  due %s  %s owes %s\n", l.State, shown(l.Due), l.Owes, l.Says)
		indented(b, l.Next, "case "+string(l.Case))
	}
	for _, e := range all.Escalated {
		fmt.Fprintf(b, "turned to you  %s  %s\n", shown(e.Since), e.Says)
		indented(b, "case "+string(e.Case))
	}
	if len(all.Clocks)+len(all.Escalated) == 0 {
		b.WriteString("Nothing is late, and nothing is about to be.\n")
	}
}

func shown(t time.Time) string { return t.UTC().Format(minute) + " UTC" }

func withdrawalCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "withdrawal CASE", Short: "who held what the person took back, and who has answered",
		Args: exactly(1, "the id of a case"),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			all, err := client.List[agency.Withdrawal](c.Context(), d.Client, "/v1/withdrawals/"+url.PathEscape(args[0]), "withdrawals")
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), all, func(b *strings.Builder) { withdrawalsText(b, all) })
		},
	}
	as(c, &id)
	return c
}

func withdrawalsText(b *strings.Builder, all []agency.Withdrawal) {
	if len(all) == 0 {
		b.WriteString("Nothing was taken back in this case.\n")
	}
	for _, w := range all {
		entry := "waiting for the hub"
		if w.Number != 0 {
			entry = fmt.Sprintf("entry %d", w.Number)
		}
		fmt.Fprintf(b, "%s, %s, %s: %s\n", w.Type, entry, shown(w.Happened), w.Says)
		for _, h := range w.Holders {
			indented(b, holderText(h))
		}
	}
}

func holderText(h agency.Holder) string {
	text := fmt.Sprintf("%-24s %s", h.Agency, h.Answer)
	if h.Ground != "" {
		text += fmt.Sprintf(": %s, until %s", h.Ground, h.Until.Format(time.DateOnly))
	}
	if h.Answer == agency.NoneYet {
		text += ", due " + shown(h.Due)
	}
	if h.Late {
		text += ", late"
	}
	return text
}
