package known

import (
	"fmt"
	"strings"
	"time"

	"handrail/events"
)

const tableRow = "%-8s  %-24s %-24s %-22s %-20s %-16s %s"

// Table draws the sheet for people who work with the log, a line for each thing
// learnt, and names who was told nothing. Times are of the day, in UTC.
func (s Sheet) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, tableRow+"\n", "when", "who", "learnt", "upon", "allowed by", "for", "since then")
	for _, l := range s.Learnt {
		line := fmt.Sprintf(tableRow, l.At.Format(time.TimeOnly), l.Who, l.Short(), l.Upon, l.allowed(), l.For, l.since())
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("Told nothing about the person: " + join(s.Nothing, ", "))
	return b.String()
}

// Short is what was learnt, in a word or two.
func (l Learnt) Short() string {
	switch l.What {
	case MatchingFacts:
		return "matching facts"
	case Lateness:
		return "that an answer is late"
	case Met:
		return "that somebody was met"
	case Question:
		return "a question"
	case AnAnswer:
		return "an answer"
	case Sealed:
	}
	return join(l.Sections, ", ")
}

func (l Learnt) allowed() string {
	switch l.Leave {
	case ByConsent, ByEmergency:
		return fmt.Sprintf("%s of entry %d", l.Leave, l.Entry)
	case ByAsking:
		return fmt.Sprintf("asked, entry %d", l.Entry)
	case ByTurn:
		return fmt.Sprintf("its turn, entry %d", l.Entry)
	case ByChase:
		return fmt.Sprintf("told, entry %d", l.Entry)
	case ByDuty:
		return fmt.Sprintf("duty to notify, %d", l.Entry)
	case AskedBack:
		return "asked back"
	case NotNeeded:
	}
	return "no consent needed"
}

func (l Learnt) since() string {
	var parts []string
	if n := len(l.Opened); n > 0 {
		parts = append(parts, fmt.Sprintf("opened %d times, last %s", n, l.Opened[n-1].At.Format(time.TimeOnly)))
		if n == 1 {
			parts[0] = "opened " + l.Opened[0].At.Format(time.TimeOnly)
		}
	}
	switch a := l.Answer; {
	case a == nil:
	case a.Owed:
		parts = append(parts, "no answer yet")
	default:
		said := string(a.Said) + " " + a.At.Format(time.TimeOnly)
		if a.Ground != "" {
			said += ", " + string(a.Ground)
		}
		parts = append(parts, said)
	}
	return strings.Join(parts, "; ")
}

func join[T ~string](all []T, between string) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return strings.Join(texts, between)
}

// kindOf is an agency with what it is, as far as the directory says.
func (s Sheet) kindOf(a events.AgencyID) string {
	if kind := s.Kinds[a]; kind != "" {
		return fmt.Sprintf("%s (%s)", a, plain(string(kind)))
	}
	return string(a)
}

func plain(code string) string { return strings.ReplaceAll(code, "-", " ") }
