package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/cmd/internal/process"
	"handrail/contracts/conform"
	"handrail/events"
	"handrail/events/exchange"
)

// conformFlags are what a vendor knows beside the messages.
type conformFlags struct {
	agency string
	keys   []string
	from   uint64
}

func conformCommand(o *options) *cobra.Command {
	f := &conformFlags{}
	c := &cobra.Command{
		Use: "conform [FILE|FOLDER|-]...", Short: "tell what another system's messages get wrong, without a hub",
		Long: `Judges messages by the published wire contract alone, for whoever writes a system of
their own: no hub, no account and no key of ours is needed. Each message is told
every rule that it breaks, the attribute or the place in the data, the sentence of
the contract, and what to do. Messages are read in the order in which they would be
submitted; a folder's files by their names.

A message is JSON of the CloudEvents JSON format (several may stand one behind the
other), or text: lines "ce-<attribute>: <value>", an empty line, and the data.

What only a hub can judge, the memorandum and the case, is left to it.
Exit codes: 0 everything conforms, 1 something does not, 2 nothing could be judged.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			j, err := f.judge()
			if err != nil {
				return err
			}
			messages, err := messagesIn(c.InOrStdin(), args)
			if err != nil {
				return err
			}
			reports := make([]conform.Report, 0, len(messages))
			for _, m := range messages {
				reports = append(reports, j.Message(m.name, m.message))
			}
			if err := showReports(c.OutOrStdout(), o.output, reports); err != nil {
				return err
			}
			if wrong := brokenIn(reports); wrong > 0 {
				return &process.ExitError{Code: process.ExitFailure, Err: fmt.Errorf("not as the contract says: %d of %s", wrong, count(uint64(len(reports)), "message", "messages"))}
			}
			return nil
		},
	}
	flags := c.PersistentFlags()
	flags.StringVar(&f.agency, "agency", "", "id of the agency whose account would submit the messages")
	flags.StringArrayVar(&f.keys, "key", nil, "its public signing key: base64 of 32 bytes, or a file with that; may be repeated")
	flags.Uint64Var(&f.from, "from", 0, "number that the first message should bear (default: whatever it bears)")
	c.AddCommand(conformExampleCommand(o), conformListenCommand(f))
	return c
}

func (f *conformFlags) judge() (*conform.Judge, error) {
	options := conform.Options{Agency: events.AgencyID(f.agency), From: events.Sequence(f.from), Now: time.Now()}
	for _, given := range f.keys {
		if text, err := os.ReadFile(given); err == nil {
			given = string(text)
		}
		options.Keys = append(options.Keys, events.PublicKey(strings.TrimSpace(given)))
	}
	j, err := conform.New(options)
	if err != nil {
		return nil, usage(err)
	}
	return j, nil
}

// named is a message and where it stood.
type named struct {
	name    string
	message exchange.Message
}

// messagesIn reads what the arguments name; standard input if they name nothing.
func messagesIn(stdin io.Reader, args []string) ([]named, error) {
	if len(args) == 0 {
		args = []string{"-"}
	}
	var all []named
	for _, arg := range args {
		files := []string{arg}
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			if files, err = filesIn(arg); err != nil {
				return nil, usage(err)
			}
		}
		for _, file := range files {
			some, err := messagesOf(stdin, file)
			if err != nil {
				return nil, usage(err)
			}
			all = append(all, some...)
		}
	}
	return all, nil
}

func filesIn(folder string) (files []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasPrefix(entry.Name(), ".") {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no files", folder)
	}
	return files, err
}

func messagesOf(stdin io.Reader, file string) ([]named, error) {
	from, name := stdin, "standard input"
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		from, name = opened, file
	}
	text, err := io.ReadAll(io.LimitReader(from, conform.MaxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(text) > conform.MaxInput {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, conform.MaxInput>>20)
	}
	messages, err := conform.Split(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	all := make([]named, 0, len(messages))
	for i, m := range messages {
		at := name
		if len(messages) > 1 {
			at = fmt.Sprintf("%s, message %d", name, i+1)
		}
		all = append(all, named{at, m})
	}
	return all, nil
}

func brokenIn(reports []conform.Report) (wrong int) {
	for _, r := range reports {
		if !r.Conforms() {
			wrong++
		}
	}
	return wrong
}

// showReports tells every finding of every message.
func showReports(out io.Writer, form string, reports []conform.Report) error {
	if form == "json" {
		text, err := json.Marshal(struct {
			Conforms bool             `json:"conforms"`
			Messages []conform.Report `json:"messages"`
		}{brokenIn(reports) == 0, reports}, jsontext.WithIndent("  "))
		if err != nil {
			return fmt.Errorf("writing the reports: %w", err)
		}
		_, err = fmt.Fprintf(out, "%s\n", text)
		return err
	}
	var text strings.Builder
	for _, r := range reports {
		verdict := "as the contract says"
		if !r.Conforms() {
			verdict = count(uint64(len(r.Findings)), "thing", "things") + " to mend"
		}
		fmt.Fprintf(&text, "%s: %s\n", r.Message, verdict)
		for _, f := range r.Findings {
			where := ""
			if f.Pointer != "" {
				where = " at " + f.Pointer
			}
			if f.Sentence > 0 {
				where += fmt.Sprintf(" (sentence %d)", f.Sentence)
			}
			fmt.Fprintf(&text, "  %s%s\n      %s\n", f.Rule, where, f.Reason)
		}
		for _, not := range r.NotJudged {
			fmt.Fprintf(&text, "  not judged: %s\n", not)
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func conformExampleCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "example [TYPE]", Short: "print a message to imitate; without a type, all types",
		Long: `Prints a message of a type, such as case.opened, that breaks no rule: the facts of the
golden vectors, signed with their published test key. Never put that key into a
directory. With -o json it is in structured mode, else in binary mode: header lines,
an empty line, and the data.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, t := range events.Types() {
					if _, err := fmt.Fprintln(c.OutOrStdout(), t.Name()); err != nil {
						return err
					}
				}
				return nil
			}
			return showExample(c.OutOrStdout(), o.output, args[0])
		},
	}
}

func showExample(out io.Writer, form, name string) error {
	i := slices.IndexFunc(events.Types(), func(t events.Type) bool { return t.Name() == name || string(t) == name })
	if i < 0 {
		return usage(errors.New("the catalogue has no such type: `handrail conform example` lists those that there are"))
	}
	x, err := conform.ExampleOf(events.Types()[i], rand.Reader)
	if err != nil {
		return err
	}
	text := x.Text()
	if form == "json" {
		if text, err = x.JSON(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}
