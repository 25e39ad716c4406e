// Package process is what every main shares: signals, the parent's end, logs, OpenTelemetry and exit codes.
// It is the only package that uses the OpenTelemetry SDK; all others use its API.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Process is what a running service gets from its main.
type Process struct {
	Log *slog.Logger // adds trace_id and span_id from the context of each call
}

// Main runs a service and ends the process with the exit code for its error, which it prints. service names it in
// telemetry unless OTEL_SERVICE_NAME does.
func Main(service string, run func(context.Context, *Process) error) {
	err := Run(context.Background(), service, run)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", service, err)
	}
	os.Exit(ExitCode(err))
}

// Run calls run with a context that ends on SIGINT, on SIGTERM and when the process that started this one vanishes; a
// second signal ends the process at once. Afterwards it flushes telemetry, for at most five seconds. It returns run's
// error, or nil when run gave up only because its context had ended.
//
// It sets OpenTelemetry's global providers and the default logger, so it is called once in a process.
func Run(ctx context.Context, service string, run func(context.Context, *Process) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	ctx, release := followParent(ctx)
	defer release()

	telemetry, err := startTelemetry(ctx, service)
	if err != nil {
		return err
	}
	log, err := newLogger(os.Stderr, os.Getenv("HANDRAIL_LOG_FORMAT"), os.Getenv("HANDRAIL_LOG_LEVEL"), telemetry.logs)
	if err != nil {
		return errors.Join(err, telemetry.shutdown(ctx))
	}
	slog.SetDefault(log)
	reportExportErrors(context.WithoutCancel(ctx), log)

	err = run(ctx, &Process{Log: log})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	if flushErr := telemetry.shutdown(ctx); flushErr != nil { // a collector that is away is no failure of the service
		log.LogAttrs(ctx, slog.LevelWarn, "telemetry was not delivered", slog.Any("error", flushErr))
	}
	return err
}
