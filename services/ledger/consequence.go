package ledger

import (
	"errors"
	"fmt"
	"slices"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// maxConsequences bounds what the hub may say because of one event: more means
// that saying it does not settle it.
const maxConsequences = 512

// consequences appends what the hub must say because of an event: held records
// are released or erased, released ones on their way recalled. Each is an event of the hub's own, judged and logged like any.
func (b *batch) consequences(st *step, cause events.Event) error {
	for range maxConsequences {
		due := st.file.state.Due(b.now)
		if len(due) == 0 {
			return b.recall(st, cause)
		}
		if err := b.consequence(st, cause, due[0]); err != nil {
			return fmt.Errorf("appending what the hub must say: %w", err)
		}
	}
	return errors.New("what the hub must say does not end")
}

func (b *batch) consequence(st *step, cause events.Event, p events.Payload) error {
	held, err := heldRecord(st.file.state, p)
	if err != nil {
		return err
	}
	number := b.tree.Size() + uint64(len(st.acts))
	e, next, err := b.say(st, number, cause, held, p, cause.ID)
	if err != nil {
		return err
	}
	if cause.ID != "" && !everyoneSees(b.lead.directory.recipients, next, number, cause.ID) {
		if e, next, err = b.say(st, number, cause, held, p, ""); err != nil {
			return err
		}
	}
	st.hubNext++
	if err := b.record(st, mou.Act{Number: number, Event: e, Payload: p}, next, b.lead.key.ID(), seal.Digest(e)); err != nil {
		return err
	}
	if erasing, ok := p.(*events.RecordErased); ok {
		st.acts[len(st.acts)-1].erases = &erased{sealed: held.Number, by: number, record: held.ID, reason: erasing.Reason, caseID: next.ID()}
	}
	return nil
}

// say makes and signs the hub's event and applies it. An empty cause leaves the
// event to be its own: not every recipient may know what caused it.
func (b *batch) say(st *step, number uint64, because events.Event, held mou.SealedRecord, p events.Payload, cause events.EventID) (events.Event, mou.Case, error) {
	data, err := events.Encode(p)
	if err != nil {
		return events.Event{}, mou.Case{}, err
	}
	id, err := events.NewUUID(b.now, b.lead.random)
	if err != nil {
		return events.Event{}, mou.Case{}, err
	}
	if cause == "" {
		cause = events.EventID(id)
	}
	e, err := b.lead.key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(b.lead.hub, events.HubAgency), Type: p.Type(),
		DataContentType: events.FactsContent, DataSchema: p.Type().Schema(), Subject: because.Subject,
		Time: events.At(b.now), Hub: b.lead.hub.Origin(), Sequence: st.hubNext.String(),
		CorrelationID: held.Referral, CausationID: cause, TraceParent: because.TraceParent, Data: data,
	})
	if err != nil {
		return events.Event{}, mou.Case{}, err
	}
	next, err := st.file.state.Apply(mou.Act{Number: number, Event: e, Payload: p}, b.now)
	if err != nil {
		return events.Event{}, mou.Case{}, fmt.Errorf("the memorandum refuses the hub's own event: %s", err.Error())
	}
	return e, next, nil
}

// heldRecord finds the sealed record that a statement of the hub is about.
func heldRecord(c mou.Case, p events.Payload) (mou.SealedRecord, error) {
	var id events.EventID
	switch p := p.(type) {
	case *events.RecordReleased:
		id = p.Record
	case *events.RecordErased:
		id = p.Record
	}
	for _, record := range c.Records() {
		if record.ID == id {
			return record, nil
		}
	}
	return mou.SealedRecord{}, errors.New("the hub is to speak of a record that the case does not hold")
}

// everyoneSees says whether each recipient of an entry may see the cause too.
func everyoneSees(recipients []events.AgencyID, c mou.Case, number uint64, cause events.EventID) bool {
	var causeNumber uint64
	for _, item := range c.Trail() {
		if item.ID == cause {
			causeNumber = item.Number
		}
	}
	return !slices.ContainsFunc(recipients, func(agency events.AgencyID) bool {
		seen := c.SeenBy(agency)
		return slices.Contains(seen, number) && !slices.Contains(seen, causeNumber)
	})
}

// tombstone says why the payload of an erased record is gone, as its recipient may know it.
func tombstone(reason events.ErasureReason) string {
	switch reason {
	case events.ErasedWithdrawn, events.ErasedNoConsent:
		return tlog.TombstoneWithdrawn
	case events.ErasedDeclined, events.ErasedNotChosen, events.ErasedClosed:
	}
	return tlog.TombstoneErased
}
