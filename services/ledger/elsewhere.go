package ledger

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
)

// elsewhere appends what the hub says in other cases because of an admitted
// event. Whoever sees one of the cases may not know of the other, so each
// statement is its own cause and has a trace of its own. A case that is linked and
// may not be is unknown to whoever names it, whatever stands against it; a case
// that was linked once, and where the statement means nothing any more, is left alone.
func (b *batch) elsewhere(st *step, s *submission, all []mou.Elsewhere) error {
	for _, one := range all {
		_, linking := s.payload.(*events.CaseLinked)
		if f := b.files[one.Case]; f != nil && f.retired != 0 {
			if linking {
				return unknownLink()
			}
			continue
		}
		c, err := b.touch(st, one.Case)
		if err != nil {
			return err
		}
		if linking && c.state.Linked() { // from a case in which nobody says that asylum is sought, what another barred would open again
			return unknownLink()
		}
		because := events.Event{TraceParent: exchange.TraceParent(trace.ContextWithSpanContext(b.ctx, trace.SpanContext{}))}
		err = b.consequence(st, c, because, mou.Saying{Payload: one.Payload})
		switch {
		case errors.Is(err, errHubMayNot) && linking:
			return unknownLink()
		case errors.Is(err, errHubMayNot):
			continue
		case err != nil:
			return fmt.Errorf("speaking in another case: %w", err)
		}
		if err := b.consequences(st, c, because); err != nil {
			return err
		}
	}
	return nil
}

func unknownLink() *events.Violation {
	return events.Refuse(mou.RuleCaseUnknown, "/case", "you know of no such case; open it first, or check its id")
}

// others are the cases beside its own in which a submission may have the hub speak.
func (b *batch) others(s *submission) []events.CaseID {
	file := b.files[s.event.Case()]
	if s.unauthenticated != nil || s.fault != nil || s.payload == nil || file == nil {
		return nil
	}
	var ids []events.CaseID
	for _, one := range file.state.Elsewhere(mou.Act{Number: b.tree.Size(), Event: s.event, Payload: s.payload}) {
		ids = append(ids, one.Case)
	}
	return ids
}
