package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency"
	"handrail/services/agency/client"
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
		where, findings, err := o.examine(c.Context())
		if err != nil {
			return err
		}
		if err := showFindings(c.OutOrStdout(), where, findings, o.output == "json"); err != nil {
			return err
		}
		if slices.ContainsFunc(findings, func(f finding) bool { return !f.Healthy }) {
			return errors.New("something needs attention; see the marked lines")
		}
		return nil
	}}
}

// examine looks at the hub that --hub names, or at everything of a data directory.
func (o *options) examine(ctx context.Context) (where string, findings []finding, err error) {
	if o.hub != "" && o.data == "" {
		found, _ := examineLedger(ctx, o.hub, exchange.Transport{})
		return o.hub, []finding{found}, nil
	}
	at, err := o.at()
	if err != nil {
		return "", nil, err
	}
	directions, err := at.Directions()
	if err != nil {
		return "", nil, err
	}
	return at.Root, examineAll(ctx, at, directions), nil
}

const (
	patience = 5 * time.Second // how long one part has to answer
	silence  = 2 * time.Minute // agencies report their position at least every 30 s
)

func examineLedger(ctx context.Context, hub string, way exchange.Transport) (finding, ledger.Doctor) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	state, err := audit.DoctorBy(ctx, hub, way)
	if err != nil {
		return finding{local.ServiceLedger, false, err.Error()}, state
	}
	witnessed := "unwitnessed"
	if state.Witnessed {
		witnessed = fmt.Sprintf("witnessed up to %d", state.WitnessedSize)
	}
	f := finding{local.ServiceLedger, true, fmt.Sprintf("answers at %s; %d entries, %s, %d waiting", hub, state.Size, witnessed, state.Queue)}
	switch {
	case state.Standby:
		f.Says += "; another ledger leads, this one stands by"
	case !state.Active:
		f.Healthy, f.Says = false, f.Says+"; it does not lead: "+state.LastError
	case !state.Broker:
		f.Healthy, f.Says = false, f.Says+"; the broker is away"
	case state.Faults > 0:
		f.Healthy, f.Says = false, f.Says+fmt.Sprintf("; faults since its start: %d, the last: %s", state.Faults, state.LastError)
	}
	if refusing := witnessesRefusing(state); len(refusing) > 0 {
		f.Healthy, f.Says = false, f.Says+"; do not cosign: "+strings.Join(refusing, "; ")+". Call them before you restart or restore anything"
	}
	return f, state
}

// witnessesRefusing says in words which agencies do not cosign the log, and why.
func witnessesRefusing(state ledger.Doctor) []string {
	var all []string
	for _, agency := range slices.Sorted(maps.Keys(state.Agencies)) {
		w := state.Agencies[agency].Witness
		if w != nil && w.Finding != "" && w.Finding != events.FindingOldSize {
			all = append(all, fmt.Sprintf("%s (%s)", agency, findingText(w.Finding)))
		}
	}
	return all
}

func findingText(f events.Finding) string {
	switch f {
	case events.FindingInconsistent:
		return "the log does not go on from what it cosigned: it was forked"
	case events.FindingRolledBack:
		return "the log is shorter than what it cosigned: it was rolled back"
	case events.FindingUnsigned:
		return "it was offered a checkpoint that the log's key did not sign"
	case events.FindingStateLost:
		return "it does not know what it cosigned, and waits for its people to reset it"
	case events.FindingOldSize:
	}
	return string(f)
}

func examineAll(ctx context.Context, at local.Layout, d local.Directions) []finding {
	broker := probe(ctx, at, local.ServiceBroker, "takes connections at "+d.Broker)
	hub, state := examineLedger(ctx, d.LedgerURL(), d.Transport())
	if !hub.Healthy && state.Size == 0 {
		hub.Says += "; its log is " + at.Log(local.ServiceLedger)
	}
	findings := append([]finding{broker, hub}, examineAddresses(d)...)
	for _, a := range d.Agencies {
		if a.Kind != events.Auditor {
			findings = append(findings, examineAgency(ctx, at, a, state))
		}
	}
	if d.Start != "" {
		findings = append(findings,
			probe(ctx, at, local.ServiceTrail, "serves auditors pages at "+d.PagesOf(d.Auditor)),
			probe(ctx, at, local.ServiceStart, "serves the start page at "+d.StartURL()))
	}
	return findings
}

func examineAgency(ctx context.Context, at local.Layout, a local.Address, state ledger.Doctor) finding {
	c, known := state.Agencies[a.Agency]
	switch {
	case a.Intake == "" && known:
		waiting := count(c.Assigned-min(c.Reported, c.Assigned), "delivery", "deliveries")
		return finding{string(a.Agency), true, fmt.Sprintf("%s, in the directory, no service here; the hub keeps %s for it", a.Kind, waiting)}
	case a.Intake == "":
		return finding{string(a.Agency), true, fmt.Sprintf("%s, in the directory, no service here", a.Kind)}
	}
	f := probe(ctx, at, string(a.Agency), fmt.Sprintf("%s, its systems at %s", a.Kind, a.Intake))
	if !f.Healthy {
		return f
	}
	if c.Witness != nil {
		f.Says += fmt.Sprintf("; cosigned %d of %d entries", c.Witness.Size, state.Size)
	}
	f = askAgency(ctx, at, a, f, c.Assigned, known)
	if known && c.Reported < c.Assigned && (c.At == nil || time.Since(*c.At) > silence) {
		f.Healthy, f.Says = false, f.Says+"; the hub has not heard for two minutes that it stored more"
	}
	return f
}

// askAgency adds what the agency's own doctor finds.
func askAgency(ctx context.Context, at local.Layout, a local.Address, f finding, assigned uint64, known bool) finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	people := client.People(at.Agency(a.Agency))
	var status agency.Status
	var health agency.Health
	if err := errors.Join(people.Get(ctx, "/v1/status", &status), people.Get(ctx, "/v1/doctor", &health)); err != nil {
		return finding{f.Part, false, "its own doctor does not answer; its log is " + at.Log(f.Part)}
	}
	if known {
		f.Says += fmt.Sprintf("; stored %d of %d deliveries", status.Position, assigned)
	}
	for _, check := range health.Checks {
		if !check.OK {
			f.Healthy, f.Says = false, f.Says+"; "+check.Name+": "+check.Text
		}
	}
	return f
}

func probe(ctx context.Context, at local.Layout, name, healthy string) finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch err := at.Probe(ctx, name); {
	case errors.Is(err, os.ErrPermission):
		return finding{name, false, "runs as another user: run this as the user who started it"}
	case err != nil:
		return finding{name, false, "does not answer; its log is " + at.Log(name)}
	}
	return finding{name, true, healthy}
}

func showFindings(out io.Writer, where string, findings []finding, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(out, findings, jsontext.WithIndent("  "))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Hub in %s\n\n", where)
	for _, f := range findings {
		mark := " "
		if !f.Healthy {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s %-26s %s\n", mark, f.Part, f.Says)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
