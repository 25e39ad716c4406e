package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

// Errors of the exchange that a caller acts on.
var (
	// ErrAway says that the broker did not confirm: it is away, or its streams
	// are. The message may have been stored all the same; send it again later.
	ErrAway = errors.New("the broker is away")
	// ErrQuota says that too much of this agency waits already; what was refused
	// is not stored. Send it again later.
	ErrQuota = errors.New("the agency's quota at the broker is full")
)

const (
	reconnectWait  = 200 * time.Millisecond
	reconnectBound = 2 * time.Second // longest pause between attempts
	patience       = 10 * time.Second
	pullTime       = 10 * time.Second // one request for messages
	heartbeat      = 2 * time.Second
	retryPause     = 200 * time.Millisecond
)

// line is one connection to the broker that never gives up.
type line struct {
	conn *nats.Conn
	js   jetstream.JetStream
	log  *slog.Logger
	up   chan struct{} // connected, or connected again; capacity 1

	mu      sync.Mutex
	session context.Context // ends when the connection breaks
	end     context.CancelFunc
}

func dial(ctx context.Context, name, url string, creds func() ([]byte, error), way Transport, log *slog.Logger) (*line, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := checkCredentials(creds); err != nil {
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	options, err := way.options(url)
	if err != nil {
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	l := &line{log: log, up: make(chan struct{}, 1)}
	l.renew()
	ctx = context.WithoutCancel(ctx)
	connected := func(c *nats.Conn) {
		log.LogAttrs(ctx, slog.LevelInfo, "broker connected", slog.Uint64("reconnects", c.Reconnects))
		signal(l.up)
	}
	l.conn, err = nats.Connect(url, append(options,
		nats.Name(name), signIn(creds),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(func(attempts int) time.Duration {
			return min(reconnectWait*time.Duration(max(attempts, 1)), reconnectBound)
		}),
		nats.ReconnectBufSize(-1), // what cannot be sent now fails now: its owner keeps it
		nats.ConnectHandler(connected), nats.ReconnectHandler(connected),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			log.LogAttrs(ctx, slog.LevelWarn, "broker away", slog.Any("error", err))
			l.renew()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.LogAttrs(ctx, slog.LevelWarn, "broker complains", slog.Any("error", err))
		}),
	)...)
	if err != nil {
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	return l, nil
}

// checkCredentials says at once what the client, which reads them at every
// connect, would only try again for ever.
func checkCredentials(read func() ([]byte, error)) error {
	text, err := read()
	if err != nil {
		return err
	}
	if _, err := jwt.ParseDecoratedJWT(text); err != nil {
		return errors.New("the file of credentials holds none") // the cause could repeat a secret
	}
	if _, err := jwt.ParseDecoratedUserNKey(text); err != nil {
		return errors.New("the file of credentials holds no seed")
	}
	return nil
}

// signIn shows the token and signs the broker's question, with the credentials as
// they are at each connect.
func signIn(read func() ([]byte, error)) nats.Option {
	var text []byte // the client asks for the token first, and then at once for the signature
	token := func() (string, error) {
		var err error
		if text, err = read(); err != nil {
			return "", err
		}
		return jwt.ParseDecoratedJWT(text)
	}
	return nats.UserJWT(token, func(question []byte) ([]byte, error) {
		key, err := jwt.ParseDecoratedUserNKey(text)
		if err != nil {
			return nil, errors.New("the file of credentials holds no seed")
		}
		defer key.Wipe()
		return key.Sign(question)
	})
}

// signal tells a coalescing channel.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// renew ends whatever waits on the connection that broke.
func (l *line) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != nil {
		l.end()
	}
	l.session, l.end = context.WithCancel(context.Background())
}

// within is ctx, ended also when the connection breaks and after d.
func (l *line) within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) { //nolint:unparam // requests and pulls have the same bound today, and not the same reason
	ctx, disconnect := l.whileConnected(ctx)
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, func() { cancel(); disconnect() }
}

// whileConnected is ctx, ended also when the connection breaks.
func (l *line) whileConnected(ctx context.Context) (context.Context, context.CancelFunc) {
	l.mu.Lock()
	session := l.session
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(session, cancel)
	return ctx, func() { stop(); cancel() }
}

// epoch grows with every reconnect. A broker that lost its disk was restarted,
// so within one epoch a stream sequence means one message.
func (l *line) epoch() uint64 { return l.conn.Stats().Reconnects }

func (l *line) connected() bool { return l.conn.IsConnected() }

func (l *line) close() {
	l.conn.Close()
	l.renew()
}

// publish stores a message and waits for the broker's word, at most [patience].
func (l *line) publish(ctx context.Context, subject string, m Message) error {
	if !l.connected() {
		return ErrAway
	}
	bound, cancel := l.within(ctx, patience)
	defer cancel()
	_, err := l.js.PublishMsg(bound, natsMessage(subject, m))
	return refusal(ctx, err)
}

func natsMessage(subject string, m Message) *nats.Msg {
	return &nats.Msg{Subject: subject, Header: m.Header, Data: m.Data}
}

// refusal sorts the errors of a publish into ours.
func refusal(ctx context.Context, err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload), errors.As(err, &api) && api.ErrorCode == codeHeaderTooLarge:
		return tooLarge()
	case errors.As(err, &api) && api.ErrorCode == codeStoreFailed:
		return ErrQuota
	case errors.As(err, &api):
		return fmt.Errorf("the broker refused: %w", err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

func tooLarge() error {
	return events.Refuse(events.RuleEventTooLarge, "", "an event weighs at most 768 KiB with its attributes")
}

// JetStream's own codes: a subject or stream is full; the headers together weigh
// more than 64 KiB.
const (
	codeStoreFailed    jetstream.ErrorCode = 10077
	codeHeaderTooLarge jetstream.ErrorCode = 10097
)

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
