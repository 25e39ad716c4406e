package conform

import (
	"slices"
	"strings"

	"handrail/contracts/mou"
	"handrail/events"
)

// correlation judges sentence 4 as far as one message shows it: which id an event
// is correlated with, and whether a cause can be one.
func correlation(r *Report, e events.Event) {
	const at = "attribute correlationid"
	own, itsCase := e.CorrelationID == e.ID, string(e.CorrelationID) == e.Subject
	switch {
	case e.Case() == "" || e.Type == events.TypeReferralRequested:
		if !own {
			r.add(mou.RuleCorrelation, at, "a request for help, and whatever is about no case, is correlated with itself: repeat the event's own id")
		}
	case ofReferral(e.Type):
		if own || itsCase {
			r.add(mou.RuleCorrelation, at, "an answer, a step or a record belongs to a referral: give the id of its referral.requested")
		}
	case !byHub(e.Type) && !itsCase:
		r.add(mou.RuleCorrelation, at, "a statement about the case itself is correlated with the case: repeat the subject")
	}
	if e.Case() == "" && e.CausationID != e.ID {
		r.add(mou.RuleCauseUnknown, "attribute causationid", "what is about no case has no cause but itself: repeat the event's own id")
	}
}

// ofReferral lists what belongs to a referral: answers and steps of it, and
// whatever is about a record.
func ofReferral(t events.Type) bool {
	name := t.Name()
	if t == events.TypeReferralEscalated { // may be of a case too, as deadlines may
		return false
	}
	thing, _, _ := strings.Cut(name, ".")
	return slices.Contains([]string{"referral", "handover", "service", "record", "erasure", "nationality", "traveldocument", "return"}, thing)
}

// byHub is what the hub says of a referral or of a case.
func byHub(t events.Type) bool {
	return slices.Contains([]events.Type{events.TypeReferralEscalated, events.TypeDeadlineDueSoon, events.TypeDeadlineMissed}, t)
}
