package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"handrail/events"
	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// One hub and one browser for the package.
var (
	sampletown *town.Town
	chromium   *drive.Chromium
)

// atOnce is how many tests that can run beside one another do: they mostly wait for
// pages.
const atOnce = "4"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	checks, err := drive.StartChecks(ctx, "web")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, checks.Close()) }()
	if chromium, err = drive.Start(ctx, checks, func(text string) { fmt.Fprintln(os.Stderr, text) }); err != nil {
		return 1, err
	}
	defer chromium.Close()
	if sampletown, err = town.Start(ctx); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, sampletown.Stop()) }()
	if err := flag.Set("test.parallel", atOnce); err != nil { // before m.Run reads the command line, which goes before it
		return 1, err
	}
	return m.Run(), nil
}

// be opens a tab in which somebody is signed in, at a path of their agency's pages.
func be(t *testing.T, way drive.Way, agency events.AgencyID, code, path string) *drive.Page {
	t.Helper()
	return sampletown.Be(t, chromium, way, agency, code, path)
}

// inEveryWayAtOnce is inEveryWay for tasks that neither look at what others do nor
// begin with anything in common: all ways run beside one another, when the test that
// calls it has ended.
func inEveryWayAtOnce(t *testing.T, do func(t *testing.T, way drive.Way)) {
	t.Helper()
	for _, way := range drive.Ways() {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			do(t, way)
		})
	}
}

// inEveryWay does the same as a person with a mouse, with the keyboard alone, on a
// telephone and without JavaScript.
func inEveryWay(t *testing.T, do func(t *testing.T, way drive.Way)) {
	t.Helper()
	for _, way := range drive.Ways() {
		t.Run(way.String(), func(t *testing.T) { do(t, way) })
	}
}
