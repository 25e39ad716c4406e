package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const batchIn = 128

var (
	errOutOfOrder = errors.New("a submission was lost on the way or came again")
	errSilent     = errors.New("the broker is silent")
)

// What the broker itself says about a request for messages, in the header Status.
const (
	statusHeartbeat = "100"
	statusNothing   = "404"
	statusExpired   = "408"
)

// read passes on what the consumer gives for as long as its own count has no gap
// and no repetition.
//
// It asks in plain NATS: the JetStream client takes an empty message with a header
// Status for the broker's own word, but any agency may write such a header.
func (h *Hub) read(ctx context.Context, consumer string, to chan<- Submission) error {
	inbox := h.conn.NewInbox()
	from := make(chan *nats.Msg, 2*batchIn) // one request's messages, its end and its heartbeats
	sub, err := h.conn.ChanSubscribe(inbox, from)
	if err != nil {
		return fmt.Errorf("asking for submissions: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	subject := "$JS.API.CONSUMER.MSG.NEXT." + streamIn + "." + consumer
	request := fmt.Appendf(nil, `{"batch":%d,"expires":%d,"idle_heartbeat":%d}`, batchIn, pullTime.Nanoseconds(), heartbeat.Nanoseconds())
	ctx, cancel := h.whileConnected(ctx)
	defer cancel()
	for expected := uint64(1); ; {
		if err = h.conn.PublishRequest(subject, inbox, request); err == nil {
			err = h.pass(ctx, from, &expected, to)
		}
		if err != nil {
			return fmt.Errorf("asking for submissions: %w", err)
		}
	}
}

// pass hands over the messages of one request, until it is answered or over.
func (h *Hub) pass(ctx context.Context, from <-chan *nats.Msg, expected *uint64, to chan<- Submission) error {
	for n := 0; n < batchIn; {
		var m *nats.Msg
		select {
		case m = <-from:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * heartbeat):
			return errSilent
		}
		if !stored(m) {
			if over, err := judgeStatus(m); over {
				return err
			}
			continue
		}
		n++
		if err := h.hand(ctx, m, expected, to); err != nil {
			return err
		}
	}
	return nil
}

// stored says whether a message comes out of the stream: it then has the subject
// on which it was submitted and a reply for its acknowledgement. What the broker
// itself says comes on the inbox and takes no reply. No header decides this.
func stored(m *nats.Msg) bool {
	return strings.HasPrefix(m.Subject, prefixIn) && strings.HasPrefix(m.Reply, "$JS.ACK."+streamIn+".")
}

// judgeStatus reads the broker's own word; over: it sends nothing more for this request.
func judgeStatus(m *nats.Msg) (over bool, err error) {
	switch status := m.Header.Get("Status"); status {
	case statusHeartbeat:
		return false, nil
	case statusNothing, statusExpired:
		return true, nil
	default:
		return true, fmt.Errorf("the broker says %s %s", status, m.Header.Get("Description"))
	}
}

func (h *Hub) hand(ctx context.Context, m *nats.Msg, expected *uint64, to chan<- Submission) error {
	about, err := m.Metadata() // from the reply, which the broker wrote
	if err != nil {
		return err
	}
	if about.NumDelivered > 1 || about.Sequence.Consumer != *expected {
		return errOutOfOrder
	}
	*expected++
	ack := func() error {
		return h.acks.keep(func() error { return h.conn.Publish(m.Reply, []byte("+ACK")) })
	}
	select {
	case to <- Submission{From: agencyOf(m.Subject), Message: Message{Header: m.Header, Data: m.Data}, Ack: ack}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
