// Package readme runs what README.md tells a newcomer to run, and compares what
// it says that they will see.
package readme

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"handrail/test/hubtest"
)

const (
	demoMark     = "<!-- output: go run ./cmd/handrail demo -->"
	commandsMark = "<!-- run while the demo is up -->"
	program      = "go run ./cmd/handrail "
)

// block is the fenced text behind a mark of README.md.
func block(t *testing.T, mark string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), mark+"\n```\n")
	if !found {
		t.Fatalf("README.md has no block behind %s", mark)
	}
	inside, _, _ := strings.Cut(after, "\n```\n")
	return strings.Split(inside, "\n")
}

// normal hides what differs from run to run.
func normal(line, dir string) string {
	line = strings.ReplaceAll(line, dir, "DIR")
	for _, r := range []struct{ pattern, to string }{
		{`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`, "DATE TIME"},
		{`\d\d:\d\d:\d\d`, "TIME"},
		{`Up after [\d.]+ s`, "Up after N s"},
		{`case …[0-9a-f]{6}`, "case …"},
		{`told to its sender as delivery \d+`, "told to its sender as delivery N"},
		{`entry \d+`, "entry N"},
	} {
		line = regexp.MustCompile(r.pattern).ReplaceAllString(line, r.to)
	}
	return strings.TrimRight(line, " ")
}

// squeezed leaves columns out of account: their width depends on what stands in them.
func squeezed(line string) string {
	return regexp.MustCompile(`(\S) {2,}`).ReplaceAllString(line, "$1  ")
}

// TestDemoSaysWhatReadmeShows runs the demo, stops it as Ctrl-C does, and runs
// the other commands of README.md while it is up.
func TestDemoSaysWhatReadmeShows(t *testing.T) {
	dir, err := os.MkdirTemp("", "hr") //nolint:usetesting // short: a socket's path has at most 103 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	demo := exec.CommandContext(ctx, hubtest.Program(t), "demo", "--data", dir)
	demo.Cancel = func() error { return demo.Process.Signal(os.Interrupt) }
	demo.WaitDelay = 20 * time.Second
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		seen = append(seen, normal(lines.Text(), dir))
		if strings.HasPrefix(lines.Text(), "The hub stays up until Ctrl-C") {
			break
		}
	}
	follows(t, seen, block(t, demoMark))
	commands(ctx, t, dir)
	if err := demo.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	for lines.Scan() { // to the end, so that the demo can say it
	}
	if err := demo.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
}

// follows checks that the shown lines stand in what was seen, in their order,
// one right behind the other unless … stands between.
func follows(t *testing.T, seen, shown []string) {
	t.Helper()
	at, skip := 0, false
	for _, line := range shown {
		if line == "…" {
			skip = true
			continue
		}
		from := at
		for at < len(seen) && squeezed(seen[at]) != squeezed(line) && skip {
			at++
		}
		if at >= len(seen) || squeezed(seen[at]) != squeezed(line) {
			t.Fatalf("README.md shows\n%s\nbut the demo says\n%s", line, strings.Join(seen[min(from, len(seen)):min(from+8, len(seen))], "\n"))
		}
		at, skip = at+1, false
	}
}

// commands runs the commands of README.md on the running hub.
func commands(ctx context.Context, t *testing.T, dir string) {
	t.Helper()
	of := ""
	for _, line := range block(t, commandsMark) {
		args, ours := strings.CutPrefix(line, program)
		if !ours {
			t.Fatalf("README.md shows a command of another program: %s", line)
		}
		words := strings.Fields(strings.NewReplacer("CASE", of, "case.json", dir+"/case.json").Replace(args))
		out, errs, code := hubtest.Run(ctx, t, append(words, "--data", dir)...)
		if code != 0 || out+errs == "" {
			t.Errorf("%s: exit code %d\n%s%s", line, code, out, errs)
		}
		if args == "audit cases" {
			of, _, _ = strings.Cut(out, " ")
		}
	}
}
