package agency

import (
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const (
	scope     = "handrail/services/agency"
	eventType = "cloudevents.event_type" // OpenTelemetry's name for it
)

// telemetry sits at the agency's seams. No attribute ever holds a case id.
type telemetry struct {
	tracer trace.Tracer

	submitted metric.Int64Counter     // messages handed to the broker
	received  metric.Int64Counter     // deliveries, by kind and what became of them
	latency   metric.Float64Histogram // from storing an own event until its answer is stored, in seconds
	raised    metric.Int64Counter     // alarms
}

func newTelemetry() (telemetry, error) {
	meter := otel.Meter(scope)
	t := telemetry{tracer: otel.Tracer(scope)}
	var errs [4]error
	t.submitted, errs[0] = meter.Int64Counter("handrail.agency.submissions",
		metric.WithUnit("{message}"), metric.WithDescription("Messages handed to the broker, by outcome."))
	t.received, errs[1] = meter.Int64Counter("handrail.agency.deliveries",
		metric.WithUnit("{message}"), metric.WithDescription("Deliveries received, by kind and outcome."))
	t.latency, errs[2] = meter.Float64Histogram("handrail.agency.receipt.duration",
		metric.WithUnit("s"), metric.WithDescription("Time from storing an own event until the ledger's answer is stored."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 600, 3600))
	t.raised, errs[3] = meter.Int64Counter("handrail.agency.alarms",
		metric.WithUnit("{alarm}"), metric.WithDescription("Alarms raised, by name."))
	return t, errors.Join(errs[:]...)
}

// messaging describes one step of a message by OpenTelemetry's conventions.
func messaging(kind, name, subject string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "nats"), attribute.String("messaging.operation.type", kind),
		attribute.String("messaging.operation.name", name), attribute.String("messaging.destination.name", subject),
	}
}
