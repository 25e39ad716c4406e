package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

// finding is what the doctor says of one part.
type finding struct {
	Part    string `json:"part"`
	Healthy bool   `json:"healthy"`
	Says    string `json:"says"`
}

func doctorCommand(o *options) *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "say what is running, reachable and healthy", Args: exactly(0, "no argument"), RunE: func(c *cobra.Command, _ []string) error {
		at, err := o.at()
		if err != nil {
			return err
		}
		directions, err := at.Directions()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), 20*time.Second)
		defer cancel()
		findings := examine(ctx, at, directions)
		if err := showFindings(c.OutOrStdout(), at, findings, o.output == "json"); err != nil {
			return err
		}
		if slices.ContainsFunc(findings, func(f finding) bool { return !f.Healthy }) {
			return errors.New("something needs attention; see the marked lines")
		}
		return nil
	}}
}

func examine(ctx context.Context, at local.Layout, d local.Directions) []finding {
	findings := []finding{probe(ctx, at, local.ServiceBroker, "takes connections at "+d.Broker)}
	ledgerFinding := probe(ctx, at, local.ServiceLedger, "answers at "+d.Ledger)
	var state ledger.Doctor
	if ledgerFinding.Healthy {
		var err error
		if state, err = audit.Doctor(ctx, d.Ledger); err != nil {
			ledgerFinding = finding{local.ServiceLedger, false, err.Error()}
		} else {
			ledgerFinding.Says += fmt.Sprintf("; %d entries, unwitnessed, %d waiting", state.Size, state.Queue)
			if state.Witnessed {
				ledgerFinding.Says = strings.Replace(ledgerFinding.Says, "unwitnessed", "witnessed", 1)
			}
			if state.Faults > 0 {
				ledgerFinding.Healthy, ledgerFinding.Says = false, ledgerFinding.Says+fmt.Sprintf("; %d faults, the last: %s", state.Faults, state.LastError)
			}
		}
	}
	findings = append(findings, ledgerFinding)
	for _, a := range d.Agencies {
		if a.Kind != events.Auditor {
			findings = append(findings, examineAgency(ctx, at, a, state))
		}
	}
	return findings
}

func examineAgency(ctx context.Context, at local.Layout, a local.Address, state ledger.Doctor) finding {
	c, known := state.Agencies[a.Agency]
	switch {
	case a.Intake == "" && known:
		waiting := strings.Replace(count(c.Assigned-min(c.Reported, c.Assigned), "delivery"), "deliverys", "deliveries", 1)
		return finding{string(a.Agency), true, fmt.Sprintf("%s, in the directory, no service here; the hub keeps %s for it", a.Kind, waiting)}
	case a.Intake == "":
		return finding{string(a.Agency), true, fmt.Sprintf("%s, in the directory, no service here", a.Kind)}
	case !known:
		return probe(ctx, at, string(a.Agency), fmt.Sprintf("%s, its systems at %s", a.Kind, a.Intake))
	}
	return probe(ctx, at, string(a.Agency), fmt.Sprintf("%s, its systems at %s; stored %d of %d deliveries", a.Kind, a.Intake, c.Reported, c.Assigned))
}

func probe(ctx context.Context, at local.Layout, name, healthy string) finding {
	switch err := at.Probe(ctx, name); {
	case errors.Is(err, os.ErrPermission):
		return finding{name, false, "runs as another user: run this as the user who started it"}
	case err != nil:
		return finding{name, false, "does not answer; its log is " + at.Log(name)}
	}
	return finding{name, true, healthy}
}

func showFindings(out io.Writer, at local.Layout, findings []finding, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(out, findings, jsontext.WithIndent("  "))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Hub in %s\n\n", at.Root)
	for _, f := range findings {
		mark := " "
		if !f.Healthy {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s %-24s %s\n", mark, f.Part, f.Says)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
