package mou_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"handrail/contracts/mou"
)

// factsTable shows what is said of each country and how sure we are.
func factsTable(t *testing.T) string {
	var rows []string
	for _, ref := range mou.ProfileRefs() {
		p := memorandum(t, ref).Profile
		for _, name := range slices.Sorted(maps.Keys(p.Facts)) {
			f := p.Facts[name]
			rows = append(rows, line("`"+ref+"`", name, f.Says, fmt.Sprintf("[%s] %s", f.Confidence.Says(), f.Source)))
		}
		if len(p.Facts) > 0 {
			rows = append(rows, line("`"+ref+"`", "whom a notice goes to", names(p.Notices.To, ""), fmt.Sprintf("[%s] %s", p.Notices.Confidence.Says(), p.Notices.Source)))
		}
	}
	return table("Profile | What | Says | Source", rows...)
}

func wallsTable(p *mou.Profile) string {
	var rows []string
	for _, w := range p.Walls {
		rows = append(rows, line(string(w.From), string(w.To), fmt.Sprintf("[%s] %s", w.Confidence.Says(), w.Source)))
	}
	return table("Between | And | Source", rows...)
}

// proofTable shows what each profile says of the log: what counts as witnessed,
// how long it can be opened, and what one auditor may not read alone.
func proofTable(t *testing.T) string {
	var rows []string
	for _, ref := range mou.ProfileRefs() {
		p := memorandum(t, ref).Profile
		kept, second := p.Durations["retention"], names(p.SecondReader.For, "")
		if second == "" {
			second = "nothing"
		}
		rows = append(rows, line("`"+ref+"`",
			fmt.Sprintf("%d, of %d kinds [%s]", p.Witnesses.Agencies, p.Witnesses.Kinds, p.Witnesses.Confidence.Says()),
			fmt.Sprintf("%s [%s]", kept.Value, kept.Confidence.Says()), fmt.Sprintf("%s [%s]", second, p.SecondReader.Confidence.Says())))
	}
	return table("Profile | Agencies that must have cosigned the log | Facts are kept after a case's last statement | A second auditor approves", rows...)
}
