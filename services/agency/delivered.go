package agency

import (
	"context"
	"fmt"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
)

// Delivered is one numbered delivery of the hub as it stands in the journal. It was
// verified again when it was read: signature, proof and checkpoint.
type Delivered struct {
	Number   uint64
	Received time.Time
	Damaged  bool // it does not verify: it is believed in nothing, asked for again, and the rest is zero

	Delivery tlog.Delivery
	Entry    tlog.Entry
	Event    events.Event   // zero for tombstones and for refusals of what this journal does not hold
	Payload  events.Payload // nil when there is none, or when the data are erased or lost
	Erased   bool           // a record that this agency erased
}

// DeliveriesAfter gives at most limit deliveries behind a number, in their order,
// and the last number that this agency has.
func (a *Agency) DeliveriesAfter(ctx context.Context, after uint64, limit int) (list []Delivered, last uint64, err error) {
	if last, err = lastStored(ctx, a.journal.reader); err != nil {
		return nil, 0, err
	}
	for number := after + 1; number <= last && len(list) < limit; number++ {
		d, err := a.deliveryAt(ctx, number)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, d)
	}
	return list, last, nil
}

func (a *Agency) deliveryAt(ctx context.Context, number uint64) (Delivered, error) {
	var received int64
	if err := a.journal.reader.QueryRowContext(ctx, `SELECT received FROM inbox WHERE number = ?`, number).Scan(&received); err != nil {
		return Delivered{}, fmt.Errorf("looking for a delivery: %w", err)
	}
	d := Delivered{Number: number, Received: instant(received), Damaged: true}
	if a.isDamaged(number) {
		return d, nil
	}
	p, err := a.rereadShared(ctx, number)
	switch {
	case ctx.Err() != nil:
		return d, ctx.Err()
	case err != nil && a.isDamaged(number): // just found, and alarmed
		return d, nil
	case err != nil:
		return d, err
	}
	d.Damaged, d.Delivery, d.Entry, d.Event, d.Payload, d.Erased = false, p.delivery, p.entry, p.event, p.payload, p.erased
	return d, nil
}

func (a *Agency) isDamaged(number uint64) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.damaged[number]
}
