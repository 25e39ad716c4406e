package agency

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// errNotGenesis means that something came before the directory was founded.
var errNotGenesis = errors.New("the first delivery must be genesis")

// proven is a delivery that was verified whole: the hub's statement, the log's
// proof, the event's own signature and the form of its payload.
type proven struct {
	delivery tlog.Delivery
	entry    tlog.Entry
	event    events.Event         // zero for tombstones and for refusals of what this journal does not hold
	payload  events.Payload       // nil when there is none, or when the data are erased or lost
	founds   *directory.Directory // set by genesis, or by a foreign mission's own listing
	changes  *directory.Directory // set by a later entry about an agency: the directory with it
	own      *said                // the outbox row that a receipt or a refusal answers
	lost     bool                 // a receipt for an event signed with our key that this journal does not hold whole
	erased   bool                 // a record that this agency erased
	usurped  bool                 // this agency's keys were changed, and not by this agency
}

// parseDelivery reads the header that numbers a delivery.
func parseDelivery(m exchange.Message) (tlog.Delivery, error) {
	header, numbered, err := m.Delivery()
	if err != nil {
		return tlog.Delivery{}, err
	}
	if !numbered {
		return tlog.Delivery{}, errors.New("it bears no delivery number")
	}
	return tlog.ParseDelivery(header)
}

// prove verifies a delivery. dir is nil before genesis. Errors that are not
// the delivery's fault wrap errJournal.
func (a *Agency) prove(ctx context.Context, q querier, dir *directory.Directory, h heard) (proven, error) {
	d, err := parseDelivery(h.message)
	if err != nil {
		return proven{}, err
	}
	p := proven{delivery: d}
	switch {
	case d.Number != h.number:
		return p, fmt.Errorf("%w: it bears another number", errDamaged)
	case dir == nil && (d.Number != 1 || d.Kind != tlog.KindEvent):
		return p, errNotGenesis
	}
	switch d.Kind {
	case tlog.KindEvent:
		return a.proveEvent(p, dir, h)
	case tlog.KindReceipt, tlog.KindRefusal:
		return a.proveAnswer(ctx, q, p, dir, h.message)
	case tlog.KindTombstone:
		_, err := a.verifier.Verify(d, nil)
		return p, err
	}
	return p, errors.New("a delivery of unknown kind")
}

func (a *Agency) proveEvent(p proven, dir *directory.Directory, h heard) (proven, error) {
	if h.erased != nil {
		return a.proveErased(p, dir, h)
	}
	var err error
	if p.event, err = exchange.Decode(h.message); err != nil {
		return p, err
	}
	if p.entry, err = a.verifier.Verify(p.delivery, &p.event); err != nil {
		return p, err
	}
	if dir == nil {
		if p.founds, err = a.found(p.entry.Number, p.event.Data); err != nil {
			return p, err
		}
		dir = p.founds
	}
	if err := dir.Verify(p.event, sha256.Sum256(p.event.Data), p.entry.Number); err != nil {
		return p, err
	}
	if p.payload, err = payloadOf(p.event); err != nil {
		return p, err
	}
	p.changes, err = a.changed(dir, p)
	return p, err
}

// proveErased verifies what is left of a record that this agency erased: all
// but the ciphertext.
func (a *Agency) proveErased(p proven, dir *directory.Directory, h heard) (proven, error) {
	err := a.proveEntry(&p)
	if err != nil {
		return p, err
	}
	if err := dir.Verify(p.event, p.entry.DataDigest, p.entry.Number); err != nil {
		return p, err
	}
	if !p.event.Type.Sealed() || p.event.ID != h.erased.ID || string(h.erased.Case) != p.event.Subject {
		return p, fmt.Errorf("%w: the erased record is another", errDamaged)
	}
	p.payload, p.erased = &events.Record{Header: *h.erased}, true
	return p, nil
}

// proveEntry verifies a delivery by what its entry keeps, without the data.
func (a *Agency) proveEntry(p *proven) error {
	if !a.stated(p.delivery) {
		return tlog.ErrStatement
	}
	d := p.delivery
	var err error
	if p.entry, _, err = a.verifier.VerifyEntry(d.Entry, d.Opening(), d.Proof, d.Checkpoint); err != nil {
		return err
	}
	if p.entry.Verdict != tlog.Admitted {
		return tlog.ErrEntry
	}
	p.event, err = p.entry.Event()
	return err
}

// proveAnswer verifies a receipt or a refusal against the outbox.
func (a *Agency) proveAnswer(ctx context.Context, q querier, p proven, dir *directory.Directory, m exchange.Message) (proven, error) {
	id, err := answeredID(p.delivery)
	if err != nil {
		return p, err
	}
	rows, err := readOutbox(ctx, q, a.keys, `WHERE id = ?`, string(id))
	if err != nil {
		return p, fmt.Errorf("%w: %w", errJournal, err)
	}
	if len(rows) == 1 && rows[0].damage == nil {
		p.own = &rows[0]
		p.entry, err = a.verifier.Verify(p.delivery, &rows[0].event)
		if err == nil {
			p.event = rows[0].event
			if p.payload, err = payloadOf(p.event); err == nil && p.delivery.Kind == tlog.KindReceipt {
				p.changes, err = a.changed(dir, p)
			}
			return p, err
		}
		p.own = nil // the id is ours, the submission is not: somebody reused it
		if p.delivery.Kind == tlog.KindReceipt || !errors.Is(err, tlog.ErrEvent) {
			return p, err
		}
	}
	if p.delivery.Kind == tlog.KindRefusal {
		p.entry, err = a.verifier.Verify(p.delivery, nil)
		return p, err
	}
	return a.proveLost(p, dir, m)
}

// proveLost verifies a receipt for what this journal does not hold, by what the
// entry keeps, and by the event itself, which the hub sends with the receipt once it
// heard that the journal is gone. Without it, a change of this agency's own keys is
// known again from the listings beside the key files.
func (a *Agency) proveLost(p proven, dir *directory.Directory, m exchange.Message) (proven, error) {
	p.lost = true
	if err := a.proveEntry(&p); err != nil {
		return p, err
	}
	if p.event.Agency() != a.config.Agency {
		return p, tlog.ErrEntry
	}
	if err := dir.Verify(p.event, p.entry.DataDigest, p.entry.Number); err != nil {
		return p, err
	}
	if len(m.Data) > 0 {
		return a.proveReturned(p, dir, m)
	}
	if p.event.Type != events.TypeDirectoryKeyed {
		return p, nil
	}
	said, known := a.keys.Said(p.entry.DataDigest)
	if !known { // nobody can tell to which
		p.usurped = true
		return p, nil
	}
	p.payload = said
	var err error
	p.changes, err = a.changed(dir, p)
	return p, err
}

// proveReturned takes what this agency said and lost, as the hub has it.
func (a *Agency) proveReturned(p proven, dir *directory.Directory, m exchange.Message) (proven, error) {
	e, err := exchange.Decode(m)
	if err != nil {
		return p, err
	}
	if _, err := a.verifier.Verify(p.delivery, &e); err != nil {
		return p, err
	}
	p.event = e
	if p.payload, err = payloadOf(e); err != nil {
		return p, err
	}
	p.changes, err = a.changed(dir, p)
	return p, err
}

// answeredID is the event that a receipt or a refusal answers; empty when the
// hub could not read it.
func answeredID(d tlog.Delivery) (events.EventID, error) {
	if d.Kind == tlog.KindRefusal {
		return d.ID, nil
	}
	entry, err := tlog.ParseEntry(d.EntryBytes)
	return events.EventID(entry.Attribute("id")), err
}

// payloadOf reads an event's facts, or a sealed record's header.
func payloadOf(e events.Event) (events.Payload, error) {
	if e.Type.Sealed() {
		record, err := seal.CheckRecord(e)
		if err != nil {
			return nil, err
		}
		return record, nil
	}
	return events.Decode(e.Type, e.Data)
}
