package audit

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// endedEarly tells, of which cases put in, that retention ended too soon.
const endedEarly = "The retention %s ended sooner behind an entry that it took than the profile says. Only a refusal may be so young: otherwise the hub destroyed what it had to keep. Ask its operator, and compare with what the agencies were delivered."

// ShowLog writes what a log that verifies holds, for people or as JSON.
func ShowLog(out io.Writer, r LogReport, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(out, struct {
			LogReport

			Verified  bool       `json:"verified"`
			Witnesses []Cosigned `json:"witnesses"`
		}{r, true, cosigned(r.Witnesses)}, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	c := r.Counts
	if r.LeavesOnly {
		fmt.Fprintf(&b, "Verified: every leaf is of its opening, and the %d leaves give the root that the checkpoint signs. Nothing was judged.\n", r.Size)
	} else {
		fmt.Fprintf(&b, "Verified: the whole log of %d entries.\n", r.Size)
		fmt.Fprintf(&b, "  %d cases, %d statements judged again, %d signatures; %d refusals.\n", c.Cases, c.Judged, c.Signatures, c.Refused)
		fmt.Fprintf(&b, "  %d records were erased at the hub, %d cases' openings destroyed when their retention ended; auditors read %d times; %d witnesses began anew.\n", c.Erased, c.Retired, c.Readings, c.Resets)
	}
	if len(r.Early) > 0 {
		fmt.Fprintf(&b, "  "+endedEarly+"\n", fmt.Sprintf("of %d cases (first: entry %d)", len(r.Early), r.Early[0]))
	}
	b.WriteString(witnessText(r.Witnesses, r.Witnessed, r.Profile) + "\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// ShowExport writes what an export that verifies holds, for people or as JSON: the
// replay of its case as of now, who exported it and when, and the pins to compare.
func ShowExport(out io.Writer, x Export, v Verified, compared bool, now time.Time, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(out, struct {
			Replay

			By       string `json:"exported_by"`
			Exported string `json:"exported"`
			Pins     Pins   `json:"pins"`
			Compared bool   `json:"pins_compared"`
		}{v.Replay(now), string(x.By), x.Exported.String(), v.Pins, compared}, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	if err := Show(out, v, now, false); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nExported by %s on %s.\n%s", x.By, x.Exported, pinsText(v.Pins, compared))
	return err
}

func pinsText(p Pins, compared bool) string {
	if compared {
		return "It is of the hub whose pins this auditor has.\n"
	}
	return "Compare with what the hub's operator or another party published; only then do you know whose log this is:\n" + p.Text()
}

// ShowProof writes what a proof shows, for people or as JSON.
func ShowProof(out io.Writer, p ProvedEntry, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(out, p, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Verified: the log of %d entries holds entry %d, %s on %s UTC.\n", p.LogSize, p.Number, p.Verdict, p.Admitted.Format(shown))
	switch {
	case p.Rule != "":
		fmt.Fprintf(&b, "  %s sent something that was refused by %s.\n", p.Who, p.Rule)
	default:
		fmt.Fprintf(&b, "  %s said %s (%s) about %s.\n", p.Who, p.What, p.ID, p.Subject)
	}
	var by []string
	for _, one := range p.Witnesses {
		by = append(by, fmt.Sprintf("%s (%s) on %s", one.Agency, one.Kind, one.At.Format(shown)))
	}
	switch {
	case !p.Judged:
		b.WriteString("Who witnessed it cannot be said without the directory: name an export of the same hub with --directory.\n")
	case p.Witnessed:
		b.WriteString("Witnessed by " + strings.Join(by, ", ") + ".\n")
	case len(by) > 0:
		b.WriteString("Unwitnessed: cosigned only by " + strings.Join(by, ", ") + ".\n")
	default:
		b.WriteString("Unwitnessed: no agency has cosigned its checkpoint.\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// ShowCompleteness writes what a check for completeness found, for people or as JSON.
func ShowCompleteness(out io.Writer, c Completeness, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(out, c, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Complete: %s, in a log of %d entries.\n", c.Agency, c.LogSize)
	fmt.Fprintf(&b, "  Every delivery number from 1 to %d is accounted for: %d events, %d receipts, %d refusals, %d tombstones. It has stored %d.\n", c.Assigned, c.Events, c.Receipts, c.Refusals, c.Tombstones, c.Reported)
	fmt.Fprintf(&b, "  Each of its %d correctly signed submissions was answered.\n", c.Submissions)
	if s := c.Shown; s != nil {
		fmt.Fprintf(&b, "  Of the %d submissions that it shows %d have a receipt or refusal that holds; %d wait for one. Its %d deliveries are what the log holds.\n", s.Submissions, s.Answered, s.Waiting, s.Deliveries)
	} else {
		b.WriteString("  What the agency itself can show was not compared: `handrail evidence` writes it, --evidence takes it.\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}
