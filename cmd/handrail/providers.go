package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/services/agency"
	"handrail/services/agency/client"
)

func providersCommand(o *options) *cobra.Command {
	var id string
	var children int
	wish := map[string]*string{}
	c := &cobra.Command{
		Use: "providers", Short: "who can take a person now, best first",
		Long: `Ranks who can take a person now, by what providers have published: a suggestion.
People choose, and each provider answers for itself.

  handrail providers --need emergency-shelter --children 2 --language lt`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			query := url.Values{}
			for name, value := range wish {
				if *value != "" {
					query.Set(name, *value)
				}
			}
			if query.Has("language") {
				query.Set("language", languageCode(query.Get("language")))
			}
			if children > 0 {
				query.Set("children", strconv.Itoa(children))
			}
			all, err := client.List[agency.ProviderView](c.Context(), d.Client, "/v1/providers?"+query.Encode(), "providers")
			if err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), all, func(b *strings.Builder) { providersText(b, all, time.Now()) })
		},
	}
	as(c, &id)
	for _, f := range [][2]string{
		{"need", "what the person needs, several with commas: emergency-shelter, medical ..."},
		{"age", "adult, child or unsure"},
		{"sex", "woman, man, trans-nonconforming; only if it matters to the place"},
		{"language", "lt or lit"},
		{"access", "what a place must offer, several with commas: step-free ..."},
		{"region", "ISO 3166-2, or a country"},
		{"urgency", "tonight or standard"},
	} {
		wish[f[0]] = c.Flags().String(f[0], "", f[1])
	}
	c.Flags().IntVar(&children, "children", 0, "how many children come along")
	return c
}

func providersText(b *strings.Builder, all []agency.ProviderView, now time.Time) {
	if len(all) == 0 {
		b.WriteString("The directory lists nobody who publishes whom they can take.\n")
		return
	}
	var silent []string
	for i, p := range all {
		if p.Published.IsZero() {
			silent = append(silent, string(p.Agency))
			continue
		}
		mark := "no "
		if p.Fits {
			mark = "yes"
		}
		fmt.Fprintf(b, "%2d. %s  %s (%s)\n", i+1, mark, p.Agency, p.Kind)
		indented(b, p.Says, "published "+ago(now.Sub(p.Published)))
	}
	if len(silent) > 0 {
		fmt.Fprintf(b, "Call and ask; they have not said whom they can take: %s.\n", strings.Join(silent, ", "))
	}
}

// ago says how long something is past, in words.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(uint64(d/time.Minute), "minute", "minutes") + " ago"
	case d < 48*time.Hour:
		return count(uint64(d/time.Hour), "hour", "hours") + " ago"
	}
	return count(uint64(d/(24*time.Hour)), "day", "days") + " ago"
}
