package exchange

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestTraceParentOfNoSpanIsARandomValidOne(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		e := acknowledged(t)
		e.TraceParent = TraceParent(t.Context())
		if _, err := Decode(Encode(e)); err != nil {
			t.Fatal(err)
		}
		if seen[e.TraceParent] || !strings.HasSuffix(e.TraceParent, "-00") {
			t.Errorf("%s is repeated or says that it is recorded", e.TraceParent)
		}
		seen[e.TraceParent] = true
	}
}

func TestTraceFollowsTheEvent(t *testing.T) {
	for _, want := range []string{parent, strings.TrimSuffix(parent, "01") + "00"} {
		ctx := WithTraceParent(t.Context(), want)
		if got := TraceParent(ctx); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if !trace.SpanContextFromContext(ctx).IsRemote() {
			t.Error("the parent is not remote")
		}
	}
	if got := TraceParent(WithTraceParent(t.Context(), strings.TrimSuffix(parent, "01")+"fb")); got != parent {
		t.Errorf("other flags: got %s, want %s", got, parent)
	}
	for _, wrong := range []string{"", "00", parent + "-x", strings.ToUpper(parent), "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"} {
		if trace.SpanContextFromContext(WithTraceParent(t.Context(), wrong)).IsValid() {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestTraceOfAMessage(t *testing.T) {
	of := func(m Message) string {
		span := trace.SpanContextFromContext(Extract(t.Context(), m))
		if !span.IsValid() {
			return ""
		}
		return TraceParent(trace.ContextWithSpanContext(t.Context(), span))
	}
	other := strings.Replace(parent, "0af7", "1af7", 1)
	receipt := Message{}.WithDelivery("{}")
	if of(receipt) != "" || of(Inject(t.Context(), receipt)) != "" {
		t.Error("a trace came from nowhere")
	}
	carried := Inject(WithTraceParent(t.Context(), other), receipt)
	if got := of(carried); got != other {
		t.Errorf("a receipt carries %q", got)
	}
	if _, has := receipt.Header[traceHeader]; has {
		t.Error("Inject changed the message that it was given")
	}
	event := Encode(acknowledged(t))
	if got := of(event); got != parent {
		t.Errorf("an event gives %q", got)
	}
	injected := Inject(WithTraceParent(t.Context(), other), event)
	if got := of(injected); got != other {
		t.Errorf("the transport's own trace gives %q", got)
	}
	if e, err := Decode(injected); err != nil || e.TraceParent != parent {
		t.Errorf("the event's own trace is %q, %v", e.TraceParent, err)
	}
	if of(changed(carried, map[string][]string{"Traceparent": {parent}})) != "" {
		t.Error("two traces in one message")
	}
}
