package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

const inFlight = 256 // publishes that wait for the broker's word

// Outgoing is one message on its way to an agency.
type Outgoing struct {
	To      events.AgencyID
	Message Message
}

// SendError says that something for an agency was not confirmed. Err is
// [ErrAway], [ErrQuota] or the broker's own error.
type SendError struct {
	To  events.AgencyID
	Err error
}

// Error implements error.
func (e *SendError) Error() string { return fmt.Sprintf("sending to %s: %v", e.To, e.Err) }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Send stores a message for an agency and waits for the broker's word, at most
// 10 s. After [ErrAway] it may be stored or not; after [ErrQuota] it is not: the
// agency does not read, deliver again from its position later.
func (h *Hub) Send(ctx context.Context, to events.AgencyID, m Message) error {
	if err := h.publish(ctx, subjectOut(to), m); err != nil {
		return h.sendError(to, err)
	}
	return nil
}

// SendAll stores many messages, in order per agency, and waits for the broker's
// word on all. One agency's failure does not keep back another's messages; the
// error joins one [*SendError] for each agency that failed. Of a failed agency's
// messages any may have been stored.
func (h *Hub) SendAll(ctx context.Context, all []Outgoing) error {
	failed := map[events.AgencyID]error{}
	for len(all) > 0 {
		n := min(inFlight, len(all))
		h.sendSome(ctx, all[:n], failed)
		all = all[n:]
	}
	var errs []error
	for to, err := range failed {
		errs = append(errs, h.sendError(to, err))
	}
	return errors.Join(errs...)
}

func (h *Hub) sendSome(ctx context.Context, some []Outgoing, failed map[events.AgencyID]error) {
	bound, cancel := h.within(ctx, patience)
	defer cancel()
	words := make([]jetstream.PubAckFuture, len(some))
	for i, o := range some {
		if failed[o.To] != nil {
			continue // later messages of this agency would only make a gap
		}
		if !h.connected() {
			failed[o.To] = ErrAway
			continue
		}
		var err error
		if words[i], err = h.js.PublishMsgAsync(natsMessage(subjectOut(o.To), o.Message)); err != nil {
			failed[o.To] = refusal(ctx, err)
		}
	}
	for i, word := range words {
		if word == nil {
			continue
		}
		var err error
		select {
		case <-word.Ok():
		case err = <-word.Err():
		case <-bound.Done():
			err = bound.Err()
		}
		if err != nil && failed[some[i].To] == nil {
			failed[some[i].To] = refusal(ctx, err)
		}
	}
}

// sendError has the streams checked when the broker is there and they may not be.
func (h *Hub) sendError(to events.AgencyID, err error) error {
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
		signal(h.broken)
	}
	return &SendError{To: to, Err: err}
}

// Erase removes, with their bytes on the broker's disk, those messages to an
// agency that it has not yet acknowledged and that match. What it acknowledged
// before stays in the broker's blocks until they are reused. Call it from where
// messages are sent: it may miss what is sent meanwhile.
func (h *Hub) Erase(ctx context.Context, to events.AgencyID, match func(Message) bool) error {
	stream, err := h.js.Stream(ctx, streamOut)
	if err != nil {
		return fmt.Errorf("erasing deliveries to %s: %w", to, err)
	}
	for next := uint64(1); ; {
		m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subjectOut(to)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("erasing deliveries to %s: %w", to, err)
		}
		next = m.Sequence + 1
		if !match(Message{Header: m.Header, Data: m.Data}) {
			continue
		}
		if err := stream.SecureDeleteMsg(ctx, m.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("erasing deliveries to %s: %w", to, err)
		}
	}
}
