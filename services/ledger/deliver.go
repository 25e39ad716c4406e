package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// row is one delivery with all that is stored of it; what retention or an erasure
// destroyed is nil.
type row struct {
	number, entry uint64
	kind          tlog.Kind
	salt, opening []byte
	data          []byte
	size          uint64
	checkpoint    []byte
	id, sequence  *string
	leaf          uint64
	reason        *string
	digestSalt    []byte
	rule, pointer *string
	digest, path  []byte
	erasure       *string
	destroyed     bool // an end of retention took it
}

const selectDeliveries = `
	SELECT d.number, d.entry, d.kind, o.salt, o.entry, p.data, c.size, c.note, d.leaf, r.id, r.sequence, r.reason, r.digest_salt, r.rule, r.pointer, r.digest, r.path, x.reason, EXISTS (SELECT FROM destroyed g WHERE g.number = d.entry)
	FROM delivery d
	CROSS JOIN LATERAL (SELECT size, note FROM checkpoint WHERE size > d.entry ORDER BY size LIMIT 1) c
	LEFT JOIN opening o ON o.number = d.entry
	LEFT JOIN payload p ON p.number = d.entry AND d.kind IN ('event', 'receipt')
	LEFT JOIN refusal r ON r.number = d.entry AND r.leaf = d.leaf AND d.kind = 'refusal'
	LEFT JOIN erasure x ON x.number = d.entry
	WHERE d.recipient = $1 AND `

// read builds the deliveries of the courier's agency that a condition selects, in order.
func (c *courier) read(ctx context.Context, condition string, args ...any) ([]outgoing, error) {
	c.readAt = c.config.Clock().Round(0)
	found, err := c.pool.Query(ctx, selectDeliveries+condition+" ORDER BY d.number", append([]any{string(c.agency)}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("reading deliveries: %w", err)
	}
	all, err := pgx.CollectRows(found, func(r pgx.CollectableRow) (row, error) {
		var d row
		err := r.Scan(&d.number, &d.entry, &d.kind, &d.salt, &d.opening, &d.data, &d.size, &d.checkpoint,
			&d.leaf, &d.id, &d.sequence, &d.reason, &d.digestSalt, &d.rule, &d.pointer, &d.digest, &d.path, &d.erasure, &d.destroyed)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading deliveries: %w", err)
	}
	provers := map[uint64]*tlog.Prover{}
	out := make([]outgoing, 0, len(all))
	for _, d := range all {
		if provers[d.size] == nil {
			provers[d.size] = tlog.NewProver(d.size, readHashes(ctx, c.pool))
		}
		o, err := c.build(ctx, d, provers[d.size])
		if errors.Is(err, errNotRead) { // it went away behind the rows: they are read again
			return nil, fmt.Errorf("building delivery %d: %w", d.number, err)
		}
		if err != nil {
			c.alarm(ctx, "a stored delivery cannot be built; nothing behind it reaches its agency until the row is mended", err)
			return nil, fmt.Errorf("building delivery %d: %w", d.number, err)
		}
		out = append(out, o)
	}
	return out, nil
}

// build makes a delivery from stored rows alone, so that building it again gives
// the same bytes, unless what it carried was erased meanwhile.
func (c *courier) build(ctx context.Context, d row, prover *tlog.Prover) (outgoing, error) {
	out := tlog.Delivery{Kind: d.kind, Number: d.number, Recipient: c.agency, Entry: d.entry}
	if d.opening == nil || d.kind == tlog.KindEvent && d.data == nil {
		if !d.destroyed && (d.erasure == nil || d.opening == nil) { // the agency gets no more than a tombstone, and others go on
			c.alarm(ctx, "what a delivery carries is missing, and no entry says that it was destroyed: its agency gets a tombstone; restore the row",
				fmt.Errorf("delivery %d to %s, of entry %d", d.number, c.agency, d.entry))
		}
		out.Kind, out.Reason = tlog.KindTombstone, tlog.TombstoneErased
		if d.erasure != nil {
			out.Reason = tombstone(events.ErasureReason(*d.erasure))
		}
		return c.finish(ctx, out, exchange.Message{}, "", "")
	}
	salt, err := hash(d.salt)
	if err != nil {
		return outgoing{}, err
	}
	out.Salt, out.EntryBytes, out.Checkpoint = salt, d.opening, d.checkpoint
	if out.Proof, err = prover.Prove(d.entry); err != nil {
		return outgoing{}, err
	}
	if len(out.Proof) == 0 {
		out.Proof = nil // genesis alone is its own root
	}
	entry, err := tlog.ParseEntry(d.opening)
	if err != nil {
		return outgoing{}, err
	}
	switch d.kind {
	case tlog.KindRefusal:
		if err := d.refusal(&out); err != nil {
			return outgoing{}, err
		}
	case tlog.KindEvent:
		e, err := events.Parse(entry.Attributes, d.data)
		if err != nil {
			return outgoing{}, err
		}
		return c.finish(ctx, out, exchange.Encode(e), e.TraceParent, e.Type)
	case tlog.KindReceipt:
		if d.data != nil && d.number <= c.lost { // its agency lost what it said with its journal
			e, err := events.Parse(entry.Attributes, d.data)
			if err != nil {
				return outgoing{}, err
			}
			return c.finish(ctx, out, exchange.Encode(e), e.TraceParent, e.Type)
		}
	case tlog.KindTombstone:
	}
	return c.finish(ctx, out, exchange.Message{}, entry.Attribute("traceparent"), events.Type(entry.Attribute("type")))
}

// refusal fills in what only the answer to a refused submission has.
func (d row) refusal(out *tlog.Delivery) (err error) {
	if d.id == nil || d.sequence == nil || d.reason == nil || d.rule == nil || d.pointer == nil {
		return errors.New("the refusal's row is missing")
	}
	out.ID, out.Sequence, out.Reason = events.EventID(*d.id), *d.sequence, *d.reason
	if out.DigestSalt, err = hash(d.digestSalt); err != nil || len(d.path) == 0 {
		return err
	}
	out.Rule, out.Pointer, out.Index = events.Rule(*d.rule), *d.pointer, d.leaf
	for h := range slices.Chunk(d.path, len(tlog.Hash{})) {
		step, err := hash(h)
		if err != nil {
			return err
		}
		out.Path = append(out.Path, step)
	}
	out.Salted, err = hash(d.digest)
	return err
}

// finish signs the statement and puts the delivery into its message. The span
// goes on with the event's own trace.
func (c *courier) finish(ctx context.Context, d tlog.Delivery, m exchange.Message, parent string, of events.Type) (outgoing, error) {
	d, err := d.Sign(c.hub, c.hubSigner)
	if err != nil {
		return outgoing{}, err
	}
	header, err := d.Header()
	if err != nil {
		return outgoing{}, err
	}
	//nolint:spancheck // send ends it, when the broker has it
	ctx, span := c.telemetry.tracer.Start(exchange.WithTraceParent(ctx, parent), "deliver",
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(messaging("send", "deliver", "out."+string(c.agency))...),
		trace.WithAttributes(attribute.String("cloudevents.event_type", string(of)), attribute.String("handrail.delivery.kind", string(d.Kind))))
	return outgoing{d.Kind, exchange.Inject(ctx, m.WithDelivery(header)), span}, nil //nolint:spancheck // as above
}
