package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

const (
	batchOut  = 64
	nakFirst  = 250 * time.Millisecond
	nakBound  = 10 * time.Second
	nakDouble = 6 // doublings after which the delay has reached its bound
)

// SiteConfig says where the broker is and who this site is.
type SiteConfig struct {
	URL       string // tls://host:port or wss://host:port, several separated by commas; on this machine also nats:// and ws://
	Transport Transport
	CredsFile string // the agency's credentials, see [Accounts]; only the owner may read it
	// Creds, if not nil, gives their content instead: for a file that is encrypted. It
	// is asked at every connect, so that renewed credentials count without a restart.
	Creds  func() ([]byte, error)
	Hub    events.HubID
	Agency events.AgencyID
	Log    *slog.Logger // nil is silent; never gets content
}

// Site is one agency's side of the exchange. Its methods may be called from any
// goroutine.
type Site struct {
	*line
	agency events.AgencyID
	acks   lastAck // of the deliveries
}

// ConnectSite returns at once (after one attempt, at most 2 s) even when the
// broker is away, and from then on reconnects for ever. Errors: credentials that
// cannot be read, a malformed address. Close it.
func ConnectSite(ctx context.Context, config SiteConfig) (*Site, error) {
	name := fmt.Sprintf("handrail %s %s", config.Hub, config.Agency)
	read := config.Creds
	if read == nil {
		read = func() ([]byte, error) { return ownersOnly(config.CredsFile) }
	}
	l, err := dial(ctx, name, config.URL, read, config.Transport, config.Log)
	if err != nil {
		return nil, err
	}
	if l.js, err = jetstream.NewWithAPIPrefix(l.conn, apiPrefix); err != nil {
		l.close()
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	return &Site{line: l, agency: config.Agency}, nil
}

// Close ends the connection and everything that waits on it.
func (s *Site) Close() { s.close() }

// Connected says whether the broker can be reached now.
func (s *Site) Connected() bool { return s.connected() }

// Reconnected tells, coalesced, that the connection stands: the first time and
// every time after it was lost. Tell the hub the inbox position then.
func (s *Site) Reconnected() <-chan struct{} { return s.up }

// Submit hands a message to the hub's work queue and waits for the broker's word,
// at most 10 s. Errors: [ErrQuota], not stored; [ErrAway], stored or not; a
// *[events.Violation] when it is too large for the broker; ctx's own. Keep the
// event until the ledger's receipt whatever Submit says.
func (s *Site) Submit(ctx context.Context, m Message) error {
	if m.weight() > maxSubmission { // the broker would end the connection
		return fmt.Errorf("submitting: %w", tooLarge())
	}
	if err := s.publish(ctx, subjectIn(s.agency), m); err != nil {
		return fmt.Errorf("submitting: %w", err)
	}
	return nil
}

// Receive calls handle for one delivery after the other until ctx ends, whose
// error it returns. A delivery is acknowledged after handle returned nil, so
// handle must have stored it by then. After an error it comes again, after a delay
// that grows from 250 ms to 10 s, while later ones go on: handle knows from the
// delivery number whether it can take one. It resumes by itself when the broker
// was restarted or lost its disk.
func (s *Site) Receive(ctx context.Context, handle func(context.Context, Message) error) error {
	defer func() { _ = s.acks.say() }()
	for ctx.Err() == nil {
		consumer, err := s.inbox(ctx)
		for more := true; err == nil && ctx.Err() == nil; {
			more, err = s.read(ctx, consumer, more, handle)
		}
		if ctx.Err() == nil && s.connected() {
			s.log.LogAttrs(ctx, slog.LevelInfo, "deliveries interrupted", slog.Any("cause", err))
		}
		if pause(ctx, retryPause) != nil || s.conn.IsClosed() {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("receiving deliveries: %w", ErrAway)
}

func (s *Site) inbox(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := s.within(ctx, patience)
	defer cancel()
	return s.js.Consumer(ctx, streamOut, durable(s.agency))
}

// read takes what waits if there is more, else it waits for the next delivery, and
// says whether there is more behind it. It waits for one only, because what the
// broker sends while ctx ends is lost until its time is over.
func (s *Site) read(ctx context.Context, consumer jetstream.Consumer, more bool, handle func(context.Context, Message) error) (bool, error) {
	epoch := s.epoch()
	if more {
		batch, err := consumer.FetchNoWait(batchOut)
		if err != nil {
			return false, fmt.Errorf("asking for deliveries: %w", err)
		}
		return s.take(ctx, batch, epoch, handle)
	}
	bound, cancel := s.within(ctx, pullTime)
	defer cancel()
	batch, err := consumer.Fetch(1, jetstream.FetchContext(bound), jetstream.FetchHeartbeat(heartbeat))
	if err != nil {
		return false, fmt.Errorf("waiting for deliveries: %w", err)
	}
	if more, err = s.take(ctx, batch, epoch, handle); errors.Is(err, context.DeadlineExceeded) {
		return more, ctx.Err()
	}
	return more, err
}

// take hands a batch over, and says whether the broker had more behind its last
// message. An answer goes out only while the connection is the
// one that the batch was asked on: after a wipe of the broker the same number is
// another message. When ctx ends, what is left goes back.
func (s *Site) take(ctx context.Context, batch jetstream.MessageBatch, epoch uint64, handle func(context.Context, Message) error) (bool, error) {
	more := false
	for m := range batch.Messages() {
		about, unknown := m.Metadata()
		more = unknown == nil && about.NumPending > 0
		failed := ctx.Err()
		if failed == nil {
			failed = handle(ctx, Message{Header: m.Headers(), Data: m.Data()})
		}
		if s.epoch() != epoch {
			continue // it comes again
		}
		if err := s.answer(ctx, m, epoch, failed); err != nil {
			s.log.LogAttrs(ctx, slog.LevelWarn, "delivery not acknowledged", slog.Any("error", err))
		}
	}
	return more, batch.Error()
}

func (s *Site) answer(ctx context.Context, m jetstream.Msg, epoch uint64, failed error) error {
	switch {
	case failed == nil:
		return s.acks.keep(func() error {
			if s.epoch() != epoch {
				return nil // it comes again
			}
			return m.Ack()
		})
	case ctx.Err() != nil:
		return m.Nak() // the site stops: whoever reads next gets it at once
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "delivery not taken", slog.Any("error", failed))
	delay := nakFirst
	if about, err := m.Metadata(); err == nil && about.NumDelivered > 0 {
		delay = min(nakFirst<<min(about.NumDelivered-1, nakDouble), nakBound)
	}
	return m.NakWithDelay(delay)
}
