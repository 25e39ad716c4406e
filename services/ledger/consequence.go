package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// What the hub may say because of one event is bounded: more means that saying it
// does not settle it. The bound grows with the case. A fixed one would let whoever
// fills a case keep the hub from ever speaking in it again, and so from hearing
// that the person takes a consent back.
const (
	maxConsequences     = 512
	maxConsequencesEach = 8 // for an entry of the case: a record is released and erased once, a clock spoken of and chased
)

// consequences appends what the hub must say of a case because of an event, or
// because a clock has come: it releases and erases held records, recalls those on
// their way, tells who is not needed, and chases what nobody did in time. Each is
// an event of the hub's own, judged and logged like any.
func (b *batch) consequences(st *step, c *touched, cause events.Event) error {
	for range maxConsequences + maxConsequencesEach*len(c.state.Trail()) {
		due := c.state.Due(b.now, b.staffed)
		if len(due) == 0 {
			return b.recall(st, c, cause)
		}
		if err := b.consequence(st, c, cause, due[0]); err != nil {
			return fmt.Errorf("appending what the hub must say: %w", err)
		}
	}
	return errors.New("what the hub must say does not end")
}

// consequence appends one statement of the hub about a case.
func (b *batch) consequence(st *step, c *touched, cause events.Event, what mou.Saying) error {
	held, err := heldRecord(c.state, what.Payload)
	if err != nil {
		return err
	}
	e, next, err := b.say(st, c, cause, what, cause.ID)
	if err != nil {
		return err
	}
	introduced, err := b.introduce(st, c, next, cause.TraceParent)
	if err != nil {
		return err
	}
	if introduced { // these were numbered first
		if e, next, err = b.say(st, c, cause, what, cause.ID); err != nil {
			return err
		}
	}
	number := b.number(st)
	if cause.ID != "" && !everyoneSees(b.parties.recipients, next, number, cause.ID) {
		if e, next, err = b.say(st, c, cause, what, ""); err != nil {
			return err
		}
	}
	st.hubNext++
	if err := b.record(st, c, mou.Act{Number: number, Event: e, Payload: what.Payload}, next, b.lead.key.ID(), seal.Digest(e)); err != nil {
		return err
	}
	if held.ID != "" { // it is released or erased
		st.acts[len(st.acts)-1].frees = &held.Number
	}
	if erasing, ok := what.Payload.(*events.RecordErased); ok {
		st.acts[len(st.acts)-1].erases = &erased{sealed: held.Number, by: number, record: held.ID, reason: erasing.Reason, caseID: next.ID()}
	}
	if of, fires := events.DeadlineOf(what.Payload); fires {
		st.fired = append(st.fired, firing{of, e.Type, c.id, what.Referral, number})
	}
	return nil
}

// errHubMayNot means that the memorandum does not let the hub say something.
var errHubMayNot = errors.New("the memorandum refuses the hub's own event")

// say makes and signs the hub's event and applies it. An empty cause leaves the
// event to be its own: not every recipient may know what caused it.
func (b *batch) say(st *step, c *touched, because events.Event, what mou.Saying, cause events.EventID) (events.Event, mou.Case, error) {
	data, err := events.Encode(what.Payload)
	if err != nil {
		return events.Event{}, mou.Case{}, err
	}
	correlation := what.Referral
	if correlation == "" {
		correlation = events.EventID(c.id)
	}
	e, err := b.lead.hubEvent(b.now, hubEvent{
		kind: what.Payload.Type(), subject: string(c.id), correlation: correlation, cause: cause, trace: because.TraceParent, sequence: st.hubNext, data: data,
	})
	if err != nil {
		return events.Event{}, mou.Case{}, err
	}
	next, err := c.state.Apply(mou.Act{Number: b.number(st), Event: e, Payload: what.Payload}, b.now)
	if err != nil {
		return events.Event{}, mou.Case{}, fmt.Errorf("%w: %s", errHubMayNot, err.Error()) // not as a violation: the sender did nothing wrong
	}
	return e, next, nil
}

// hubEvent is what differs from one event of the hub's own to another. Without a
// correlation or a cause the event is its own.
type hubEvent struct {
	kind               events.Type
	subject, trace     string
	correlation, cause events.EventID
	sequence           events.Sequence
	data               []byte
}

// hubEvent makes and signs one.
func (l *lead) hubEvent(now time.Time, h hubEvent) (events.Event, error) {
	id, err := events.NewUUID(now, l.random)
	if err != nil {
		return events.Event{}, err
	}
	return l.key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(l.hub, events.HubAgency), Type: h.kind,
		DataContentType: events.FactsContent, DataSchema: h.kind.Schema(), Subject: h.subject,
		Time: events.At(now), Hub: l.hub.Origin(), Sequence: h.sequence.String(),
		CorrelationID: cmp.Or(h.correlation, events.EventID(id)), CausationID: cmp.Or(h.cause, events.EventID(id)), TraceParent: h.trace, Data: h.data,
	})
}

// heldRecord finds the sealed record that a statement of the hub is about; none
// if it is about something else.
func heldRecord(c mou.Case, p events.Payload) (mou.SealedRecord, error) {
	var id events.EventID
	switch p := p.(type) {
	case *events.RecordReleased:
		id = p.Record
	case *events.RecordErased:
		id = p.Record
	default:
		return mou.SealedRecord{}, nil
	}
	for _, record := range c.Records() {
		if record.ID == id {
			return record, nil
		}
	}
	return mou.SealedRecord{}, errors.New("the hub is to speak of a record that the case does not hold")
}

// firing is a deadline that the hub spoke of, and the entry that did: the database
// keeps each once.
type firing struct {
	events.Deadline

	what     events.Type
	caseID   events.CaseID
	referral events.ReferralID
	number   uint64
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
	case events.ErasedDeclined, events.ErasedNotChosen, events.ErasedClosed, events.ErasedKeyEnded:
	}
	return tlog.TombstoneErased
}
