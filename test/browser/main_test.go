package browser

import (
	"context"
	"errors"
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
	return m.Run(), nil
}

// be opens a tab in which somebody is signed in, at a path of their agency's pages.
func be(t *testing.T, way drive.Way, agency events.AgencyID, code, path string) *drive.Page {
	t.Helper()
	return sampletown.Be(t, chromium, way, agency, code, path)
}

// inEveryWay does the same as a person with a mouse, with the keyboard alone, on a
// telephone and without JavaScript.
func inEveryWay(t *testing.T, do func(t *testing.T, way drive.Way)) {
	t.Helper()
	for _, way := range drive.Ways() {
		t.Run(way.String(), func(t *testing.T) { do(t, way) })
	}
}
