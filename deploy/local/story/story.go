// Package story tells stories on a running hub: text files that a social worker
// can read, whose every line acts as a person or a system of an agency would,
// through that agency's own service, or checks what somebody sees.
//
// A line is subject, verb and object: "shelter says referral.accepted". A
// comment is a heading. The same files are the demo and tests.
package story

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"handrail/deploy/local"
	"handrail/events"
)

//go:embed stories/*.txtar
var files embed.FS

// Names lists the stories in the order in which the demo tells them.
func Names() []string { return []string{"referral", "refusals"} }

// Text of a story.
func Text(name string) (string, error) {
	if !slices.Contains(Names(), name) {
		return "", fmt.Errorf("there is no story %q; there are: %s, all, none", name, strings.Join(Names(), ", "))
	}
	text, err := files.ReadFile("stories/" + name + ".txtar")
	return string(text), err
}

// Cast of the stories: plainly fictional agencies, by the names that the
// stories call them.
func cast() map[string]local.Member {
	return map[string]local.Member{
		"police":       {Agency: "sampletown-police", Kind: events.Police, Served: true},
		"shelter":      {Agency: "lighthouse-shelter", Kind: events.Shelter, Served: true},
		"coordination": {Agency: "sampleland-coordination", Kind: events.Coordinator},
		"children":     {Agency: "sampleland-children", Kind: events.ChildProtection},
		"auditor":      {Agency: "sampleland-audit", Kind: events.Auditor},
	}
}

// Founding is the hub that the stories are about.
func Founding() local.Founding {
	f := local.Founding{Hub: "sampleland", Profile: "uk@1"}
	for _, name := range []string{"police", "shelter", "coordination", "children", "auditor"} {
		f.Members = append(f.Members, cast()[name])
	}
	return f
}

// Line of a story: a heading, or words.
type Line struct {
	Number  int
	Heading string
	Words   []string
}

// Parse reads a story's lines, without the empty ones.
func Parse(text string) []Line {
	var lines []Line
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		heading, isHeading := strings.CutPrefix(line, "#")
		switch {
		case isHeading:
			lines = append(lines, Line{Number: number, Heading: strings.TrimSpace(heading)})
		case line != "":
			lines = append(lines, Line{Number: number, Words: strings.Fields(line)})
		}
	}
	return lines
}

// Teller is told how a story goes.
type Teller interface {
	Heading(text string)
	Done(words []string, said string)
}

// Tell runs a story to its end or to its first line that fails.
func (w *World) Tell(ctx context.Context, text string, to Teller) error {
	for _, line := range Parse(text) {
		if line.Heading != "" {
			to.Heading(line.Heading)
			continue
		}
		said, err := w.Do(ctx, line.Words)
		if err != nil {
			return fmt.Errorf("line %d, %q: %w", line.Number, strings.Join(line.Words, " "), err)
		}
		to.Done(line.Words, said)
	}
	return nil
}

// Subjects lists everybody who can stand at the beginning of a line.
func Subjects() []string {
	subjects := []string{"hub", "attacker"}
	for name := range cast() {
		subjects = append(subjects, name)
	}
	slices.Sort(subjects)
	return subjects
}
