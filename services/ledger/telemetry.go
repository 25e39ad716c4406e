package ledger

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/tlog"
	"handrail/events"
)

const scope = "handrail/services/ledger"

// telemetry measures the seams: admit, append, deliver. No attribute names a case or a person.
type telemetry struct {
	tracer     trace.Tracer
	verdicts   metric.Int64Counter
	faults     metric.Int64Counter
	deliveries metric.Int64Counter
	commits    metric.Float64Histogram
	batches    metric.Int64Histogram
	entries    metric.Int64Counter
	queues     metric.Int64Histogram
}

// verdict is what a submission met in its batch, for telemetry only.
type verdict struct {
	verdict tlog.Verdict // empty: nothing was logged of it
	rule    events.Rule
}

func newTelemetry() (*telemetry, error) {
	meter := otel.Meter(scope)
	t := &telemetry{tracer: otel.Tracer(scope)}
	var errs [7]error
	t.verdicts, errs[0] = meter.Int64Counter("handrail.ledger.verdicts", metric.WithUnit("{submission}"), metric.WithDescription("Submissions judged, by verdict and rule."))
	t.faults, errs[1] = meter.Int64Counter("handrail.ledger.faults", metric.WithUnit("{fault}"), metric.WithDescription("Failures of the hub itself; each needs its operator."))
	t.deliveries, errs[2] = meter.Int64Counter("handrail.ledger.deliveries", metric.WithUnit("{delivery}"), metric.WithDescription("Deliveries given to the broker, by kind."))
	t.commits, errs[3] = meter.Float64Histogram("handrail.ledger.commit.duration", metric.WithUnit("s"), metric.WithDescription("Time to judge and commit one batch."))
	t.batches, errs[4] = meter.Int64Histogram("handrail.ledger.batch.size", metric.WithUnit("{submission}"), metric.WithDescription("Submissions in one batch."))
	t.entries, errs[5] = meter.Int64Counter("handrail.ledger.entries", metric.WithUnit("{entry}"), metric.WithDescription("Entries appended to the log."))
	t.queues, errs[6] = meter.Int64Histogram("handrail.ledger.queue.length", metric.WithUnit("{submission}"), metric.WithDescription("Submissions that wait for the next batch when one begins."))
	return t, errors.Join(errs[:]...)
}

func (t *telemetry) committed(ctx context.Context, submissions, entries int, took time.Duration) {
	t.commits.Record(ctx, took.Seconds())
	t.batches.Record(ctx, int64(submissions))
	t.entries.Add(ctx, int64(entries))
}

// judged ends the submission's span with its verdict.
func (t *telemetry) judged(ctx context.Context, s *submission, v verdict) {
	attributes := []attribute.KeyValue{attribute.String("handrail.verdict", string(v.verdict)), attribute.String("handrail.rule", string(v.rule))}
	if v.verdict != "" {
		t.verdicts.Add(ctx, 1, metric.WithAttributes(attributes...))
	}
	s.span.SetAttributes(attributes...)
	s.span.End()
}

// appended shows in each event's own trace when the batch was committed that it
// was in. What had its answer already appended nothing.
func (t *telemetry) appended(ctx context.Context, all []*submission, verdicts []verdict, begin time.Time) {
	link := trace.LinkFromContext(ctx)
	for i, s := range all {
		if verdicts[i].verdict == "" {
			continue
		}
		_, span := t.tracer.Start(trace.ContextWithSpan(ctx, s.span), "append", trace.WithTimestamp(begin), trace.WithLinks(link))
		span.End()
	}
}

// messaging describes one step of a message by OpenTelemetry's conventions.
func messaging(kind, name, subject string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "nats"), attribute.String("messaging.operation.type", kind),
		attribute.String("messaging.operation.name", name), attribute.String("messaging.destination.name", subject),
	}
}

func (t *telemetry) delivered(ctx context.Context, kind tlog.Kind) {
	t.deliveries.Add(ctx, 1, metric.WithAttributes(attribute.String("handrail.delivery.kind", string(kind))))
}
