package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const flushPatience = 5 * time.Second

// telemetry is what has to be flushed at the end.
type telemetry struct {
	logs      slog.Handler // nil unless logs are exported
	shutdowns []func(context.Context) error
}

// startTelemetry sets the global providers by the standard OTEL_ variables. Nothing is sent unless one of them names
// an exporter or an endpoint; spans still get ids then, so that logs and events carry the same trace everywhere.
func startTelemetry(ctx context.Context, service string) (*telemetry, error) {
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.namespace", "handrail"), attribute.String("service.name", service)),
		resource.WithFromEnv(), // last, because OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
	)
	if err != nil {
		return nil, fmt.Errorf("describing this process to OpenTelemetry: %w", err)
	}
	t := &telemetry{}
	for _, start := range []func(context.Context, *resource.Resource) error{t.startTraces, t.startMetrics, t.startLogs} {
		if err := start(ctx, about); err != nil {
			return nil, errors.Join(fmt.Errorf("starting OpenTelemetry: %w", err), t.shutdown(ctx))
		}
	}
	otel.SetTextMapPropagator(propagation.TraceContext{}) // no baggage: it could carry anything to another agency
	return t, nil
}

// exported says whether the environment asks for a signal (TRACES, METRICS or LOGS) to be sent anywhere.
func exported(signal string) bool {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return false
	}
	for _, name := range []string{"OTEL_" + signal + "_EXPORTER", "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

func (t *telemetry) startTraces(ctx context.Context, about *resource.Resource) error {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(about)}
	if exported("TRACES") {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return err
		}
		if !autoexport.IsNoneSpanExporter(exporter) {
			options = append(options, sdktrace.WithBatcher(exporter))
		}
	}
	provider := sdktrace.NewTracerProvider(options...)
	t.shutdowns = append(t.shutdowns, provider.Shutdown)
	otel.SetTracerProvider(provider)
	return nil
}

func (t *telemetry) startMetrics(ctx context.Context, about *resource.Resource) error {
	if !exported("METRICS") {
		return nil
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil || autoexport.IsNoneMetricReader(reader) {
		return err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(about), sdkmetric.WithReader(reader))
	t.shutdowns = append(t.shutdowns, provider.Shutdown)
	otel.SetMeterProvider(provider)
	return runtime.Start(runtime.WithMeterProvider(provider))
}

func (t *telemetry) startLogs(ctx context.Context, about *resource.Resource) error {
	if !exported("LOGS") {
		return nil
	}
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil || autoexport.IsNoneLogExporter(exporter) {
		return err
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(about), sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	t.shutdowns = append(t.shutdowns, provider.Shutdown)
	t.logs = otelslog.NewHandler("handrail", otelslog.WithLoggerProvider(provider))
	return nil
}

// reportExportErrors writes what the SDK cannot deliver as a warning, instead of its own unstructured line.
func reportExportErrors(ctx context.Context, log *slog.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.LogAttrs(ctx, slog.LevelWarn, "OpenTelemetry", slog.Any("error", err))
	}))
}

// shutdown flushes and stops everything, also after ctx has ended.
func (t *telemetry) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushPatience)
	defer cancel()
	var errs []error
	for _, stop := range t.shutdowns {
		errs = append(errs, stop(ctx))
	}
	return errors.Join(errs...)
}
