package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
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
	Erased   bool            `json:"erased,omitempty"`
}

// Replay is a verified trail as it is shown.
type Replay struct {
	Case      events.CaseID `json:"case"`
	Status    mou.Status    `json:"status"`
	Profile   string        `json:"profile"`
	Verified  bool          `json:"verified"`
	Witnessed bool          `json:"witnessed"`
	LogSize   uint64        `json:"log_size"`
	Entries   []Line        `json:"entries"`
	Clocks    []mou.Clock   `json:"clocks"`
}

// Replay gives a verified trail as it is shown, with the clocks as of now.
func (v Verified) Replay(now time.Time) Replay {
	r := Replay{
		Case: v.Trail.Case, Status: v.Case.Status(), Profile: v.Trail.Profile,
		Verified: true, Witnessed: v.Trail.Witnessed, LogSize: v.Size, Entries: []Line{}, Clocks: v.Case.Clocks(now),
	}
	for _, s := range v.Steps {
		line := Line{
			Number: s.Entry.Number, Admitted: s.Entry.Admitted, Who: s.By, Verdict: s.Entry.Verdict, Clause: s.Entry.Clause,
			Rule: s.Entry.Rule, Pointer: s.Entry.Pointer, Reason: s.Reason, Erased: s.Erased, Late: s.Item.Late, Facts: s.Facts,
		}
		if s.Entry.Verdict == tlog.Admitted {
			line.What, line.Says = s.Type.Name(), words(s.Facts)
			happened := s.Item.Happened()
			line.Happened = &happened
		}
		if said, ok := s.Facts.(events.Statement); ok {
			_, recorded := said.Times()
			at := recorded.Time()
			line.Recorded = &at
		}
		r.Entries = append(r.Entries, line)
	}
	return r
}

// Show writes a verified trail for people, or as JSON.
func Show(out io.Writer, v Verified, now time.Time, asJSON bool) error {
	r := v.Replay(now)
	if asJSON {
		return json.MarshalWrite(out, r, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	witnessed := "unwitnessed: no agency countersigns the log yet"
	if r.Witnessed {
		witnessed = "witnessed"
	}
	fmt.Fprintf(&b, "Case %s, %s, under %s\n", r.Case, r.Status, r.Profile)
	fmt.Fprintf(&b, "Verified: every signature, leaf, proof, link and verdict; log of %d entries, %s.\n\n", r.LogSize, witnessed)
	fmt.Fprintf(&b, "%5s  %-19s  %-8s %-8s  %-24s %-24s %-6s %s\n", "entry", "admitted (UTC)", "happened", "recorded", "who", "what", "clause", "verdict")
	for _, line := range r.Entries {
		b.WriteString(line.text())
	}
	b.WriteString("\nClocks\n")
	for _, c := range r.Clocks {
		b.WriteString(clockText(c))
	}
	if len(r.Clocks) == 0 {
		b.WriteString("  none\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
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

func clockText(c mou.Clock) string {
	state := string(c.State)
	if slices.Contains([]mou.ClockState{mou.ClockMet, mou.ClockLateMet}, c.State) && c.Met != 0 {
		state += fmt.Sprintf(" by entry %d", c.Met)
	}
	return fmt.Sprintf("  %-24s set by entry %d, %s owes it, due %s: %s\n", c.Rule, c.Set, c.Owes, c.Due.Format(shown), state)
}
