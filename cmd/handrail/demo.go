package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
	"handrail/deploy/local/story"
	"handrail/services/ledger/audit"
)

func demoCommand(o *options) *cobra.Command {
	var d demo
	c := &cobra.Command{
		Use: "demo", Short: "start a whole hub on this machine and run a referral through it",
		Long: `Starts a private Postgres, a broker, the hub's ledger and two plainly fictional
agencies as processes of their own, runs a referral from the police to a shelter,
then everything that must be refused, shows the replayed trail, and stays up
until Ctrl-C.`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := o.at()
			if err != nil {
				return err
			}
			d.at, d.fresh, d.out = at, o.data == "", c.OutOrStdout()
			if d.names, err = storyNames(d.story); err != nil {
				return usage(err)
			}
			return process.Run(c.Context(), "handrail-demo", d.run)
		},
	}
	c.Flags().BoolVar(&d.exit, "exit", false, "end after the story")
	c.Flags().StringVar(&d.story, "story", "all", strings.Join(story.Names(), ", ")+", all, or none to only serve")
	return c
}

// storyNames gives the stories that a flag's value means.
func storyNames(flag string) ([]string, error) {
	switch flag {
	case "all":
		return story.Names(), nil
	case "none":
		return nil, nil
	}
	_, err := story.Text(flag)
	return []string{flag}, err
}

// demo is one run of the demo.
type demo struct {
	at    local.Layout
	fresh bool // the default directory is wiped, one that was named is kept
	exit  bool
	story string
	names []string
	out   io.Writer
}

func (d *demo) run(ctx context.Context, p *process.Process) (err error) {
	began := time.Now()
	d.say("Handrail: a referral hub on this machine, with fictional agencies and invented people.\n")
	hub, err := local.StartHub(ctx, d.at, local.HubOptions{
		Founding: story.Founding(), Fresh: d.fresh, Durable: true, Log: p.Log,
		Tell: func(step string) { d.say("  · %s", step) },
	})
	if err != nil {
		return err
	}
	defer func() {
		d.say("Stopping.")
		if stopErr := hub.Stop(); err == nil {
			err = stopErr
		}
	}()
	d.say("\nUp after %.1f s. Everything is in %s", time.Since(began).Seconds(), d.at.Root)
	if err := d.tell(ctx); err != nil {
		return err
	}
	if d.exit {
		return nil
	}
	d.invite()
	<-ctx.Done()
	return nil
}

func (d *demo) tell(ctx context.Context) error {
	world, err := story.Enter(ctx, d.at)
	if err != nil {
		return err
	}
	for _, name := range d.names {
		text, err := story.Text(name)
		if err != nil {
			return err
		}
		first := len(world.Cases)
		if err := world.Tell(ctx, text, d); err != nil {
			return fmt.Errorf("the story %q stopped at %w", name, err)
		}
		world.Case = world.Cases[first]
		d.say("\nThe trail of this story's first case, replayed and verified as the auditor:\n")
		trail, err := world.Auditor().Trail(ctx, world.Case)
		if err != nil {
			return err
		}
		verified, err := world.Auditor().Verify(trail)
		if err != nil {
			return &process.ExitError{Code: process.ExitUnverified, Err: err}
		}
		if err := audit.Show(d.out, verified, time.Now(), false); err != nil {
			return err
		}
	}
	return nil
}

// Heading implements story.Teller.
func (d *demo) Heading(text string) { d.say("\n%s", text) }

// Done implements story.Teller.
func (d *demo) Done(words []string, said string) {
	line := strings.Join(words, " ")
	switch {
	case said == "":
		d.say("  ✓ %s", line)
	case len(line) <= 48 && len(said) <= 48:
		d.say("  ✓ %-48s %s", line, said)
	default:
		d.say("  ✓ %s\n      %s", line, said)
	}
}

func (d *demo) invite() {
	flag := ""
	if !d.fresh {
		flag = " --data " + d.at.Root
	}
	d.say("\nThe hub stays up until Ctrl-C. In another terminal try:\n")
	for _, command := range []string{"doctor", "audit cases", "audit replay CASE", "task list"} {
		d.say("  go run ./cmd/handrail %s%s", command, flag)
	}
	d.say("")
}

func (d *demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, format+"\n", args...) // a reader that went away does not end the demo
}
