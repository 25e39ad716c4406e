package agency

import (
	"context"
	"errors"
	"fmt"

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
	event    events.Event   // zero for tombstones and for refusals of what this journal does not hold
	payload  events.Payload // nil when there is none, or when the data are erased or lost
	founds   *directory     // set by genesis, or by a foreign mission's own listing
	lists    *directory     // set by a listing: the directory with it
	own      *said          // the outbox row that a receipt or a refusal answers
	lost     bool           // a receipt for an event signed with our key that this journal does not hold whole
	erased   bool           // a record that this agency erased
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
func (a *Agency) prove(ctx context.Context, q querier, dir *directory, h heard) (proven, error) {
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
		return a.proveAnswer(ctx, q, p)
	case tlog.KindTombstone:
		_, err := a.verifier.Verify(d, nil)
		return p, err
	}
	return p, errors.New("a delivery of unknown kind")
}

func (a *Agency) proveEvent(p proven, dir *directory, h heard) (proven, error) {
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
		if p.founds, err = a.found(p.event.Data); err != nil {
			return p, err
		}
		dir = p.founds
	}
	if err := dir.check(p.event); err != nil {
		return p, err
	}
	if p.payload, err = payloadOf(p.event); err != nil {
		return p, err
	}
	if listed, ok := p.payload.(*events.DirectoryListed); ok {
		p.lists, err = dir.with(p.event, listed, a.config)
	}
	return p, err
}

// proveErased verifies what is left of a record that this agency erased: all
// but the ciphertext.
func (a *Agency) proveErased(p proven, dir *directory, h heard) (proven, error) {
	err := a.proveEntry(&p)
	if err != nil {
		return p, err
	}
	if err := dir.checkWithoutData(p.event, p.entry.DataDigest); err != nil {
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
func (a *Agency) proveAnswer(ctx context.Context, q querier, p proven) (proven, error) {
	id, err := answeredID(p.delivery)
	if err != nil {
		return p, err
	}
	rows, err := readOutbox(ctx, q, a.keys.signing.Public(), `WHERE id = ?`, string(id))
	if err != nil {
		return p, fmt.Errorf("%w: %w", errJournal, err)
	}
	if len(rows) == 1 && rows[0].damage == nil {
		p.own = &rows[0]
		p.entry, err = a.verifier.Verify(p.delivery, &rows[0].event)
		if err == nil {
			p.event = rows[0].event
			p.payload, err = payloadOf(p.event)
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
	p.lost = true
	if err := a.proveEntry(&p); err != nil {
		return p, err
	}
	if p.event.Agency() != a.config.Agency {
		return p, tlog.ErrEntry
	}
	return p, seal.VerifyMaterial(p.event.Attributes(), p.entry.DataDigest, a.keys.signing.Public())
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
