package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"handrail/services/agency/alert"
	"handrail/services/agency/client"
)

func alertCommand(o *options) *cobra.Command {
	var id, staff string
	c := group(&cobra.Command{Use: "alert", Short: "what rings at the duty, and to say that somebody has it"})
	list := &cobra.Command{Use: "list", Short: "list the alerts, ringing ones first", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
		d, err := o.desk(id)
		if err != nil {
			return err
		}
		all, err := client.List[alert.Alert](c.Context(), d.Client, "/v1/alerts", "alerts")
		if err != nil {
			return refused(err)
		}
		return o.show(c.OutOrStdout(), all, func(b *strings.Builder) { alertsText(b, all) })
	}}
	ack := &cobra.Command{Use: "ack ALERT --staff duty-3", Short: "say that somebody has it: nobody else is woken", Args: exactly(1, "the alert's code"), RunE: func(c *cobra.Command, args []string) error {
		if staff == "" {
			return usage(errors.New("say who has it, by staff code, never by name: --staff duty-3"))
		}
		d, err := o.desk(id)
		if err != nil {
			return err
		}
		var now alert.Alert
		if err := d.Post(c.Context(), "/v1/alerts/"+url.PathEscape(args[0])+"/acknowledge", map[string]string{"staff": staff}, &now); err != nil {
			return refused(err)
		}
		return o.show(c.OutOrStdout(), now, func(b *strings.Builder) { alertsText(b, []alert.Alert{now}) })
	}}
	as(list, &id)
	as(ack, &id)
	ack.Flags().StringVar(&staff, "staff", "", "who has it, by staff code: duty-3")
	c.AddCommand(list, ack)
	return c
}

func alertsText(b *strings.Builder, all []alert.Alert) {
	if len(all) == 0 {
		b.WriteString("Nothing rings.\n")
	}
	for _, a := range all {
		fmt.Fprintf(b, "%s  %-12s %-8s %s, raised %s\n", a.ID, a.State, a.Urgency, a.About, shown(a.Raised))
		switch {
		case a.AcknowledgedBy != "":
			indented(b, string(a.AcknowledgedBy)+" has it")
		case !a.Next.IsZero():
			indented(b, "the next person is alerted at "+shown(a.Next))
		}
		for _, t := range a.Told {
			indented(b, toldText(t))
		}
		if a.Case != "" {
			indented(b, "case "+string(a.Case))
		}
	}
}

func toldText(t alert.Told) string {
	switch {
	case t.Failed:
		return fmt.Sprintf("%s by %s: failed after %s", t.Staff, t.Channel, count(uint64(max(t.Tries, 0)), "try", "tries"))
	case t.Sent.IsZero():
		return fmt.Sprintf("%s by %s: on its way", t.Staff, t.Channel)
	}
	return fmt.Sprintf("%s by %s at %s", t.Staff, t.Channel, shown(t.Sent))
}
