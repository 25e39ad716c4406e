package process

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	checkPatience    = 2 * time.Second
	headerPatience   = 10 * time.Second
	shutdownPatience = 5 * time.Second
)

// Health answers whether the process lives and whether it can work. Safe for concurrent use.
type Health struct {
	log *slog.Logger

	mu     sync.Mutex
	checks map[string]func(context.Context) error
}

// Check adds something that the service cannot work without. It is asked at every /readyz and has two seconds.
func (h *Health) Check(name string, check func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = map[string]func(context.Context) error{}
	}
	h.checks[name] = check
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready  bool            `json:"ready"`
	Checks map[string]bool `json:"checks"`
}

// Handler serves GET /healthz (200 while the process lives) and GET /readyz (200 or 503, with a [Readiness]). Anyone
// may ask, so the answer says which check fails and the log says why.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		readiness := h.Ready(r.Context())
		w.Header().Set("Content-Type", "application/json")
		if !readiness.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(readiness) // the asker has gone
	})
	return mux
}

// Ready asks every check, all at the same time.
func (h *Health) Ready(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	h.mu.Lock()
	checks := maps.Clone(h.checks)
	h.mu.Unlock()
	var (
		asked  sync.WaitGroup
		mu     sync.Mutex
		result = Readiness{Ready: true, Checks: map[string]bool{}}
	)
	for name, check := range checks {
		asked.Go(func() {
			err := check(ctx)
			if err != nil {
				h.log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("check", name), slog.Any("error", err))
			}
			mu.Lock()
			defer mu.Unlock()
			result.Checks[name] = err == nil
			result.Ready = result.Ready && err == nil
		})
	}
	asked.Wait()
	return result
}

// Serve answers HTTP on the listener, which it closes, until ctx ends; then requests under way have five seconds.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerPatience,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownPatience)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
