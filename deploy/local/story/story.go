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
)

//go:embed stories/*.txtar
var files embed.FS

// Names lists the stories in the order in which the demo tells them. The first is
// the one that it tells unless it is told another.
func Names() []string {
	return []string{
		"night", "capacity", "telephone", "turns", "late", "hotline", "police-refused", "not-now", "child", "emergency",
		"withdrawal", "raid", "consular", "mission", "homeward", "proof", "referral", "refusals",
	}
}

// About is the first heading of a story: what it is about.
func About(name string) string {
	text, err := Text(name)
	if err != nil {
		return ""
	}
	for _, line := range Parse(text) {
		if line.Heading != "" {
			return line.Heading
		}
	}
	return ""
}

// Text of a story.
func Text(name string) (string, error) {
	if !slices.Contains(Names(), name) {
		return "", fmt.Errorf("there is no story %q; there are: %s, all, none", name, strings.Join(Names(), ", "))
	}
	text, err := files.ReadFile("stories/" + name + ".txtar")
	return string(text), err
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
		said, err := w.line(ctx, line.Words)
		if err != nil {
			return fmt.Errorf("line %d, %q: %w", line.Number, strings.Join(line.Words, " "), err)
		}
		to.Done(line.Words, said)
	}
	return nil
}

// line does one line; one that begins with ! must not be possible.
func (w *World) line(ctx context.Context, words []string) (string, error) {
	if words[0] == "!" {
		return w.CannotDo(ctx, words[1:])
	}
	return w.Do(ctx, words)
}

// CannotDo tries a line that must not be possible, and tells why it is not.
func (w *World) CannotDo(ctx context.Context, words []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, impatience)
	defer cancel()
	said, err := w.Do(ctx, words)
	if err == nil {
		return "", fmt.Errorf("this must not be possible, and was: %s", said)
	}
	return err.Error(), nil
}
