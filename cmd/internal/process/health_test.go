package process

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

func TestReadinessFollowsItsChecks(t *testing.T) {
	var broken atomic.Bool
	health := &Health{log: slog.New(slog.DiscardHandler)}
	health.Check("ledger", func(context.Context) error {
		if broken.Load() {
			return errors.New("no connection to a place that nobody outside should read about")
		}
		return nil
	})
	health.Check("broker", func(context.Context) error { return nil })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, listener, health.Handler()) }()
	address := "http://" + listener.Addr().String()

	if status, _ := get(t, address+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d", status)
	}
	if status, got := get(t, address+"/readyz"); status != http.StatusOK || !got.Ready || !got.Checks["ledger"] {
		t.Errorf("/readyz answers %d %+v", status, got)
	}
	broken.Store(true)
	if status, got := get(t, address+"/readyz"); status != http.StatusServiceUnavailable || got.Ready || got.Checks["ledger"] || !got.Checks["broker"] {
		t.Errorf("/readyz answers %d %+v while the ledger is away", status, got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("serving ended with %v", err)
	}
}

func get(t *testing.T, address string) (int, Readiness) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body Readiness
	if response.ContentLength != 0 {
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode, body
}
