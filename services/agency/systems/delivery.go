package systems

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency"
)

// kindDamaged stands for a delivery that does not verify: it is believed in
// nothing, and asked for again.
const kindDamaged = "damaged"

// deliveriesMost is how many deliveries one answer lists.
const deliveriesMost = 100

// Deliveries are numbered deliveries, in their order.
type Deliveries struct {
	Deliveries []Delivery `json:"deliveries" nullable:"false"`
	Last       uint64     `json:"last" doc:"The last number that this agency has. Ask again after the number of the last delivery of this list."`
}

// Delivery is one numbered delivery of the hub, verified by the agency's
// service: signature, proof and checkpoint are in its journal.
type Delivery struct {
	Number     uint64         `json:"number" minimum:"1" doc:"Counts what the hub delivered to this agency, from 1 without a gap."`
	Kind       string         `json:"kind" enum:"event,receipt,refusal,tombstone,damaged" doc:"event: what another agency or the hub said. receipt: this agency's own event is on the log. refusal: it was refused. tombstone: what had this number was withdrawn or erased before it arrived. damaged: it did not verify; the hub is asked for it again, and it comes again under this number when it does."`
	Received   time.Time      `json:"received"`
	Entry      *uint64        `json:"entry,omitempty" doc:"The number on the log."`
	Admitted   *time.Time     `json:"admitted,omitempty" doc:"When the ledger judged it."`
	Event      *HeardEvent    `json:"event,omitempty" doc:"Of an event: what was said."`
	Submission events.EventID `json:"submission,omitzero" format:"uuid" doc:"Of a receipt or refusal: the event that it answers. A refusal without it answers what the hub could not read."`
	Rule       events.Rule    `json:"rule,omitzero" doc:"Of a refusal: the rule that stands against it."`
	Pointer    string         `json:"pointer,omitzero" doc:"Of a refusal: where."`
	Reason     string         `json:"reason,omitzero" doc:"Of a refusal: plain English. Of a tombstone: withdrawn or erased."`
}

// HeardEvent is an event as a CloudEvent in structured mode. Of sealed text it
// has the metadata only.
type HeardEvent struct {
	SpecVersion     string         `json:"specversion" enum:"1.0"`
	ID              events.EventID `json:"id" format:"uuid"`
	Source          string         `json:"source" doc:"urn:handrail:<hub>:agency:<agency that said it>; agency hub is the hub itself." example:"urn:handrail:sampleland:agency:lighthouse-shelter"`
	Type            events.Type    `json:"type" example:"org.handrail.referral.accepted.v1"`
	Subject         string         `json:"subject" doc:"The case or, of what is about no case, the agency that it is about."`
	Time            events.Time    `json:"time" format:"date-time"`
	DataContentType string         `json:"datacontenttype" enum:"application/json,application/jose"`
	DataSchema      string         `json:"dataschema"`
	CorrelationID   events.EventID `json:"correlationid" format:"uuid" doc:"The referral, else the case, else the event's own id."`
	CausationID     events.EventID `json:"causationid" format:"uuid"`
	TraceParent     string         `json:"traceparent"`
	Data            *facts         `json:"data,omitempty" doc:"The facts; absent on a sealed event."`
	Record          *SealedFor     `json:"record,omitempty" doc:"Of a sealed event, what is known without opening it."`
}

// SealedFor is what is known of sealed text without opening it.
type SealedFor struct {
	To       events.AgencyID   `json:"to"`
	Case     events.CaseID     `json:"case" format:"uuid"`
	Referral events.ReferralID `json:"referral" format:"uuid"`
	Purpose  events.Purpose    `json:"purpose"`
	Section  events.Section    `json:"section"`
	Erased   bool              `json:"erased,omitzero" doc:"This agency erased it, as it confirmed."`
}

func (s *Systems) deliveriesAfter(ctx context.Context, after uint64, limit int) (Deliveries, error) {
	all, last, err := s.agency.DeliveriesAfter(ctx, after, limit)
	list := Deliveries{Deliveries: make([]Delivery, 0, len(all)), Last: last}
	for _, one := range all {
		list.Deliveries = append(list.Deliveries, shown(one))
	}
	return list, err
}

// shown is a delivery as systems get it.
func shown(of agency.Delivered) Delivery {
	d := Delivery{Number: of.Number, Kind: kindDamaged, Received: of.Received}
	if of.Damaged {
		return d
	}
	d.Kind = string(of.Delivery.Kind)
	d.Entry = &of.Delivery.Entry
	if !of.Entry.Admitted.IsZero() {
		admitted := of.Entry.Admitted.UTC()
		d.Admitted = &admitted
	}
	switch of.Delivery.Kind {
	case tlog.KindEvent:
		d.Event = heardEvent(of)
	case tlog.KindReceipt:
		d.Submission = of.Event.ID
	case tlog.KindRefusal:
		d.Submission = of.Delivery.ID
		d.Rule, d.Pointer = of.Delivery.Why(of.Entry)
		d.Reason = of.Delivery.Reason
	case tlog.KindTombstone:
		d.Reason = of.Delivery.Reason
	}
	return d
}

func heardEvent(of agency.Delivered) *HeardEvent {
	e := of.Event
	h := &HeardEvent{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, DataContentType: e.DataContentType,
		DataSchema: e.DataSchema, CorrelationID: e.CorrelationID, CausationID: e.CausationID, TraceParent: e.TraceParent,
	}
	if record, sealed := of.Payload.(*events.Record); sealed {
		r := record.Header
		h.Record = &SealedFor{To: r.To, Case: r.Case, Referral: r.Referral, Purpose: r.Purpose, Section: r.Section, Erased: of.Erased}
		return h
	}
	h.Data = &facts{jsontext.Value(e.Data)}
	return h
}
