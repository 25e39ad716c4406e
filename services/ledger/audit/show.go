package audit

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

const shown = "2006-01-02 15:04:05"

// ShowCases writes the list of cases, as text or as JSON with a field case.
func ShowCases(out io.Writer, cases []ledger.CaseSummary, asJSON bool) error {
	if asJSON {
		if cases == nil {
			cases = []ledger.CaseSummary{}
		}
		return json.MarshalWrite(out, cases, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	for _, c := range cases {
		if c.Retired != 0 {
			fmt.Fprintf(&b, "%s  %-9s  %2d entries  retention ended with entry %d\n", c.Case, "retired", c.Entries, c.Retired)
			continue
		}
		if c.Unreadable {
			fmt.Fprintf(&b, "%s  %2d entries  the hub's stored state of it cannot be read; `handrail audit` of its trail tells more\n", c.Case, c.Entries)
			continue
		}
		fmt.Fprintf(&b, "%s  %-9s  %2d entries  opened %s by %s\n", c.Case, c.Status, c.Entries, c.Opened.Format(shown), c.Owner)
	}
	if len(cases) == 0 {
		b.WriteString("The ledger has no case yet.\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// Line is one entry of a replay.
type Line struct {
	Number   uint64          `json:"number"`
	Happened *time.Time      `json:"happened,omitempty"`
	Recorded *time.Time      `json:"recorded,omitempty"`
	Admitted time.Time       `json:"admitted"`
	Late     bool            `json:"late,omitempty"`
	Who      events.AgencyID `json:"who"`
	What     string          `json:"what,omitempty"` // empty for a refusal: its content is not kept
	Says     string          `json:"says,omitempty"` // in plain words, what its name leaves open
	Facts    events.Payload  `json:"facts,omitempty"`
	Clause   string          `json:"clause,omitempty"`
	Verdict  tlog.Verdict    `json:"verdict"`
	Rule     events.Rule     `json:"rule,omitempty"`
	Pointer  string          `json:"pointer,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Erased   bool            `json:"erased,omitempty"` // the sealed record itself was destroyed at the hub
}

func (l Line) text() string {
	verdict := string(l.Verdict)
	if l.Rule != "" {
		verdict += " " + string(l.Rule)
		if l.Pointer != "" {
			verdict += " at " + l.Pointer
		}
	}
	if l.Late {
		verdict += ", late"
	}
	if l.Erased {
		verdict += ", content erased"
	}
	if l.Says != "" {
		verdict += ": " + l.Says
	}
	what := l.What
	if record, ok := l.Facts.(*events.Record); ok {
		what += " " + string(record.Header.Section)
	}
	return fmt.Sprintf("%5d  %-19s  %-8s %-8s  %-24s %-24s %-6s %s\n", l.Number, l.Admitted.Format(shown),
		clock(l.Happened, l.Admitted), clock(l.Recorded, l.Admitted), l.Who, what, l.Clause, verdict)
}

// clock shows a time of the day of admission as a time, any other as a date.
func clock(t *time.Time, admitted time.Time) string {
	switch {
	case t == nil:
		return "-"
	case t.YearDay() != admitted.YearDay() || t.Year() != admitted.Year():
		return t.Format("06-01-02")
	}
	return t.Format(time.TimeOnly)
}
