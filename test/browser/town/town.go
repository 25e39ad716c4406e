// Package town starts the demonstration's hub with the pages of every agency, once for a whole package of tests, and lets
// a test be any of its people.
//
//	p := sampletown.Be(t, chromium, drive.Way{Phone: true}, town.Shelter, "duty-1", "/inbox")
//
// signs duty-1 in at the lighthouse shelter through the development identity provider, as the start page's links do, and
// gives the tab with the inbox. [Town.HubAway] takes broker and ledger away for the length of a function.
package town

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"handrail/deploy/local"
	"handrail/deploy/local/start"
	"handrail/deploy/local/story"
	"handrail/events"
	"handrail/test/browser/drive"
)

// The agencies of the town that have people; see start.Cast for who works there.
const (
	Police       events.AgencyID = "sampletown-police"
	Shelter      events.AgencyID = "lighthouse-shelter"
	Harbour      events.AgencyID = "harbour-shelter"
	Hotline      events.AgencyID = "sampleland-hotline"
	Social       events.AgencyID = "sampletown-social"
	Embassy      events.AgencyID = "sampleland-embassy-abroad"
	Coordination events.AgencyID = "sampleland-coordination"
	Auditor      events.AgencyID = "sampleland-audit"
)

// Town is a running hub with pages. Make it with [Start], and stop it.
type Town struct {
	Hub   *local.Hub
	World *story.World // the same hub, as the stories' people and systems meet it

	root       string
	directions local.Directions
}

// Start builds the program, starts the hub and waits until every service works.
// On failure nothing stays running.
func Start(ctx context.Context) (*Town, error) {
	root, err := os.MkdirTemp("", "hr") // short: a socket's path has at most 103 bytes
	if err != nil {
		return nil, fmt.Errorf("making a directory for the town: %w", err)
	}
	t := &Town{root: root}
	if err := os.Chmod(root, 0o711); err != nil { // Postgres, as another user, passes through
		return nil, fmt.Errorf("making a directory for the town: %w", err)
	}
	if err := t.start(ctx); err != nil {
		t.tell()
		return nil, errors.Join(err, t.Stop())
	}
	return t, nil
}

func (t *Town) start(ctx context.Context) error {
	program := filepath.Join(t.root, "handrail")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", program, "handrail/cmd/handrail").CombinedOutput(); err != nil {
		return fmt.Errorf("building handrail: %w\n%s", err, output)
	}
	founding := story.Founding("a story in which nobody speaks")
	start.Invite(&founding)
	data := local.Layout{Root: filepath.Join(t.root, "d")}
	var err error
	t.Hub, err = local.StartHub(ctx, data, local.HubOptions{Founding: founding, Program: program, Pages: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if t.directions, err = data.Directions(); err != nil {
		return err
	}
	t.World, err = story.Enter(ctx, t.Hub)
	return err
}

// Stop ends everything and removes what it kept.
func (t *Town) Stop() error {
	var err error
	if t.Hub != nil {
		err = t.Hub.Stop()
	}
	return errors.Join(err, os.RemoveAll(t.root))
}

// StartPage is the address of the start page.
func (t *Town) StartPage() string { return t.directions.StartURL() }

// Site is the address of an agency's pages, without a path.
func (t *Town) Site(agency events.AgencyID) string { return t.directions.PagesOf(agency) }

// Be opens a tab in which somebody of an agency is signed in, at a path of that
// agency's pages.
func (t *Town) Be(tb testing.TB, c *drive.Chromium, way drive.Way, agency events.AgencyID, code, path string) *drive.Page {
	tb.Helper()
	t.Explain(tb)
	p := c.Open(tb, way)
	t.SignIn(p, agency, code, path)
	return p
}

// SignIn signs somebody in on a tab, and goes to a path of their agency's pages.
func (t *Town) SignIn(p *drive.Page, agency events.AgencyID, code, path string) {
	p.Visit(t.Site(agency) + "/sign-in/provider?" + url.Values{"hint": {code}, "back": {path}}.Encode())
}

// Do has somebody of the stories act: the words of one line, as story files have them.
func (t *Town) Do(tb testing.TB, words ...string) string {
	tb.Helper()
	said, err := t.World.Do(tb.Context(), words)
	if err != nil {
		tb.Fatalf("%v: %v", words, err)
	}
	return said
}

// HubAway takes broker and ledger away as by kill -9, does something meanwhile, and
// starts them again, also when the test fails in between.
func (t *Town) HubAway(tb testing.TB, meanwhile func()) {
	tb.Helper()
	back := false
	bring := func() {
		if back {
			return
		}
		back = true
		for _, name := range []string{local.ServiceBroker, local.ServiceLedger} {
			if err := t.Hub.Start(context.Background(), name); err != nil {
				tb.Fatal(err)
			}
		}
		if err := t.Hub.Ready(context.Background()); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(bring)
	for _, name := range []string{local.ServiceLedger, local.ServiceBroker} {
		if err := t.Hub.Kill(name); err != nil {
			tb.Fatal(err)
		}
	}
	meanwhile()
	bring()
}

// Again kills the service of an agency and starts it anew.
func (t *Town) Again(tb testing.TB, agency events.AgencyID) {
	tb.Helper()
	if err := errors.Join(t.Hub.Kill(string(agency)), t.Hub.Start(context.Background(), string(agency)), t.Hub.Ready(tb.Context())); err != nil {
		tb.Fatal(err)
	}
}

// Logs is what every service logged so far, by its name.
func (t *Town) Logs(tb testing.TB) map[string]string {
	tb.Helper()
	logs := map[string]string{}
	for name, file := range t.logFiles(tb) {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		logs[name] = string(text)
	}
	return logs
}

// logged is how much every service logged so far, in bytes.
func (t *Town) logged(tb testing.TB) map[string]int {
	tb.Helper()
	logs := map[string]int{}
	for name, file := range t.logFiles(tb) {
		info, err := os.Stat(file)
		if err != nil {
			tb.Fatal(err)
		}
		logs[name] = int(info.Size())
	}
	return logs
}

func (t *Town) logFiles(tb testing.TB) map[string]string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(t.root, "d", "logs", "*.log"))
	if err != nil {
		tb.Fatal(err)
	}
	named := map[string]string{}
	for _, file := range files {
		named[filepath.Base(file)] = file
	}
	return named
}

// Explain has a test that fails show what the services logged as errors meanwhile.
func (t *Town) Explain(tb testing.TB) {
	tb.Helper()
	before := t.logged(tb)
	tb.Cleanup(func() {
		if !tb.Failed() {
			return
		}
		for name, text := range t.Logs(tb) {
			for line := range strings.Lines(text[min(before[name], len(text)):]) {
				if strings.Contains(line, `"level":"ERROR"`) {
					tb.Logf("%s: %s", name, line)
				}
			}
		}
	})
}

// tell shows the ends of the services' logs.
func (t *Town) tell() {
	logs, _ := filepath.Glob(filepath.Join(t.root, "d", "logs", "*.log")) // the pattern is well-formed
	for _, log := range logs {
		if text, err := os.ReadFile(log); err == nil {
			fmt.Fprintf(os.Stderr, "%s:\n%s\n", filepath.Base(log), text[max(0, len(text)-1500):])
		}
	}
}
