package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/contracts/match"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency/client"
)

// desk is an agency of the data directory, as its staff work with it.
type desk struct {
	*client.Client
	local.Address
}

// as adds the flag that names the agency whose staff is at the terminal.
func as(c *cobra.Command, id *string) {
	c.Flags().StringVar(id, "as", "", "the agency whose staff you are: its id in the data directory, or its folder (default: the only police service of the data directory)")
}

// desk connects as the staff of an agency: one of the data directory by its id, or
// one that stands by itself by its folder.
func (o *options) desk(id string) (desk, error) {
	if strings.ContainsRune(id, filepath.Separator) {
		file, err := local.ReadAgencyFile(id)
		if err != nil {
			return desk{}, usage(fmt.Errorf("this is not an agency's folder: %w", err))
		}
		return desk{client.People(id), local.Address{Agency: file.Agency, Kind: file.Kind, Intake: file.Listen}}, nil
	}
	at, err := o.at()
	if err != nil {
		return desk{}, err
	}
	directions, err := at.Directions()
	if err != nil {
		return desk{}, err
	}
	for _, a := range directions.Agencies {
		if id != string(a.Agency) && (id != "" || a.Kind != events.Police) {
			continue
		}
		if a.Intake == "" {
			return desk{}, usage(fmt.Errorf("%s has no service here; `handrail doctor` lists the agencies that have one", a.Agency))
		}
		return desk{client.People(at.Agency(a.Agency)), a}, nil
	}
	return desk{}, usage(errors.New("no agency of this data directory has that id; `handrail doctor` lists them"))
}

// refused says what to do about an error. What a desk has against a request is an
// error of usage: the service works, and the person at the terminal has to change
// something.
func refused(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return errors.New("the agency's service is not running here; `handrail doctor` tells what is, and `handrail demo` starts a hub with agencies")
	}
	var problem *client.ProblemError
	if !errors.As(err, &problem) || problem.Status >= 500 {
		return err
	}
	text := problem.Detail
	if text == "" {
		text = problem.Title
	}
	if problem.Pointer != "" {
		text += " (at " + problem.Pointer + ")"
	}
	if words := wordsFor(problem); words != nil {
		text += "; write one of " + strings.Join(words, ", ")
	}
	return usage(fmt.Errorf("%s [%s]", text, problem.Rule))
}

// wordsFor lists the words that a refused member takes, if it is of a short list.
func wordsFor(problem *client.ProblemError) []string {
	if problem.Rule != string(events.RuleDataCode) {
		return nil
	}
	member, _, _ := strings.Cut(strings.TrimPrefix(problem.Pointer, "/"), "/")
	return map[string][]string{
		"need": events.Need("").Codes(), "age": events.AgeClass("").Codes(), "sex": events.Sex("").Codes(),
		"access": events.Access("").Codes(), "dangers": events.Safety("").Codes(), "urgency": events.Urgency("").Codes(),
		"interpreter": events.Interpreter("").Codes(), "order": events.AskOrder("").Codes(), "by": events.Speaker("").Codes(),
		"role": events.ReaderRole("").Codes(), "basis": events.LegalBasis("").Codes(),
		"child_view": events.ChildView("").Codes(), "capacity": events.Capacity("").Codes(), "present": events.Present("").Codes(),
	}[member]
}

// show writes an answer as JSON, or in words.
func (o *options) show(out io.Writer, answer any, words func(*strings.Builder)) error {
	if o.output == "json" {
		return json.MarshalWrite(out, answer, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	words(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

// languageCode takes a language as ISO 639-1 (lt) or as ISO 639-3 (lit) and
// gives the latter; what is neither is left to the service, which refuses it.
func languageCode(text string) string {
	return cmp.Or(string(match.LanguageOf(text)), text)
}

// indented writes lines below another.
func indented(b *strings.Builder, lines ...string) {
	for _, line := range lines {
		if line != "" {
			fmt.Fprintf(b, "      %s\n", line)
		}
	}
}
