package agency

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// errJournal marks a failure of the agency's own store: the delivery is not at
// fault and is taken up again.
var errJournal = errors.New("the journal failed")

// Receive takes one message from the hub, as [Agency.Run] does with what the broker
// brings: whoever hands it over is trusted with nothing, because every message proves
// itself. It returns nil when the message is not needed again.
func (a *Agency) Receive(ctx context.Context, m exchange.Message) error { return a.receive(ctx, m) }

// receive takes one message from the hub. It returns nil when the broker may
// forget the message: it is stored, was stored before, or must come again from
// the hub itself because this copy is of no use.
func (a *Agency) receive(ctx context.Context, m exchange.Message) error {
	ctx, span := a.tel.tracer.Start(exchange.Extract(ctx, m), "receive", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(messaging("process", "receive", "out."+string(a.config.Agency))...))
	defer span.End()
	_, numbered, err := m.Delivery()
	if err == nil && !numbered {
		return a.heed(ctx, m)
	}
	d, err := parseDelivery(m)
	if err != nil {
		a.badCopy(ctx, 0, false, err)
		return nil
	}
	kind, outcome, err := a.take(ctx, d, m)
	span.SetAttributes(attribute.String("handrail.delivery.kind", string(kind)), attribute.String("handrail.outcome", outcome))
	a.tel.received.Add(ctx, 1, metric.WithAttributes(
		attribute.String("handrail.delivery.kind", string(kind)), attribute.String("handrail.outcome", outcome)))
	if err != nil {
		span.RecordError(err)
		return fmt.Errorf("taking delivery %d: %w", d.Number, err)
	}
	return nil
}

// take stores a delivery if it is the next, or the repair of a damaged row. One
// that does not verify is set aside under its number, if the hub assigned that.
func (a *Agency) take(ctx context.Context, d tlog.Delivery, m exchange.Message) (tlog.Kind, string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	repair := a.damaged[d.Number]
	switch {
	case d.Number <= a.stored && !repair:
		return d.Kind, "repeated", nil
	case d.Number > a.stored+1:
		if d.Number > a.assigned && a.stated(d) {
			a.assigned = d.Number
		}
		a.link.askAgain()
		return d.Kind, "early", nil
	}
	h := heard{number: d.Number, message: m}
	p, err := a.prove(ctx, a.journal.reader, a.directory, h)
	switch {
	case errors.Is(err, errJournal) || ctx.Err() != nil:
		return d.Kind, "failed", errors.Join(err, ctx.Err())
	case err != nil && !repair && a.passable(d):
		return d.Kind, "damaged", a.setAside(ctx, h, err)
	case err != nil:
		a.badCopy(ctx, d.Number, repair, err)
		return d.Kind, "bad", nil
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String(eventType, string(p.event.Type)))
	destroyed, err := a.keep(ctx, h, p, repair)
	if err != nil {
		return d.Kind, "failed", err
	}
	if destroyed {
		a.purge(ctx)
	}
	a.alarms.over("copy-damaged", "0")
	a.contact.now(a.now())
	defer a.changes.tell() // once it is folded
	if repair {
		return d.Kind, "repaired", a.repaired(ctx, d.Number)
	}
	a.sound(d.Number)
	a.stored = d.Number
	a.link.progressed(d.Number)
	a.settle(ctx, p)
	a.keysSettled(ctx, p)
	a.remark(ctx, p)
	a.answerUnasked(ctx, p.event.Case())
	a.ringer.Nudge()
	return d.Kind, "stored", nil
}

// keep makes a proven delivery durable, together with the answer that it may be
// and with what it ends.
func (a *Agency) keep(ctx context.Context, h heard, p proven, repair bool) (destroyed bool, err error) {
	var record events.EventID
	if p.event.Type.Sealed() && p.delivery.Kind == tlog.KindEvent {
		record = p.event.ID
	}
	var erased *events.RecordHeader
	if repair {
		if erased, err = a.wasErased(ctx, p); err != nil {
			return false, fmt.Errorf("%w: %w", errJournal, err)
		}
	}
	now := a.now()
	var reset *cosigned
	err = a.journal.update(ctx, func(tx *sql.Tx) error {
		if p.founds != nil {
			if err := errors.Join(setMeta(ctx, tx, "genesis", base64.StdEncoding.EncodeToString(p.event.Data)), setMeta(ctx, tx, "genesis entry", strconv.FormatUint(p.entry.Number, 10))); err != nil {
				return err
			}
		}
		if err := storeDelivery(ctx, tx, h, kept{record: record, at: now, repair: repair}); err != nil {
			return err
		}
		if err := a.awaitConnection(ctx, tx, p, now); err != nil {
			return err
		}
		if erased != nil {
			if _, err := eraseRecord(ctx, tx, record, *erased, p.delivery.Number+1); err != nil {
				return err
			}
		}
		var err error
		if destroyed, err = a.destroy(ctx, tx, p); err != nil {
			return err
		}
		if err := errors.Join(a.rekey(ctx, tx, p), a.noteAnew(ctx, tx, p, now), noteLost(ctx, tx, p)); err != nil || p.own == nil || p.rests() {
			return err
		}
		if _, err = answer(ctx, tx, p.own.event.ID, p.delivery.Number, p.delivery.Kind == tlog.KindReceipt); err != nil {
			return err
		}
		reset, err = a.resetAnswered(ctx, tx, p)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%w: %w", errJournal, err)
	}
	if reset != nil {
		a.witness = *reset
		_ = a.copyWitness(ctx) // alarmed, and done before anything is cosigned
	}
	destroyed = destroyed || erased != nil
	if p.own != nil && p.own.answered == 0 && !p.rests() {
		a.tel.latency.Record(ctx, now.Sub(p.own.stored).Seconds())
		a.drain.answered()
	}
	return destroyed, nil
}

// settle folds a proven delivery. Agency.mu is held.
func (a *Agency) settle(ctx context.Context, p proven) {
	if p.entry.Admitted.After(a.newest) {
		a.newest = p.entry.Admitted
	}
	number := strconv.FormatUint(p.delivery.Number, 10)
	for _, d := range []*directory.Directory{p.founds, p.changes} {
		if d == nil {
			continue
		}
		if err := a.enforce(ctx, d, p); err != nil {
			a.alarms.raise(ctx, "profile-unknown", number, "Genesis names a country profile that this program does not have, or has with another text. Install the version that has it.", err)
		}
	}
	if p.founds != nil {
		return
	}
	if p.usurped {
		a.keys.Usurp()
		a.judgeKeys(ctx)
	}
	if p.lost {
		a.alarms.raise(ctx, "journal-behind", number,
			"The ledger holds an event signed with this agency's key that this journal does not hold whole. Either the journal was restored from an old copy, or somebody else has the key.", nil)
	}
	a.noteReset(p)
	a.book.settle(ctx, p)
}

// remark says in the log what people may have to look at. The log's entry of a
// refusal keeps no trace, so it comes in one of its own: the line, and a link,
// lead back to the trace of what was refused.
func (a *Agency) remark(ctx context.Context, p proven) {
	if p.delivery.Kind != tlog.KindRefusal {
		return
	}
	if p.own != nil {
		span := trace.SpanFromContext(ctx)
		ctx = exchange.WithTraceParent(ctx, p.event.TraceParent)
		span.AddLink(trace.LinkFromContext(ctx))
	}
	rule, _ := p.delivery.Why(p.entry)
	a.log.LogAttrs(ctx, slog.LevelWarn, "the hub refused a submission from this agency's account",
		slog.Uint64("delivery", p.delivery.Number), slog.String("rule", string(rule)), slog.Bool("in_journal", p.own != nil))
}
