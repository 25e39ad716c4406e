package conform

import (
	"errors"

	"handrail/events"
	"handrail/events/seal"
)

// record judges a sealed record by its header, which is all that anybody but its
// recipient can read.
func record(r *Report, e events.Event) {
	_, err := seal.CheckRecord(e)
	if v, ok := errors.AsType[*events.Violation](err); ok {
		r.addViolation(v)
	}
	header, err := seal.RecordHeader(e.Data[:min(len(e.Data), 4<<10)])
	if err != nil {
		return // the first violation says what to mend before anything else shows
	}
	for _, agree := range []struct {
		member, header, attribute, event string
	}{
		{"type", string(header.Type), "type", string(e.Type)},
		{"source", header.Source, "source", e.Source},
		{"id", string(header.ID), "id", string(e.ID)},
		{"case", string(header.Case), "subject", e.Subject},
		{"referral", string(header.Referral), "correlationid", string(e.CorrelationID)},
	} {
		if agree.header != agree.event {
			r.add(events.RuleRecordHeader, "header "+agree.member, "the record's protected header says another "+agree.member+" than the event's "+agree.attribute+": make the header from the event that carries it")
		}
	}
	if header.To == e.Agency() {
		r.add(events.RuleRecordHeader, "header to", "a record is sealed to another agency than the one that says it")
	}
	r.unjudged("what is sealed, and its plaincommit: only the recipient can open it")
}
