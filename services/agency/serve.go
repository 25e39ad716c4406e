package agency

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"handrail/events"
	"handrail/events/exchange"
)

const deskBody = 1 << 20 // sections of one case

// serve opens the door for people and the command line: a socket that only the
// agency's own user can reach.
func (a *Agency) serve(ctx context.Context, group *errgroup.Group) error {
	socket := a.config.path(SocketFile)
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the socket of the last run: %w", err)
	}
	desk, err := listenPrivate(ctx, socket)
	if err != nil {
		return err
	}
	group.Go(func() error { return a.Serve(ctx, desk, a.deskRoutes()) })
	return nil
}

// listenPrivate makes the socket without a moment in which others can reach it:
// the agency's directory is its own, and the mode says so again.
func listenPrivate(ctx context.Context, path string) (net.Listener, error) {
	if len(path) > 103 {
		return nil, errors.New("the path of the desk's socket is longer than 103 bytes: choose a shorter directory")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening for people: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("closing the socket to others: %w", err), listener.Close())
	}
	return listener, nil
}

// Serve answers on a listener until ctx ends, and returns nil then. Every request is
// in the trace of whoever asked.
func (a *Agency) Serve(ctx context.Context, listener net.Listener, routes http.Handler) error {
	server := &http.Server{
		Handler: a.traced(routes), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(bound); err != nil {
		return errors.Join(fmt.Errorf("ending requests: %w", err), server.Close())
	}
	return nil
}

// traced puts every request into the trace of whoever asked. The span is named
// by method and route, never by the path, which may hold anything.
func (a *Agency) traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := exchange.WithTraceParent(r.Context(), r.Header.Get("traceparent"))
		ctx, span := a.tel.tracer.Start(ctx, "HTTP", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx) // the router writes the pattern into this one
		next.ServeHTTP(w, r)
		if method, path, found := strings.Cut(r.Pattern, " "); found {
			span.SetName(r.Pattern)
			span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", path))
		}
	})
}

// route is a path whose handler gives an answer or an error.
type route func(r *http.Request) (any, error)

// handle serves a route, with the status of a success.
func (a *Agency) handle(status int, f route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := f(r)
		if err != nil {
			a.Refuse(r.Context(), w, err)
			return
		}
		a.reply(r.Context(), w, status, answer)
	}
}

// bodied is handle for a path that takes a JSON body of at most deskBody bytes.
func (a *Agency) bodied(status int, f func(r *http.Request, body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" {
			a.Refuse(r.Context(), w, events.Refuse(RuleContentType, "", "send application/json"))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, deskBody))
		if err != nil {
			a.Refuse(r.Context(), w, err)
			return
		}
		a.handle(status, func(r *http.Request) (any, error) { return f(r, body) })(w, r)
	}
}

func (a *Agency) missing(w http.ResponseWriter, r *http.Request) {
	a.Refuse(r.Context(), w, events.Refuse(RuleNotFound, "", "there is nothing at this path"))
}
