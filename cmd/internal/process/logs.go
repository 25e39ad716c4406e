package process

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// newLogger writes JSON lines, or text for people, from the level on (default info). Records go to exported too when
// logs are exported.
func newLogger(out io.Writer, format, level string, exported slog.Handler) (*slog.Logger, error) {
	var least slog.Level
	if level != "" {
		if err := least.UnmarshalText([]byte(level)); err != nil {
			return nil, usage("HANDRAIL_LOG_LEVEL: %w", err)
		}
	}
	options := &slog.HandlerOptions{Level: least}
	var handler slog.Handler
	switch format {
	case "", "json":
		handler = slog.NewJSONHandler(out, options)
	case "text":
		handler = slog.NewTextHandler(out, options)
	default:
		return nil, usage("HANDRAIL_LOG_FORMAT is %q, not json or text", format)
	}
	handler = traced{handler}
	if exported != nil {
		handler = slog.NewMultiHandler(handler, exported)
	}
	return slog.New(handler), nil
}

func usage(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// traced adds the ids of the span that a record was written in, by the names that OpenTelemetry gives them for logs
// outside its protocol.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
