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
	"handrail/deploy/local/start"
	"handrail/deploy/local/story"
	"handrail/services/ledger/audit"
)

func demoCommand(o *options) *cobra.Command {
	var d demo
	c := &cobra.Command{
		Use: "demo", Short: "start a whole hub on this machine and tell a story on it",
		Long: `Starts a private Postgres, a broker, the hub's ledger and plainly fictional
agencies as processes of their own, tells a story of one night on them, and
stays up until Ctrl-C. Every line of a story is done by an agency's own service,
or checked at it or at the hub; the story stops at the first that fails. While it
stays up, a start page in the browser lets you be each person in turn.

` + stories(),
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
	c.Flags().BoolVar(&d.trail, "trail", false, "show the replayed trail after each story")
	c.Flags().DurationVar(&d.pause, "pause", 0, "wait so long before each part, for an audience: 5s")
	c.Flags().StringVar(&d.story, "story", story.Names()[0], "which story; all tells every one, none only serves")
	return c
}

// stories lists the stories, each with what it is about.
func stories() string {
	var b strings.Builder
	b.WriteString("The stories:\n")
	for _, name := range story.Names() {
		fmt.Fprintf(&b, "  %-15s %s\n", name, story.About(name))
	}
	return strings.TrimRight(b.String(), "\n")
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
	trail bool
	pause time.Duration
	story string
	names []string
	out   io.Writer

	told []told
	now  *told // what is being told
}

// told is a line of the summary.
type told struct {
	name    string
	checked int
	took    time.Duration
	err     error
}

func (d *demo) run(ctx context.Context, p *process.Process) (err error) {
	began := time.Now()
	d.say("Handrail: a referral hub on this machine, with fictional agencies and invented people.\n")
	texts, err := d.texts()
	if err != nil {
		return err
	}
	founding := story.Founding(texts...)
	if !d.exit {
		start.Invite(&founding)
	}
	hub, err := local.StartHub(ctx, d.at, local.HubOptions{
		Founding: founding, Fresh: d.fresh, Durable: true, Pages: !d.exit, Log: p.Log,
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
	if err := d.tellAll(ctx, hub, texts); err != nil {
		return err
	}
	if d.exit {
		return nil
	}
	directions, err := d.at.Directions()
	if err != nil {
		return err
	}
	d.invite(directions.StartURL())
	<-ctx.Done()
	return nil
}

func (d *demo) texts() ([]string, error) {
	var texts []string
	for _, name := range d.names {
		text, err := story.Text(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// tellAll tells the stories one after another, and sums up when there are several.
// One that fails does not keep the next from being told.
func (d *demo) tellAll(ctx context.Context, hub *local.Hub, texts []string) error {
	for i, name := range d.names {
		if len(d.names) > 1 {
			d.say("\n== %s", name)
		}
		d.now = &told{name: name}
		began := time.Now()
		d.now.err = d.tell(ctx, hub, texts[i])
		d.now.took = time.Since(began)
		d.told = append(d.told, *d.now)
		if d.now.err != nil && (len(d.names) == 1 || ctx.Err() != nil) {
			return fmt.Errorf("the story %q stopped at %w", name, d.now.err)
		}
	}
	if len(d.names) > 1 {
		return d.sumUp()
	}
	return nil
}

// tell tells one story in a world of its own: what was before is no part of it.
func (d *demo) tell(ctx context.Context, hub *local.Hub, text string) error {
	world, err := story.Enter(ctx, hub)
	if err != nil {
		return err
	}
	if err := world.Tell(ctx, text, d); err != nil || !d.trail || len(world.Cases) == 0 {
		return err
	}
	d.say("\nThe trail of this story's first case, replayed and verified as the auditor:\n")
	trail, err := world.Auditor().Trail(ctx, world.Cases[0])
	if err != nil {
		return err
	}
	verified, err := world.Auditor().Verify(trail)
	if err != nil {
		return &process.ExitError{Code: process.ExitUnverified, Err: err}
	}
	return audit.Show(d.out, verified, time.Now(), false)
}

// sumUp draws the table of what was told, and fails if a story did.
func (d *demo) sumUp() error {
	d.say("\n%-15s %7s %8s  %s", "story", "checks", "seconds", "verdict")
	failed, checked, took := 0, 0, time.Duration(0)
	for _, one := range d.told {
		checked, took = checked+one.checked, took+one.took
		verdict := "ok"
		if one.err != nil {
			verdict = "FAILED at " + one.err.Error()
			failed++
		}
		d.say("%-15s %7d %8.1f  %s", one.name, one.checked, one.took.Seconds(), verdict)
	}
	d.say("%-15s %7d %8.1f", count(uint64(len(d.told)), "story", "stories"), checked, took.Seconds())
	if failed > 0 {
		return fmt.Errorf("%d of %s failed; see the table above", failed, count(uint64(len(d.told)), "story", "stories"))
	}
	return nil
}

// Heading implements story.Teller.
func (d *demo) Heading(text string) {
	d.say("\n%s", text)
	time.Sleep(d.pause)
}

// Done implements story.Teller.
func (d *demo) Done(words []string, said string) {
	d.now.checked++
	line := strings.Join(words, " ")
	switch {
	case said == "":
		d.say("  ✓ %s", line)
	case strings.Contains(said, "\n"):
		d.say("  ✓ %s\n\n%s", line, said)
	case len(line) <= 48 && len(said) <= 48:
		d.say("  ✓ %-48s %s", line, said)
	default:
		d.say("  ✓ %s\n      %s", line, said)
	}
}

func (d *demo) invite(page string) {
	flag := ""
	if !d.fresh {
		flag = " --data " + d.at.Root
	}
	d.say("\nOpen %s in a browser, and be each person in turn.", page)
	d.say("\nThe hub stays up until Ctrl-C. In another terminal try:\n")
	for _, command := range []string{
		"doctor", "audit cases", "audit replay CASE", "audit knew CASE", "overdue",
		"providers --need emergency-shelter --children 2 --language lt", "tonight",
	} {
		d.say("  go run ./cmd/handrail %s%s", command, flag)
	}
	d.say("")
}

func (d *demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, format+"\n", args...) // a reader that went away does not end the demo
}
