package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

// HubConfig says where the broker is and how much it holds for whom. The zero
// value of every number means its default.
type HubConfig struct {
	URL       string       // tls://host:port, several separated by commas; on this machine also nats://
	Transport Transport    // whose certificates are believed
	CredsFile string       // the hub's credentials, see [Accounts]; only the owner may read it
	Log       *slog.Logger // nil is silent; never gets subjects or content

	Quota    int           // submissions of one agency that may wait, default 1024
	Window   int           // deliveries to one agency in flight, default 256
	Backlog  int           // deliveries to one agency that may wait, default 16 windows
	AckWait  time.Duration // until something unacknowledged comes again, default 30 s
	MaxBytes int64         // of each stream; default none. At least agencies × window × 1 MiB, so that a quota is always reached first
	Replicas int           // of each stream, default 1; production uses 3
}

func (c HubConfig) withDefaults() HubConfig {
	def := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	def(&c.Quota, 1024)
	def(&c.Window, 256)
	def(&c.Backlog, 16*c.Window)
	def(&c.Replicas, 1)
	if c.AckWait == 0 {
		c.AckWait = 30 * time.Second
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = -1
	}
	return c
}

// Hub is the hub's side of the exchange. Its methods may be called from any
// goroutine.
type Hub struct {
	*line
	config HubConfig
	acks   lastAck // of the submissions

	broken      chan struct{} // something is missing at the broker; capacity 1
	reconnected chan struct{} // capacity 1
	stop        context.CancelFunc
	kept        chan struct{} // closed when keep has ended

	mu        sync.Mutex
	agencies  []events.AgencyID // as last provided
	receiving bool
}

// ConnectHub connects, waiting until the broker is there or ctx ends; ctx has no
// part in what comes after. From then on it reconnects for ever. Close it.
func ConnectHub(ctx context.Context, config HubConfig) (*Hub, error) {
	read := func() ([]byte, error) { return ownersOnly(config.CredsFile) }
	l, err := dial(ctx, "handrail hub", config.URL, read, config.Transport, config.Log)
	if err != nil {
		return nil, err
	}
	if l.js, err = jetstream.New(l.conn); err != nil {
		l.close()
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	select {
	case <-l.up:
	case <-ctx.Done():
		l.close()
		return nil, fmt.Errorf("waiting for the broker: %w", ctx.Err())
	}
	h := &Hub{
		line: l, config: config.withDefaults(),
		broken: make(chan struct{}, 1), reconnected: make(chan struct{}, 1), kept: make(chan struct{}),
	}
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	go h.keep(ctx)
	return h, nil
}

// Close ends the connection and everything that waits on it. Submissions not
// acknowledged come again to the next Receive.
func (h *Hub) Close() {
	h.stop()
	h.close()
	<-h.kept
}

// Connected says whether the broker can be reached now.
func (h *Hub) Connected() bool { return h.connected() }

// Reconnected tells, coalesced, that the connection was lost and is back, or that
// streams had to be made again; both streams stand when it tells. What was sent
// before may be lost: deliver again from each agency's position.
func (h *Hub) Reconnected() <-chan struct{} { return h.reconnected }

// Provide makes the streams and one durable consumer per agency, or brings them
// up to date. The Hub remembers the agencies and does the same by itself after
// every reconnect. It waits for a broker that is away until ctx ends; an error
// of the broker's own (a configuration that it refuses) comes at once.
func (h *Hub) Provide(ctx context.Context, agencies []events.AgencyID) error {
	least := int64(len(agencies)) * int64(h.config.Window) << 20
	if h.config.MaxBytes > 0 && h.config.MaxBytes < least {
		return fmt.Errorf("providing streams: MaxBytes is %d and must be at least %d, or one agency's messages could crowd out another's", h.config.MaxBytes, least)
	}
	h.mu.Lock()
	h.agencies = slices.Clone(agencies)
	h.mu.Unlock()
	for {
		_, err := h.provide(ctx)
		var api *jetstream.APIError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &api) && api.Code < http.StatusInternalServerError: // what is asked for is wrong; a broker's own failure may pass
			return fmt.Errorf("providing streams: %w", err)
		}
		h.log.LogAttrs(ctx, slog.LevelWarn, "streams not provided yet", slog.Any("error", err))
		if pause(ctx, retryPause) != nil {
			return fmt.Errorf("providing streams: %w", errors.Join(ctx.Err(), err))
		}
	}
}

// provide tries once; made says whether a stream was missing.
func (h *Hub) provide(ctx context.Context) (made bool, err error) {
	ctx, cancel := h.within(ctx, patience)
	defer cancel()
	h.mu.Lock()
	agencies := slices.Clone(h.agencies)
	h.mu.Unlock()
	for _, config := range h.config.streams() {
		_, err := h.js.Stream(ctx, config.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			made = true
		} else if err != nil {
			return made, fmt.Errorf("stream %s: %w", config.Name, err)
		}
		if _, err := h.js.CreateOrUpdateStream(ctx, config); err != nil {
			return made, fmt.Errorf("stream %s: %w", config.Name, err)
		}
	}
	for _, agency := range agencies {
		if _, err := h.js.CreateOrUpdateConsumer(ctx, streamOut, h.config.consumerOut(agency)); err != nil {
			return made, fmt.Errorf("consumer %s: %w", durable(agency), err)
		}
	}
	return made, nil
}

// keep makes the streams again when the broker came back or lost them.
func (h *Hub) keep(ctx context.Context) {
	defer close(h.kept)
	for {
		again := false
		select {
		case <-ctx.Done():
			return
		case <-h.up:
			again = true
		case <-h.broken:
		}
		h.mu.Lock()
		provided := h.agencies != nil
		h.mu.Unlock()
		for provided {
			made, err := h.provide(ctx)
			again = again || made
			if err == nil {
				break
			}
			h.log.LogAttrs(ctx, slog.LevelWarn, "streams not restored yet", slog.Any("error", err))
			if pause(ctx, retryPause) != nil {
				return
			}
		}
		if again {
			signal(h.reconnected)
		}
	}
}
