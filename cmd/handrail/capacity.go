package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/ngo/hsds"
)

// capacityFlags are the members of a capacity, with what each says.
func capacityFlags() [][2]string {
	return [][2]string{
		{"needs", "needs served, several with commas: emergency-shelter, safe-accommodation ..."},
		{"sexes", "woman, man, trans-nonconforming; several with commas"},
		{"ages", "adult, child, unsure; several with commas"},
		{"children", "how many children may come along, 0 to 20"},
		{"access", "step-free ...; several with commas"},
		{"languages", "lt or lit; several with commas"},
		{"hours", `when somebody is there: "daily 00:00-24:00"; several with commas`},
		{"places", "none, few or some; never a number"},
		{"region", "ISO 3166-2, or a country; never an address"},
	}
}

func capacityCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{Use: "capacity", Short: "tell the other agencies whom yours can take"})
	c.AddCommand(publishCommand(o), importCommand(o))
	return c
}

func publishCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "publish", Short: "publish whom your agency can take now; the newest word counts",
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			body, err := answersOf(c)
			if err != nil {
				return err
			}
			if len(body) == len("{}") {
				return usage(errors.New("say whom you can take: needs, sexes, ages, hours and places are needed; see handrail capacity publish --help"))
			}
			return o.publish(c, id, body)
		},
	}
	capacityOptions(c, &id)
	return c
}

func importCommand(o *options) *cobra.Command {
	var id, service string
	c := &cobra.Command{
		Use: "import FILE", Short: "publish it from your directory record in Open Referral's HSDS 3 (JSON)",
		Long: `Reads a service of Open Referral's HSDS 3 as JSON and publishes what it says about
whom your agency can take: codes only. Names, numbers, addresses and free text are
never kept. What the record does not say is asked: answer it with a flag.`,
		Args: exactly(1, "a file with JSON of HSDS 3, or - for standard input"),
		RunE: func(c *cobra.Command, args []string) error {
			record, err := readFile(args[0])
			if err != nil {
				return usage(err)
			}
			given, err := answersOf(c)
			if err != nil {
				return err
			}
			at, err := o.localTime(c.Context(), id)
			if err != nil {
				return err
			}
			capacity, err := imported(c.ErrOrStderr(), record, service, given, at)
			if err != nil {
				return err
			}
			body, err := events.Encode(capacity)
			if err != nil {
				return err
			}
			return o.publish(c, id, body)
		},
	}
	capacityOptions(c, &id)
	c.Flags().StringVar(&service, "service", "", "id of the service, if the file has several")
	return c
}

func capacityOptions(c *cobra.Command, id *string) {
	as(c, id)
	for _, f := range capacityFlags() {
		c.Flags().String(f[0], "", f[1])
	}
}

// answersOf builds the members that the flags give.
func answersOf(c *cobra.Command) ([]byte, error) {
	var words []string
	for _, f := range capacityFlags() {
		value, err := c.Flags().GetString(f[0])
		if err != nil {
			return nil, err
		}
		if f[0] == "languages" && value != "" {
			var codes []string
			for one := range strings.SplitSeq(value, ",") {
				codes = append(codes, languageCode(one))
			}
			value = strings.Join(codes, ",")
		}
		if value != "" {
			words = append(words, f[0]+"="+value)
		}
	}
	body, err := client.Object(words, func(member string) string {
		switch member {
		case "children":
			return "number"
		case "places", "region":
			return "one"
		}
		return "many"
	})
	if err != nil {
		return nil, usage(err)
	}
	return body, nil
}

func readFile(name string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // only read
		in = file
	}
	record, err := io.ReadAll(io.LimitReader(in, hsds.MaxBytes+1))
	if err == nil && len(record) > hsds.MaxBytes {
		err = errors.New("the file is larger than 1 MiB")
	}
	return record, err
}

// imported makes the capacity of one service of a record, and tells on out what
// was dropped and what is still asked.
func imported(out io.Writer, record []byte, service string, given []byte, at time.Time) (*events.CapacityPublished, error) {
	proposals, err := hsds.Read(record, at)
	if err != nil {
		return nil, usage(err)
	}
	var one *hsds.Proposal
	var ids []string
	for i, p := range proposals {
		ids = append(ids, p.ID)
		if p.ID == service || service == "" && len(proposals) == 1 {
			one = &proposals[i]
		}
	}
	if one == nil {
		return nil, usage(fmt.Errorf("say which service is meant with --service; the file has %s", strings.Join(ids, ", ")))
	}
	var answers hsds.Answers
	if err := json.Unmarshal(given, &answers, json.RejectUnknownMembers(true)); err != nil {
		return nil, usage(fmt.Errorf("reading the answers: %w", err))
	}
	for _, d := range one.Dropped {
		_, _ = fmt.Fprintf(out, "not kept: %s (%s)\n", d.Field, d.Why)
	}
	for _, q := range one.Questions {
		_, _ = fmt.Fprintf(out, "not in the record: --%s (%s)\n", q.Field, q.Why)
	}
	now := events.At(time.Now())
	capacity, err := one.Complete(answers, events.Said{Happened: now, Recorded: now, Channel: events.System})
	if err != nil {
		return nil, usage(fmt.Errorf("nothing was published: %w; answer with the flags above", err))
	}
	return capacity, nil
}

// localTime is now in the local time of the country profile, in which hours are
// published.
func (o *options) localTime(ctx context.Context, id string) (time.Time, error) {
	d, err := o.desk(id)
	if err != nil {
		return time.Time{}, err
	}
	var status agency.Status
	if err := d.Get(ctx, "/v1/status", &status); err != nil {
		return time.Time{}, err
	}
	profile, err := mou.LoadProfile(status.Profile)
	if err != nil {
		return time.Time{}, err
	}
	return profile.Local(time.Now()), nil
}

func (o *options) publish(c *cobra.Command, id string, body []byte) error {
	d, err := o.desk(id)
	if err != nil {
		return err
	}
	var made agency.Said
	if err := d.Post(c.Context(), "/v1/capacity", body, &made); err != nil {
		return refused(err)
	}
	return o.show(c.OutOrStdout(), made, func(b *strings.Builder) {
		fmt.Fprintf(b, "Published by %s: on the way to the hub, and from there to all agencies but foreign missions.\n", d.Agency)
	})
}
