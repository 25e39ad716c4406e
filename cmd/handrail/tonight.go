package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/services/agency"
	"handrail/services/agency/client"
)

// choice is one of the eight choices of a request for tonight, or what goes
// sealed with it.
type choice struct {
	flag   string
	member string // of the request
	asks   string
	usual  string // when nothing is said
}

// choices in the order in which they are asked. What has no question is given as
// a flag only.
func choices() []choice {
	return []choice{
		{"need", "need", "1  What is needed (several with commas)", "emergency-shelter"},
		{"age", "age", "2  Adult, child, or unsure", "adult"},
		{"sex", "sex", "2  Woman, man, trans-nonconforming, or unknown", ""},
		{"children", "children", "3  Children who come along: aged 0 to 8, comma, aged 9 to 17", "0,0"},
		{"language", "language", "4  The language in which they were told of their rights (lt or lit)", ""},
		{"interpreter", "interpreter", "4  Interpreter: none, independent, or not-independent", "none"},
		{"dangers", "dangers", "5  Dangers: pursued, armed-threat, tracked-phone, self-harm-risk, suspect-nearby", ""},
		{"access", "access", "6  What the place must offer: step-free, sign-language, low-vision, carer, service-animal", ""},
		{"region", "region", "7  Where, as ISO 3166", ""},
		{"bundle", "bundle", "8  What the person said yes to (a bed: bed; nothing for a child without a guardian)", "bed"},
		{"call-back", "call_back", "   The number to call back; only whoever takes the person sees it", ""},
		{"name", "name", "   The name, if the person gave one; sealed like the number", ""},
		{"safe", "safe", "", ""},
		{"by", "by", "", ""},
		{"child-view", "child_view", "", ""},
		{"capacity", "capacity", "", ""},
		{"present", "present", "", ""},
		{"except", "except", "", ""},
		{"to", "to", "", ""},
		{"order", "order", "", ""},
	}
}

func tonightCommand(o *options) *cobra.Command {
	var id string
	given := map[string]*string{}
	c := &cobra.Command{
		Use: "tonight", Short: "ask for a bed tonight, in eight choices",
		Long: `Asks for a bed for a person tonight: one case, one request, to the providers that
can take the person, one after another. Without flags the choices are asked one by
one. Choice 8 is the person's own yes, after they were told of their rights.

  handrail tonight --age adult --sex woman --children 1,1 --language lt --bundle bed --call-back "+00 000 0001"`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(choices(), func(one choice) bool { return c.Flags().Changed(one.flag) }) {
				if err := askChoices(os.Stdin, c.ErrOrStderr(), given); err != nil {
					return err
				}
			}
			body, err := tonightBody(given)
			if err != nil {
				return usage(err)
			}
			var asked agency.Asked
			if err := d.Post(c.Context(), "/v1/tonight", body, &asked); err != nil {
				return refused(err)
			}
			return o.show(c.OutOrStdout(), asked, func(b *strings.Builder) { askedText(b, asked) })
		},
	}
	as(c, &id)
	for _, one := range choices() {
		given[one.flag] = c.Flags().String(one.flag, "", flagText(one))
	}
	return c
}

func flagText(one choice) string {
	if one.asks != "" {
		text := strings.TrimSpace(strings.TrimLeft(one.asks, "12345678 "))
		return strings.ToLower(text[:1]) + text[1:]
	}
	return map[string]string{
		"safe":       "when and how it is safe to call; sealed",
		"by":         "who agreed: person, guardian, appointed-guardian (needed for a child)",
		"child-view": "what the child wants: agrees, objects, too-young",
		"capacity":   "whether the person could decide: clear, doubtful",
		"present":    "who was there, several with commas",
		"except":     "which agencies the person does not want, several with commas",
		"to":         "whom to ask, in this order, several with commas (default: who can take the person)",
		"order":      "in-turn or at-once",
	}[one.flag]
}

// askChoices asks one by one at a terminal; elsewhere there is nobody to ask.
func askChoices(in *os.File, out io.Writer, given map[string]*string) error {
	if info, err := in.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return usage(errors.New("give the choices as flags, or run this at a terminal to be asked; see handrail tonight --help"))
	}
	return askEach(in, out, given)
}

func askEach(in io.Reader, out io.Writer, given map[string]*string) error {
	lines := bufio.NewScanner(in)
	for _, one := range choices() {
		if one.asks == "" {
			continue
		}
		usual := ""
		if one.usual != "" {
			usual = " [" + one.usual + "]"
		}
		if _, err := fmt.Fprintf(out, "%s%s: ", one.asks, usual); err != nil {
			return err
		}
		if !lines.Scan() {
			return usage(errors.New("the request was not finished, so nothing was asked of anybody"))
		}
		*given[one.flag] = strings.TrimSpace(lines.Text())
		if *given[one.flag] == "" {
			*given[one.flag] = one.usual
		}
	}
	return nil
}

// tonightBody writes the request as JSON; what the choices mean is the agency's to say.
func tonightBody(given map[string]*string) ([]byte, error) {
	var words []string
	for _, one := range choices() {
		value := *given[one.flag]
		if one.flag == "language" {
			value = languageCode(value)
		}
		if one.flag == "children" && value != "" {
			young, older, found := strings.Cut(value, ",")
			if !found {
				return nil, errors.New("write the children as two numbers: aged 0 to 8, comma, aged 9 to 17; like 1,1")
			}
			value = fmt.Sprintf(`{"0-8":%s,"9-17":%s}`, strings.TrimSpace(young), strings.TrimSpace(older))
		}
		if value != "" {
			words = append(words, one.member+"="+value)
		}
	}
	return client.Object(words, func(member string) string {
		switch {
		case member == "children":
			return "object"
		case slices.Contains([]string{"need", "dangers", "access", "present", "except", "to"}, member):
			return "many"
		}
		return "one"
	})
}

func askedText(b *strings.Builder, asked agency.Asked) {
	fmt.Fprintf(b, "Asked. Case %s, %s on the way to the hub.\n", asked.Case, count(uint64(max(asked.Events, 0)), "statement", "statements"))
	for _, c := range asked.Asked {
		when := "if nobody before it takes the person"
		if !c.AnswerBy.IsZero() {
			when = "to acknowledge by " + c.AckBy.UTC().Format(time.TimeOnly) + " and answer by " + c.AnswerBy.UTC().Format(time.TimeOnly) + " UTC"
		}
		fmt.Fprintf(b, "%2d. %-24s %s\n", c.Turn, c.Agency, when)
		indented(b, c.Says)
	}
	for _, told := range asked.Notified {
		fmt.Fprintf(b, "    %s was told at once, without a name.\n", told)
	}
	fmt.Fprintf(b, "%s\n", asked.Nobody.Says)
}
