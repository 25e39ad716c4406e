package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/services/agency"
)

func taskCommand(o *options) *cobra.Command {
	var id string
	c := group(&cobra.Command{Use: "task", Short: "what an agency's staff are asked, and their answers"})
	c.PersistentFlags().StringVar(&id, "as", "", "the agency whose staff you are (default: the only police service of the data directory)")
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "list the open tasks", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
			people, err := o.desk(id)
			if err != nil {
				return err
			}
			tasks, err := people.Tasks(c.Context())
			if err != nil {
				return refused(err)
			}
			if o.output == "json" {
				return json.MarshalWrite(c.OutOrStdout(), tasks, jsontext.WithIndent("  "), json.Deterministic(true))
			}
			return showTasks(c.OutOrStdout(), tasks)
		}},
		&cobra.Command{
			Use: "answer TASK name=value ...", Short: "answer a task; a list is written with commas",
			Args: func(c *cobra.Command, args []string) error {
				if len(args) < 2 {
					return usage(errors.New("name the task and the answer, such as language=ron; `handrail task list` shows both"))
				}
				return nil
			},
			RunE: func(c *cobra.Command, args []string) error {
				people, err := o.desk(id)
				if err != nil {
					return err
				}
				tasks, err := people.Tasks(c.Context())
				if err != nil {
					return err
				}
				for _, task := range tasks {
					if string(task.ID) == args[0] {
						made, err := people.Answer(c.Context(), task, args[1:])
						if err != nil {
							return refused(err)
						}
						_, err = fmt.Fprintf(c.OutOrStdout(), "Answered: %s on the way to the hub.\n", count(uint64(len(made)), "statement", "statements"))
						return err
					}
				}
				return usage(errors.New("no open task has this id; `handrail task list` shows them"))
			},
		},
	)
	return c
}

// count says how many of something there are.
func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func showTasks(out io.Writer, tasks []agency.Task) error {
	if len(tasks) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is asked of you now.")
		return err
	}
	var b strings.Builder
	for _, t := range tasks {
		fmt.Fprintf(&b, "%s  %s  case %s\n  %s\n", t.ID, t.Kind, t.Case, t.Prompt)
		if !t.Ready {
			fmt.Fprintf(&b, "  Not yet: %s\n", t.Reason)
		}
		for _, f := range t.Answer {
			showField(&b, f)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func showField(b *strings.Builder, f agency.Field) {
	needed := ""
	if f.Needed {
		needed = " (needed)"
	}
	fmt.Fprintf(b, "    %s=%s %s\n", f.Name, needed, f.Says)
	if len(f.Codes) > 0 {
		fmt.Fprintf(b, "        one of: %s\n", strings.Join(f.Codes, ", "))
	}
	if f.Suggested != nil {
		fmt.Fprintf(b, "        suggested: %s\n", f.Suggested)
	}
}
