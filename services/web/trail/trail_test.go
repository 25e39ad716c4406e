package trail_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/web/trail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// text writes a page as plain text, so that people can read what a test compares.
func text(p trail.Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, as of %s; %d later\n", p.Steps.Says, p.Steps.At.Exact, p.Later)
	for _, l := range p.Lines {
		fmt.Fprintf(&b, "%d %s | %s", l.Number, l.Who, l.What)
		if l.Late {
			b.WriteString(" | late")
		}
		if l.Refused != "" {
			b.WriteString(" | " + l.Refused)
		}
		if l.Gone != "" {
			b.WriteString(" | " + l.Gone)
		}
		b.WriteString("\n")
		for _, f := range l.Facts {
			fmt.Fprintf(&b, "    %s: %s\n", f.Label, f.Text)
		}
		if l.Clause.Number != "" {
			fmt.Fprintf(&b, "    by clause %s, which %s may say\n", l.Clause.Number, l.Clause.Who)
		}
	}
	facts := func(title string, all []trail.Fact) {
		if len(all) > 0 {
			b.WriteString(title + "\n")
		}
		for _, f := range all {
			fmt.Fprintf(&b, "  %s: %s\n", f.Label, f.Text)
		}
	}
	facts("person", p.Person)
	for _, d := range p.Open {
		fmt.Fprintf(&b, "owed: %s, %s, due %s, %s, %s, %d tenths\n", d.Owes, d.What, d.Due.Exact, d.State, d.Left, d.Tenths)
	}
	for _, d := range p.Done {
		fmt.Fprintf(&b, "over: %s, %s, %s\n", d.Owes, d.What, d.State)
	}
	for _, r := range p.Asked {
		fmt.Fprintf(&b, "referral %d by %s for %s\n", r.Number, r.By, r.Purpose)
		for _, l := range r.Legs {
			fmt.Fprintf(&b, "  %s: %s, holds %d, owes %t\n", l.To, l.State, l.Holds, l.Owes)
		}
	}
	for _, c := range p.Consents {
		facts(fmt.Sprintf("consent: %s, %s, entry %d", c.To, c.Purpose, c.Entry), c.States)
	}
	for _, r := range p.Records {
		fmt.Fprintf(&b, "record %d: %s from %s to %s: %s %s\n", r.Number, r.Section, r.From, r.To, r.State, r.Gone)
	}
	facts("answers", p.Answers)
	facts("witnesses", p.Proof.By)
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name + ".txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; `go test ./services/web/trail -update` rewrites it. It is now:\n%s", file, got)
	}
}

func TestAHistoryReadsAsItStoodAtEachMoment(t *testing.T) {
	s := withdrawn(t)
	src := s.source("")
	number := func(event string) uint64 {
		for _, e := range src.Entries {
			if e.Item.Name() == event {
				return e.Number
			}
		}
		t.Fatalf("the story has no %s", event)
		return 0
	}
	for name, m := range map[string]trail.Moment{
		"now":      {},
		"asked":    {Number: number("referral.requested")},
		"between":  {Number: number("referral.requested") + 1}, // another case's entry
		"accepted": {Number: number("referral.accepted") + 3},  // and what it made the hub do
		"by-time":  {Time: s.start.Add(4*time.Minute + time.Second)},
		"before":   {Time: s.start.Add(-time.Hour)},
	} {
		page, err := trail.Of(english(t), src, m, s.now.Add(time.Hour))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name, text(page))
	}
}

func TestAnAgencyIsShownItsOwnPartOnly(t *testing.T) {
	s := withdrawn(t)
	page, err := trail.Of(english(t), s.source(harbour), trail.Moment{}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "harbour", text(page))
	for _, r := range page.Records {
		if strings.Contains(r.To, string(shelter)) {
			t.Errorf("harbour is shown a record for the shelter: %+v", r)
		}
	}
}

func TestAMomentIsReadFromAnAddress(t *testing.T) {
	place, err := time.LoadLocation("Europe/Tallinn")
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]trail.Moment{
		"":                                {},
		"at=41":                           {Number: 41},
		"at=41&step=2":                    {Number: 41},
		"step=2":                          {Step: 2},
		"step=0":                          {},
		"step=-3":                         {},
		"at=-1":                           {},
		"at=99999999999999999999":         {},
		"time=2026-03-02T11:30":           {Time: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)},
		"time=yesterday":                  {},
		"at=%3Cscript%3E&time=&step=none": {},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := trail.ParseMoment(values, place); got.Number != want.Number || got.Step != want.Step || !got.Time.Equal(want.Time) {
			t.Errorf("%q is read as %+v, want %+v", query, got, want)
		}
	}
}

// The slider counts steps, the links beside it entries of the log: both must lead to the same page.
func TestASliderAndALinkLeadToTheSamePage(t *testing.T) {
	s := withdrawn(t)
	src := s.source("")
	for i, e := range src.Entries {
		byStep, err := trail.Of(english(t), src, trail.Moment{Step: i + 1}, s.now)
		if err != nil {
			t.Fatal(err)
		}
		byNumber, err := trail.Of(english(t), src, trail.Moment{Number: e.Number}, s.now)
		if err != nil {
			t.Fatal(err)
		}
		if text(byStep) != text(byNumber) {
			t.Errorf("step %d and entry %d differ:\n%s\n%s", i+1, e.Number, text(byStep), text(byNumber))
		}
	}
}

func TestWhatWasRefusedIsShownWithoutWhatItSaid(t *testing.T) {
	s := withdrawn(t)
	src := s.source("")
	src.Entries = append(src.Entries, trail.Entry{Number: s.number + 1, Admitted: s.now, By: police, Rule: mou.RuleConsentRequired})
	src.Retired = trail.Retired{Number: s.number + 2, At: s.now, Entries: 9, Destroyed: true}
	src.Readings = []trail.Reading{{Number: s.number + 3, At: s.now.Add(-time.Minute), By: "sampleland-audit", What: events.ReadingReplay, Approved: "sampleland-second-audit"}}
	page, err := trail.Of(english(t), src, trail.Moment{}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	last := page.Lines[len(page.Lines)-1]
	if last.Refused == "" || len(last.Facts) != 0 || last.Happened != nil || last.What != "The hub refused a statement" {
		t.Errorf("a refusal is shown as %+v", last)
	}
	if !strings.Contains(page.Retired, "9 entries was destroyed") || len(page.Readings) != 1 || page.Readings[0].Approved == "" {
		t.Errorf("retired %q, readings %+v", page.Retired, page.Readings)
	}
}

func TestWhatWaitsStandsBehindTheLogAndMovesNoSlider(t *testing.T) {
	s := withdrawn(t)
	src := s.source("")
	steps := len(src.Entries)
	item := *src.Entries[0].Item
	src.Entries = append(src.Entries, trail.Entry{By: police, Item: &item, Waiting: true})
	page, err := trail.Of(english(t), src, trail.Moment{}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if page.Steps.Count != steps || len(page.Lines) != steps+1 || !page.Lines[steps].Waiting || page.Steps.Step != steps {
		t.Errorf("%d steps of %d, %d lines", page.Steps.Step, page.Steps.Count, len(page.Lines))
	}
	if page, err = trail.Of(english(t), src, trail.Moment{Step: 99}, s.now); err != nil || len(page.Lines) != steps {
		t.Errorf("%d lines behind the last step: %v", len(page.Lines), err)
	}
}
