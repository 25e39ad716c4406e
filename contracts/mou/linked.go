package mou

import (
	"slices"
	"strings"

	"handrail/events"
)

// linked checks what a statement's envelope says that it belongs to and follows
// from, after its term was checked. Both ids reach everybody who gets the
// event, so neither may name what one of them does not see.
func (c Case) linked(a Act) *events.Violation {
	if !c.correlated(a) {
		return events.Refuse(RuleCorrelation, "attribute correlationid",
			"correlate an answer, a step or a record with its referral, a request with itself, and everything else with the case")
	}
	if a.Event.Agency() != events.HubAgency && !c.caused(a) {
		return events.Refuse(RuleCauseUnknown, "attribute causationid",
			"name as the cause a statement of the case that everybody sees who gets this one, or the statement itself")
	}
	return nil
}

// correlated says whether the correlation id is the one that the type demands.
func (c Case) correlated(a Act) bool {
	e := a.Event
	switch p := a.Payload.(type) {
	case *events.ReferralRequested:
		return e.CorrelationID == e.ID
	case *events.RecordReleased:
		return c.ofRecord(p.Record, e)
	case *events.RecordErased:
		return c.ofRecord(p.Record, e)
	case *events.RecordDisputed:
		return c.ofRecord(p.Record, e)
	case *events.RecordOpened:
		return c.ofRecord(p.Record, e)
	case *events.ReferralEscalated, *events.DeadlineDueSoon, *events.DeadlineMissed:
		return true // their terms ask for the one that is due
	}
	if slices.Contains(c.mou.Profile.rows[e.Type].Requires, RuleReferralUnknown) {
		return e.Referral() != ""
	}
	return string(e.CorrelationID) == e.Subject
}

func (c Case) ofRecord(id events.EventID, e events.Event) bool {
	r := c.state.record(id)
	return r != nil && r.referral == e.CorrelationID
}

// caused says whether the causation id is the statement's own, or that of an
// earlier one which whoever gets this one sees as well.
func (c Case) caused(a Act) bool {
	if a.Event.CausationID == a.Event.ID {
		return true
	}
	at := slices.IndexFunc(c.trail, func(i *Item) bool { return i.ID == a.Event.CausationID })
	return at >= 0 && SeenWith(c.Chain(a), c.state.places[at].name(), a.Event.CausationID, a.Event.Referral())
}

// SeenWith says whether whoever may see a statement of a chain may also see an
// earlier one, id, of the chain cause, now and later; referral is the one that the
// statement belongs to. Where it says no, an event names itself as its cause.
func SeenWith(chain, cause string, id events.EventID, referral events.ReferralID) bool {
	kind, _, _ := strings.Cut(chain, "/")
	switch cause {
	case chain:
		return true
	case string(chainCase):
		// An addressee sees its notice or emergency alone; a holder hears of a no, and
		// of the person's age, and reads, after its part is over.
		return !slices.Contains([]chainKind{chainNotice, chainEmergency, chainStop, chainAge, chainEscalation, chainDeadline, chainOpened}, chainKind(kind))
	case string(chainReferral) + "/" + string(referral):
		// A provider keeps sight of the question that it asked, and does not hear of
		// the withdrawal after its own part is over.
		return kind == string(chainRecord) && id == referral || strings.HasPrefix(chain, cause+"/")
	}
	return false
}
