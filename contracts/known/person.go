package known

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"handrail/events"
)

const moment = "2 Jan 2006 15:04"

// ForPerson is the sheet to hand to the person: plain words, an agency at a time,
// in the order in which each first learnt something. Times are in zone.
func (s Sheet) ForPerson(now time.Time, zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Who knows what about me\nCase %s, %s\n\n", s.Case, now.In(zone).Format(moment+" MST"))
	if s.Desk != "" {
		fmt.Fprintf(&b, "%s\n  I told them myself. They wrote down what I said, and asked the others below.\n", s.kindOf(s.Desk))
	}
	var order []events.AgencyID
	for _, l := range s.Learnt {
		if !slices.Contains(order, l.Who) {
			order = append(order, l.Who)
		}
	}
	for _, agency := range order {
		fmt.Fprintf(&b, "\n%s\n", s.kindOf(agency))
		for _, l := range s.Learnt {
			if l.Who == agency {
				l.tell(&b, zone)
			}
		}
	}
	if len(s.Nothing) > 0 {
		fmt.Fprintf(&b, "\nTold nothing: %s.\n", join(s.Nothing, ", "))
	}
	b.WriteString("\nI may take back what I agreed to, at any of these desks, at any time. Whoever has something of mine must then say what it did with it.\n")
	return b.String()
}

func (l Learnt) tell(b *strings.Builder, zone *time.Location) {
	fmt.Fprintf(b, "  since %s: %s\n", l.At.In(zone).Format(moment), l.inWords())
	fmt.Fprintf(b, "    because %s%s\n", reasons()[l.Leave], forWhat(l.For))
	for _, o := range l.Opened {
		fmt.Fprintf(b, "    read %s by: %s, for %s, on the ground of %s\n", o.At.In(zone).Format(moment), plain(string(o.Role)), plain(string(o.Purpose)), BasisWords(o.Basis))
	}
	if len(l.records) > 0 && len(l.Opened) == 0 {
		b.WriteString("    nobody has read it yet\n")
	}
	switch a := l.Answer; {
	case a == nil:
	case a.Owed:
		b.WriteString("    asked what it did with it: no answer yet\n")
	case a.Said == events.Erased:
		fmt.Fprintf(b, "    deleted on %s\n", a.At.In(zone).Format(moment))
	default:
		fmt.Fprintf(b, "    %s until %s, on the ground of %s\n", map[events.ErasureAnswer]string{events.Kept: "kept", events.Restricted: "kept and not used"}[a.Said],
			a.Until.Time().In(zone).Format("2 Jan 2006"), plain(string(a.Ground)))
	}
}

func forWhat(p events.Purpose) string {
	if p == "" {
		return ""
	}
	return "; for " + plain(string(p))
}

func (l Learnt) inWords() string {
	if l.What != Sealed {
		return map[What]string{
			MatchingFacts: "that somebody needs help: how soon, which region, adult or child, which language; not who I am",
			Lateness:      "that an answer is late and whom to call; nothing about me",
			Met:           "that somebody was met; not who I am",
			Question:      "a question that was asked about me",
			AnAnswer:      "the answer to a question about me",
		}[l.What]
	}
	words := make([]string, len(l.Sections))
	for i, section := range l.Sections {
		words[i] = SectionWords(section)
	}
	return strings.Join(words, "; ")
}

// SectionWords says in the person's words what a section holds.
func SectionWords(s events.Section) string {
	return map[events.Section]string{
		"identity": "who I am", "contact": "how to reach me safely", "needs": "what I need", "risk": "what is dangerous for me", "health": "my health",
		"testimony": "what I told about what was done to me", "travel": "my travel papers", "statistics": "what is counted, without my name", "question": "questions and answers about me",
	}[s]
}

func reasons() map[Leave]string {
	return map[Leave]string{
		ByConsent: "I agreed", ByEmergency: "somebody saw a danger to life, and a second person has to confirm it", ByAsking: "they were asked for help",
		ByTurn: "they were the next to be asked for help", ByChase: "nobody had answered in time", ByDuty: "the law asks that it be told",
		AskedBack: "they asked before they answered", NotNeeded: "the rules for children ask that it be told at once",
	}
}

// BasisWords says in the person's words on which ground somebody read.
func BasisWords(b events.LegalBasis) string {
	return map[events.LegalBasis]string{
		"consent": "what I agreed to", "vital-interest": "danger to somebody's life", "legal-obligation": "a duty by law", "public-task": "a public task by law",
	}[b]
}

// Agencies lists who learnt something, sorted.
func (s Sheet) Agencies() []events.AgencyID {
	all := map[events.AgencyID]bool{}
	for _, l := range s.Learnt {
		all[l.Who] = true
	}
	return slices.Sorted(maps.Keys(all))
}
