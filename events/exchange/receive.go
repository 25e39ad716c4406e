package exchange

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

const (
	pendingIn   = 1024 // submissions with the ledger that are not yet acknowledged
	ledgerNames = "ledger-"
)

// Submission is one message that an agency has submitted.
type Submission struct {
	// From is the agency whose account published it: the broker's word, not the
	// message's.
	From events.AgencyID
	// Message is as the agency wrote it. Never pass it on: headers that are not
	// the event's are anybody's text. Encode the event that Decode gives.
	Message Message
	// Ack says that the submission is dealt with for good; the broker forgets it.
	// It is said when the next is, or a moment later. An error means that one may come
	// again. Ack of a submission from before an interruption has no effect.
	Ack func() error
}

// Receive gives submissions in stream order until ctx ends, then closes the
// channel. See the package's word on order: after any interruption it starts again
// at the oldest submission not acknowledged. It survives the broker's restarts
// and wipes. At most 1024 submissions are out unacknowledged at a time.
//
// One Receive at a time reads a hub's submissions: a second one on the same Hub
// is an error, one in another process takes over; so end it when the right to
// sequence is lost.
func (h *Hub) Receive(ctx context.Context) (<-chan Submission, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.receiving {
		return nil, errors.New("receiving submissions: this hub receives already")
	}
	h.receiving = true
	to := make(chan Submission)
	go func() {
		defer close(to)
		h.receive(ctx, to)
		_ = h.acks.say()
		h.mu.Lock()
		h.receiving = false
		h.mu.Unlock()
	}()
	return to, nil
}

func (h *Hub) receive(ctx context.Context, to chan<- Submission) {
	for ctx.Err() == nil && !h.conn.IsClosed() {
		name, err := h.restart(ctx)
		if err == nil {
			err = h.read(ctx, name, to)
		}
		if ctx.Err() != nil {
			return
		}
		h.log.LogAttrs(ctx, slog.LevelInfo, "receiving starts again at the oldest submission", slog.Any("cause", err))
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			signal(h.broken)
		}
		if !errors.Is(err, errOutOfOrder) && pause(ctx, retryPause) != nil {
			return
		}
	}
}

// restart replaces the consumer of IN. A new one begins at the oldest message
// there is, in order; an old one would give newer messages first, and those that
// it had given before only after a timeout. Its name is new too, so that a late
// acknowledgement cannot hit another message of the same number after a wipe.
func (h *Hub) restart(ctx context.Context) (name string, err error) {
	ctx, cancel := h.within(ctx, patience)
	defer cancel()
	stream, err := h.js.Stream(ctx, streamIn)
	if err != nil {
		return "", err
	}
	names := stream.ConsumerNames(ctx)
	for name := range names.Name() {
		if !strings.HasPrefix(name, ledgerNames) {
			continue
		}
		if err := stream.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return "", err
		}
	}
	if err := names.Err(); err != nil {
		return "", err
	}
	name = ledgerNames + strings.ToLower(rand.Text())
	_, err = stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: h.config.AckWait, MaxAckPending: pendingIn, MaxDeliver: -1,
	})
	return name, err
}
