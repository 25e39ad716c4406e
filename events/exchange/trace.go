package exchange

import (
	"context"
	"crypto/rand"
	"regexp"
	"strconv"

	"go.opentelemetry.io/otel/trace"
)

const traceHeader = "traceparent"

var traceSyntax = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

// TraceParent is the W3C traceparent of the span in ctx, for the event's
// attribute. Without a span it is a random, unsampled one: the attribute is
// required, and a fixed value would tell who does not trace. There is no
// tracestate: it is free text.
func TraceParent(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		var id trace.TraceID
		var parent trace.SpanID
		_, _ = rand.Read(id[:]) // crypto/rand never fails since Go 1.24
		_, _ = rand.Read(parent[:])
		id[0], parent[0] = id[0]|1, parent[0]|1 // an all-zero id is not valid
		span = trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: parent})
	}
	return "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-" + (span.TraceFlags() & trace.FlagsSampled).String()
}

// WithTraceParent puts a traceparent, such as an event's, into ctx as the remote
// parent of spans started from it. A malformed one changes nothing.
func WithTraceParent(ctx context.Context, traceparent string) context.Context {
	parts := traceSyntax.FindStringSubmatch(traceparent)
	if parts == nil {
		return ctx
	}
	id, errID := trace.TraceIDFromHex(parts[1])
	parent, errParent := trace.SpanIDFromHex(parts[2])
	if errID != nil || errParent != nil { // all zero
		return ctx
	}
	flags, _ := strconv.ParseUint(parts[3], 16, 8) // the syntax leaves no error
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: parent, TraceFlags: trace.TraceFlags(flags) & trace.FlagsSampled, Remote: true}))
}

// Inject gives the message a traceparent header of its own, for what carries no
// event (receipts, refusals, tombstones). It is transport, unsigned, and only
// for telemetry; without a span in ctx the message stays as it is.
func Inject(ctx context.Context, m Message) Message {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return m
	}
	return m.with(traceHeader, TraceParent(ctx))
}

// Extract puts the message's trace context into ctx: its own traceparent header,
// else its event's. Nothing but telemetry may depend on it.
func Extract(ctx context.Context, m Message) context.Context {
	for _, name := range []string{traceHeader, attributePrefix + traceHeader} {
		if value, found, err := m.only(name); err == nil && found {
			return WithTraceParent(ctx, value)
		}
	}
	return ctx
}
