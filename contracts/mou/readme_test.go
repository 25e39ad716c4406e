package mou_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
)

var update = flag.Bool("update", false, "write the published files instead of comparing them")

var generated = regexp.MustCompile(`(?s)<!-- ([a-z]+) -->\n.*?<!-- end -->`)

func TestReadmeShowsTheMemorandum(t *testing.T) {
	m := memorandum(t, "model@1")
	parts := map[string]string{
		"terms": termsTable(m), "chains": chainsTable(m), "axis": axis(t), "rules": rulesTable(), "clocks": clocksTable(t),
		"agreement": agreementTable(m.Profile), "powers": powersTable(m.Profile), "bundles": bundlesTable(m.Profile), "profiles": profilesTable(t), "facts": factsTable(t), "walls": wallsTable(m.Profile), "proof": proofTable(t),
	}
	have, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := generated.ReplaceAllStringFunc(string(have), func(section string) string {
		name := generated.FindStringSubmatch(section)[1]
		part, ok := parts[name]
		if !ok {
			t.Fatalf("README.md has a generated section %q that nothing writes", name)
		}
		delete(parts, name)
		return "<!-- " + name + " -->\n" + part + "<!-- end -->"
	})
	for name := range parts {
		t.Errorf("README.md has no section %q", name)
	}
	if want == string(have) {
		return
	}
	if !*update {
		t.Fatal("README.md does not show the memorandum as it is; run the tests with -update and read the difference")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(head string, rows ...string) string {
	columns := strings.Count(head, "|") + 1
	return "| " + head + " |\n|" + strings.Repeat("---|", columns) + "\n" + strings.Join(rows, "")
}

func line(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

func names[V ~string](list []V, quote string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = quote + string(v) + quote
	}
	return strings.Join(out, ", ")
}

func termsTable(m *mou.Memorandum) string {
	var rows []string
	for _, t := range m.Terms() {
		rows = append(rows, line(t.Clause, "`"+t.Event.Name()+"`", t.Who, names(t.Requires, "`"), t.Within))
	}
	return table("Clause | Event | Who | Requires | Clocks", rows...)
}

func chainsTable(m *mou.Memorandum) string {
	said := map[string][]string{}
	seen := map[string]string{}
	var order []string
	for _, t := range m.Terms() {
		if said[t.Chain] == nil {
			order = append(order, t.Chain)
		}
		said[t.Chain], seen[t.Chain] = append(said[t.Chain], t.Event.Name()), t.SeenBy
	}
	var rows []string
	for _, chain := range order {
		rows = append(rows, line("`"+chain+"`", names(said[chain], "`"), seen[chain]))
	}
	return table("Chain | Statements | Seen by", rows...)
}

func rulesTable() string {
	var rows []string
	for _, c := range mou.Refusals() {
		rows = append(rows, line("`"+string(c.Rule)+"`", c.Says))
	}
	return table("Rule | What must hold", rows...)
}

func clocksTable(t *testing.T) string {
	clocks := []struct{ rule, owes, from, period string }{
		{"child-protection-told", "contact desk", "case.opened, unless adult", "child-protection-told"},
		{"consent-provisional", "desk that asked", "a provisional consent.given", "consent-provisional"},
		{"consent-expiry", "desk that asked", "consent.given", ""},
		{"referral-acknowledge", "provider", "referral.requested, or referral.escalated in turn", "acknowledge"},
		{"referral-acknowledge, tonight", "provider", "referral.requested, or referral.escalated in turn", "acknowledge-tonight"},
		{"referral-answer", "provider", "referral.requested, or referral.escalated in turn", "answer"},
		{"referral-answer, tonight", "provider", "referral.requested, or referral.escalated in turn", "answer-tonight"},
		{"referral-confirm", "who asked", "referral.accepted by telephone, unless confirmed before", "confirm"},
		{"referral-confirm, tonight", "who asked", "referral.accepted by telephone, unless confirmed before", "confirm-tonight"},
		{"referral-escalated", "the duty that is told", "referral.escalated", "escalated"},
		{"referral-escalated, tonight", "the duty that is told", "referral.escalated", "escalated-tonight"},
		{"handover", "provider", "the planned time of each handover.arranged", "handover-report"},
		{"referral-feedback", "provider", "handover.completed", "feedback"},
		{"erasure-answer", "holder", "consent.withdrawn, consent.refused, referral.withdrawn, handover.failed, record.erased of a released record", "erasure-answer"},
		{"emergency-confirmed", "agency that disclosed", "emergency.disclosed", "emergency-confirmed"},
		{"– (an emergency opens sections)", "–", "emergency.disclosed", "emergency"},
		{"– (clocks stand still at most)", "–", "person.missing", "missing"},
		{"late-by-channel, in person", "–", "happened", "late-in-person"},
		{"late-by-channel, telephone", "–", "happened", "late-telephone"},
		{"late-by-channel, system", "–", "happened", "late-system"},
	}
	var head strings.Builder
	head.WriteString("Rule | Owed by | From")
	var loaded []*mou.Profile
	for _, ref := range mou.ProfileRefs() {
		loaded = append(loaded, memorandum(t, ref).Profile)
		head.WriteString(" | " + ref)
	}
	var rows []string
	for _, c := range clocks {
		cells := []string{"`" + c.rule + "`", c.owes, c.from}
		for _, p := range loaded {
			value := "as the person said"
			if d, ok := p.Durations[c.period]; ok {
				value = fmt.Sprintf("%s [%s]", d.Value, d.Confidence.Says())
			}
			cells = append(cells, value)
		}
		rows = append(rows, line(cells...))
	}
	return table(head.String(), rows...)
}

func agreementTable(p *mou.Profile) string {
	var rows []string
	for _, a := range p.Agreement {
		rows = append(rows, line(names(a.From, ""), names(a.To, ""), string(a.Purpose), names(a.Sections, ""), fmt.Sprintf("[%s] %s", a.Confidence.Says(), a.Source)))
	}
	var groups []string
	for _, name := range slices.Sorted(maps.Keys(p.Groups)) {
		groups = append(groups, line("**"+name+"**", names(p.Groups[name], "")))
	}
	return table("From | To | Purpose | Sections | Source", rows...) + "\n" + table("Group | Kinds of agency", groups...)
}

func powersTable(p *mou.Profile) string {
	var rows []string
	for _, power := range p.Powers {
		rows = append(rows, line(names(power.Events, "`"), names(power.Kinds, ""), fmt.Sprintf("[%s] %s", power.Confidence.Says(), power.Source)))
	}
	return table("Statements | Groups or kinds | Source", rows...)
}

func bundlesTable(p *mou.Profile) string {
	var rows []string
	for _, name := range slices.Sorted(maps.Keys(p.Bundles)) {
		b := p.Bundles[name]
		rows = append(rows, line("`"+name+"`", b.Says, string(b.Class), string(b.Purpose), names(b.Sections, ""), b.Expires.String()))
	}
	return table("Bundle | What the person agrees to | Class | Purpose | Sections | For", rows...)
}

func profilesTable(t *testing.T) string {
	var rows []string
	for _, ref := range mou.ProfileRefs() {
		p := memorandum(t, ref).Profile
		rows = append(rows, line("`"+ref+"`", p.About, cmp.Or(p.Extends, "–"), names(p.Notices.To, "")+" ["+p.Notices.Confidence.Says()+"]",
			names(p.Escalation.Duty, "")+"; the coordinator also of "+names(p.Escalation.Coordinator, "")+" ["+p.Escalation.Confidence.Says()+"]",
			fmt.Sprintf("with 1/%d of the time left [%s]", p.DueSoon.OneIn, p.DueSoon.Confidence.Says()), p.Timezone.Value+" ["+p.Timezone.Confidence.Says()+"]"))
	}
	return table("Profile | What it is | Extends | Notices go to | Chase: duties on call | Reminder | Hours are in", rows...)
}
