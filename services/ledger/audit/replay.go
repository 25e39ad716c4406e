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
)

// Replay is a verified trail as it is shown.
type Replay struct {
	Case       events.CaseID      `json:"case"`
	AsOf       time.Time          `json:"as_of"` // of the clocks
	Status     mou.Status         `json:"status"`
	Owner      events.AgencyID    `json:"owner,omitzero"` // the contact desk
	Profile    string             `json:"profile"`
	Verified   bool               `json:"verified"` // always true: what does not verify is not shown
	Witnessed  bool               `json:"witnessed"`
	Witnesses  []Cosigned         `json:"witnesses"`
	LogSize    uint64             `json:"log_size"`
	Entries    []Line             `json:"entries"`
	Referrals  []mou.Referral     `json:"referrals"`
	Records    []mou.SealedRecord `json:"records"`
	Clocks     []mou.Clock        `json:"clocks"`
	Erased     []Erasure          `json:"erased"`
	Answers    []Answer           `json:"answers"` // of holders about what they held; without an answer: it is owed
	Readings   []Reading          `json:"readings"`
	Retirement *Retirement        `json:"retention_ended,omitzero"`
}

// Replay gives a verified trail as it is shown, with the clocks as of now.
func (v Verified) Replay(now time.Time) Replay {
	r := Replay{
		Case: v.Trail.Case, AsOf: now.UTC(), Status: v.Case.Status(), Owner: v.Case.Owner(), Profile: v.Trail.Profile,
		Verified: true, Witnessed: v.Witnessed, Witnesses: cosigned(v.Witnesses), LogSize: v.Size, Entries: []Line{},
		Referrals: v.Case.Referrals(), Records: v.Case.Records(), Clocks: v.Case.Clocks(now),
		Erased: v.Erasures(), Answers: v.Answers(), Readings: v.Readings, Retirement: v.Retirement,
	}
	for _, s := range v.Steps {
		r.Entries = append(r.Entries, s.line())
	}
	return r
}

// line is a step as it is shown.
func (s Step) line() Line {
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
	return line
}

// Show writes a verified trail for people, or as JSON.
func Show(out io.Writer, v Verified, now time.Time, asJSON bool) error {
	r := v.Replay(now)
	if asJSON {
		return json.MarshalWrite(out, r, jsontext.WithIndent("  "), json.Deterministic(true))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Case %s, %s, under %s\n", r.Case, r.Status, r.Profile)
	b.WriteString(v.Holds() + "\n\n")
	fmt.Fprintf(&b, "%5s  %-19s  %-8s %-8s  %-24s %-24s %-6s %s\n", "entry", "admitted (UTC)", "happened", "recorded", "who", "what", "clause", "verdict")
	for _, line := range r.Entries {
		b.WriteString(line.text())
	}
	b.WriteString("\nReferrals\n")
	for _, one := range r.Referrals {
		b.WriteString(referralText(one))
	}
	none(&b, len(r.Referrals))
	fmt.Fprintf(&b, "\nClocks, as of %s\n", now.UTC().Format(shown))
	for _, c := range r.Clocks {
		b.WriteString(clockText(c))
	}
	none(&b, len(r.Clocks))
	b.WriteString(r.gone() + r.read())
	_, err := io.WriteString(out, b.String())
	return err
}

func none(b *strings.Builder, n int) {
	if n == 0 {
		b.WriteString("  none\n")
	}
}

// Holds says in words what verifying the trail showed, and who witnessed it.
func (v Verified) Holds() string {
	what := "every signature, leaf, proof, link and verdict"
	if r := v.Retirement; r != nil && r.Destroyed {
		what = fmt.Sprintf("openings destroyed on %s (retention, entry %d); every leaf and proof of its %d entries", r.At.Format(time.DateOnly), r.Number, r.Entries)
	}
	return fmt.Sprintf("Verified: %s; log of %d entries.\n%s", what, v.Size, witnessText(v.Witnesses, v.Witnessed, v.Profile))
}

// witnessText says who cosigned a checkpoint, and what that is worth.
func witnessText(all []tlog.Cosignature, enough bool, p *mou.Profile) string {
	var by []string
	for _, one := range all {
		by = append(by, fmt.Sprintf("%s (%s) on %s", one.Agency, one.Kind, one.At.Format(shown)))
	}
	asks := fmt.Sprintf("the profile asks for %d agencies of %d kinds", p.Witnesses.Agencies, p.Witnesses.Kinds)
	switch {
	case enough:
		return "Witnessed by " + strings.Join(by, ", ") + "; " + asks + "."
	case len(by) > 0:
		return "Unwitnessed: cosigned only by " + strings.Join(by, ", ") + "; " + asks + "."
	default:
		return "Unwitnessed: no agency has cosigned this checkpoint, and " + asks + ". Only the hub's word stands against a second history."
	}
}

func referralText(r mou.Referral) string {
	legs := make([]string, 0, len(r.Legs))
	for _, l := range r.Legs {
		text := fmt.Sprintf("%s %s", l.To, l.State)
		if l.Holds > 0 {
			text += fmt.Sprintf(", holds %d", l.Holds)
		}
		if l.Owes {
			text += ", owes an answer about it"
		}
		legs = append(legs, text)
	}
	return fmt.Sprintf("  entry %d, by %s for %s: %s\n", r.Number, r.By, r.Purpose, strings.Join(legs, "; "))
}

// gone says what was destroyed, what holders answered, and who has not.
func (r Replay) gone() string {
	if len(r.Erased)+len(r.Answers) == 0 && r.Retirement == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nDestroyed, kept, and still to answer\n")
	for _, e := range r.Erased {
		fmt.Fprintf(&b, "  entry %d, %s for %s: erased on %s by the hub (entry %d: %s)\n", e.Entry, e.Section, e.To, e.On.Format(shown), e.By, e.Because)
	}
	for _, a := range r.Answers {
		switch a.Answer {
		case "":
			fmt.Fprintf(&b, "  %s has not said yet what it did with what it held\n", a.Agency)
		case events.Erased:
			fmt.Fprintf(&b, "  what %s held: erased on %s by %s (entry %d)\n", a.Agency, a.On.Format(shown), a.Agency, a.Entry)
		default:
			fmt.Fprintf(&b, "  what %s held: %s until %s on the ground %s (entry %d)\n", a.Agency, a.Answer, a.Until.Time().Format(time.DateOnly), a.Ground, a.Entry)
		}
	}
	if r.Retirement != nil {
		state := "its openings are to be destroyed"
		if r.Retirement.Destroyed {
			state = "the openings of its entries were destroyed"
		}
		fmt.Fprintf(&b, "  retention ended on %s (entry %d); %s\n", r.Retirement.At.Format(shown), r.Retirement.Number, state)
		if r.Retirement.Early {
			fmt.Fprintf(&b, "  "+endedEarly+"\n", "of this case")
		}
	}
	return b.String()
}

// read says who read the case.
func (r Replay) read() string {
	if len(r.Readings) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nRead by auditors\n")
	for _, one := range r.Readings {
		approved := ""
		if one.Approved != "" {
			approved = ", approved by " + string(one.Approved)
		}
		fmt.Fprintf(&b, "  %s  %s, %s%s (entry %d)\n", one.At.Format(shown), one.Auditor, one.What, approved, one.Number)
	}
	return b.String()
}

func clockText(c mou.Clock) string {
	state := string(c.State)
	if slices.Contains([]mou.ClockState{mou.ClockMet, mou.ClockLateMet}, c.State) && c.Met != 0 {
		state += fmt.Sprintf(" by entry %d", c.Met)
	}
	return fmt.Sprintf("  %-24s set by entry %d, %s owes it, due %s: %s\n", c.Rule, c.Set, c.Owes, c.Due.Format(shown), state)
}
