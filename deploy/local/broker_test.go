package local

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// realm is an operator with one account that may keep streams, and a user of it.
type realm struct {
	options BrokerOptions
	user    nats.Option
}

func newRealm(t *testing.T) realm {
	t.Helper()
	operator, operatorKey := keyPair(t, nkeys.CreateOperator)
	_, systemKey := keyPair(t, nkeys.CreateAccount)
	hub, hubKey := keyPair(t, nkeys.CreateAccount)
	user, userKey := keyPair(t, nkeys.CreateUser)

	operatorClaims := jwt.NewOperatorClaims(operatorKey)
	operatorClaims.SystemAccount = systemKey
	hubClaims := jwt.NewAccountClaims(hubKey)
	hubClaims.Limits.JetStreamLimits = jwt.JetStreamLimits{DiskStorage: 1 << 28, Streams: 4, Consumer: 4}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return realm{
		options: BrokerOptions{
			Dir:           t.TempDir(),
			Port:          ClientPortAny,
			OperatorJWT:   encoded(t, operatorClaims, operator),
			SystemAccount: systemKey,
			Accounts: map[string]string{
				systemKey: encoded(t, jwt.NewAccountClaims(systemKey), operator),
				hubKey:    encoded(t, hubClaims, operator),
			},
		},
		user: nats.UserJWTAndSeed(encoded(t, jwt.NewUserClaims(userKey), hub), string(seed)),
	}
}

func keyPair(t *testing.T, create func() (nkeys.KeyPair, error)) (pair nkeys.KeyPair, public string) {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = pair.PublicKey(); err != nil {
		t.Fatal(err)
	}
	return pair, public
}

func encoded(t *testing.T, claims jwt.Claims, signer nkeys.KeyPair) string {
	t.Helper()
	token, err := claims.Encode(signer)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func startBroker(t *testing.T, options BrokerOptions) *Broker {
	t.Helper()
	broker, err := StartBroker(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Stop() })
	return broker
}

func (r realm) connect(t *testing.T, broker *Broker) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	conn, err := nats.Connect(broker.ClientURL(), r.user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return conn, js
}

func TestBrokerKeepsStreamsUntilItsDiskIsWiped(t *testing.T) {
	r := newRealm(t)
	broker := startBroker(t, r.options)
	conn, js := r.connect(t, broker)
	if conn.MaxPayload() != 1<<20 {
		t.Errorf("largest message %d bytes, want 1 MiB", conn.MaxPayload())
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "IN", Subjects: []string{"in.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "in.police", []byte("event")); err != nil {
		t.Fatal(err)
	}
	stop(t, broker)

	broker = startBroker(t, r.options)
	_, js = r.connect(t, broker)
	stream, err := js.Stream(t.Context(), "IN")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got != 1 {
		t.Errorf("%d messages after a restart, want 1", got)
	}
	consumer, err := stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "hub", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	message, err := consumer.Next(jetstream.FetchMaxWait(30 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(message.Reply(), "$JS.ACK.IN.hub.") {
		t.Errorf("ack subject %s is not the form that accounts import", message.Reply())
	}
	stop(t, broker)

	if err := os.RemoveAll(filepath.Join(r.options.Dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	broker = startBroker(t, r.options)
	_, js = r.connect(t, broker)
	if _, err := js.Stream(t.Context(), "IN"); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("after a wiped disk the stream answers %v, want not found", err)
	}
}

func stop(t *testing.T, broker *Broker) {
	t.Helper()
	if err := errors.Join(broker.Stop(), broker.Stop()); err != nil {
		t.Fatal(err)
	}
}

func TestBrokerRefusesStrangers(t *testing.T) {
	r, stranger := newRealm(t), newRealm(t)
	broker := startBroker(t, r.options)
	if _, err := nats.Connect(broker.ClientURL()); err == nil {
		t.Error("a client without credentials got in")
	}
	if _, err := nats.Connect(broker.ClientURL(), stranger.user); err == nil {
		t.Error("a user of another operator got in")
	}
}

func TestBrokerOptionsThatAreWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	r := newRealm(t)
	broker := startBroker(t, r.options)
	defer broker.Stop()
	for name, change := range map[string]func(*BrokerOptions){
		"open to the network":     func(o *BrokerOptions) { o.Host = "0.0.0.0" },
		"no operator":             func(o *BrokerOptions) { o.OperatorJWT = "" },
		"no account of that kind": func(o *BrokerOptions) { o.Accounts = map[string]string{o.SystemAccount: "x"} },
		"account of another key":  func(o *BrokerOptions) { o.Accounts = map[string]string{"other": o.Accounts[o.SystemAccount]} },
		"directory in use":        func(o *BrokerOptions) { o.Dir = r.options.Dir },
		"port in use":             func(o *BrokerOptions) { o.Port = taken.Addr().(*net.TCPAddr).Port },
	} {
		t.Run(name, func(t *testing.T) {
			options := newRealm(t).options
			change(&options)
			if broker, err := StartBroker(options); err == nil {
				broker.Stop()
				t.Error("the broker started")
			}
		})
	}
}

func TestBrokerSaysWhyItFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var log bytes.Buffer
	options := newRealm(t).options
	options.Port = taken.Addr().(*net.TCPAddr).Port
	options.Log = slog.New(slog.NewJSONHandler(&log, nil))
	if _, err := StartBroker(options); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want the address that is in use", err)
	}
	if !strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("the log says %q, want an error", log.String())
	}
}
