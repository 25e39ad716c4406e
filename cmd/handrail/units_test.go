package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/deploy/local"
)

// started gives the command lines of a unit of deploy/systemd, one for each program
// that an agency may run.
func started(t *testing.T, unit string) []string {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart=")
		if !ok {
			continue
		}
		if !strings.Contains(command, "${HANDRAIL_DESK}") {
			all = append(all, command)
			continue
		}
		for _, desk := range []string{local.DeskPolice, local.DeskSocial, local.DeskNGO, local.DeskEmbassy, local.DeskCoordinator} {
			all = append(all, strings.ReplaceAll(command, "${HANDRAIL_DESK}", desk))
		}
	}
	return all
}

func TestWhatTheUnitsStartIsACommandOfThisProgram(t *testing.T) {
	units, err := filepath.Glob("../../deploy/systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatal(units, err)
	}
	for _, unit := range units {
		lines := started(t, unit)
		if len(lines) == 0 {
			t.Errorf("%s starts nothing", filepath.Base(unit))
		}
		for _, line := range lines {
			args, ours := strings.CutPrefix(line, "/usr/local/bin/handrail ")
			if !ours {
				t.Errorf("%s starts another program: %s", filepath.Base(unit), line)
				continue
			}
			c, rest, err := root().Find(strings.Fields(args))
			if err != nil || c.HasSubCommands() {
				t.Errorf("there is no command for %s: %v", line, err)
				continue
			}
			if err := c.ParseFlags(rest); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			if err := c.ValidateArgs(c.Flags().Args()); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}
