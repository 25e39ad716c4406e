package audit

import (
	"fmt"
	"strings"

	"handrail/events"
)

// words says in plain words what a statement adds to its name; empty where the
// name tells all that is in clear.
func words(facts events.Payload) string {
	switch p := facts.(type) {
	case *events.ReferralRequested:
		if p.Order == events.InTurn {
			return "in turn: " + join(p.To, ", then ")
		}
	case *events.ReferralAcknowledged:
		if p.Duty != "" {
			return "by " + string(p.Duty)
		}
	case *events.ReferralConfirmed:
		return string(p.Provider) + " had accepted by telephone"
	case *events.CaseLinked:
		return "case " + string(p.Case) + " is a case of its own for a foreign mission"
	case *events.IncidentLinked:
		return "one of the cases of incident " + string(p.Incident)
	case *events.AgeDetermined:
		return "the person is " + map[events.AgeClass]string{events.Adult: "an adult", events.Child: "a child", events.Unsure: "of unsure age, so a child until determined"}[p.Age]
	case *events.HelpDeclined:
		return "not now; the way back: " + strings.ReplaceAll(string(p.WayBack), "-", " ")
	case *events.EmergencyDisclosed:
		return fmt.Sprintf("%s may have %s at once, without consent: danger to %s; signed by %s", p.To, join(p.Sections, ", "), p.Reason, p.Staff)
	case *events.EmergencyConfirmed:
		told := map[events.Told]string{"told": "the person was told", "would-endanger": "the person was not told, which would endanger somebody"}
		return "by " + string(p.Staff) + "; " + told[p.Person]
	case *events.TravelDocumentIssued:
		return "valid until " + p.Until.Time().Format("2006-01-02")
	case *events.ReturnRiskAssessed:
		return string(p.Outcome)
	case *events.ReturnAgreed:
		return "by the " + strings.ReplaceAll(string(p.By), "-", " ")
	default:
		return hubWords(facts)
	}
	return ""
}

// hubWords are the words for what the hub itself says.
func hubWords(facts events.Payload) string {
	switch p := facts.(type) {
	case *events.ReferralNotNeeded:
		return string(p.To) + " is no longer needed"
	case *events.ReferralEscalated:
		return step(p)
	case *events.DeadlineDueSoon:
		return fmt.Sprintf("%s owes %s until %s (set by entry %d)", p.Owes, p.Duty.Says(), p.Due.Time().Format(shown), p.Set)
	case *events.DeadlineMissed:
		return fmt.Sprintf("%s did not give %s by %s (set by entry %d)", p.Owes, p.Duty.Says(), p.Due.Time().Format(shown), p.Set)
	case *events.ConsularAllowed:
		return "foreign missions may be addressed in this case"
	case *events.ConsularBarred:
		return "no foreign mission may be addressed in this case any more"
	}
	return ""
}

// step is where a chase turns to.
func step(p *events.ReferralEscalated) string {
	because := ", for want of " + p.Because.Says()
	switch p.Step {
	case events.NextCandidate:
		return string(p.To) + " is asked next" + because
	case events.StaffedDuty:
		return "the duty of " + string(p.To) + ", staffed at this hour, is told" + because
	case events.ToCoordinator:
		return "the coordinator, " + string(p.To) + ", is told" + because
	}
	return ""
}

func join[T ~string](of []T, with string) string {
	parts := make([]string, len(of))
	for i, one := range of {
		parts[i] = string(one)
	}
	return strings.Join(parts, with)
}
