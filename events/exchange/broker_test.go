package exchange

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"

	"handrail/events"
)

const (
	hubID   events.HubID    = "sampleland"
	police  events.AgencyID = "sampletown-police"
	shelter events.AgencyID = "lighthouse-shelter"
	council events.AgencyID = "sampleland-coordination"
)

// testBroker is a real NATS server that a test can stop, wipe and start again at
// the same address.
type testBroker struct {
	t        *testing.T
	operator *Operator
	accounts Accounts
	store    string
	port     int
	server   *server.Server
}

func startBroker(t *testing.T) *testBroker {
	t.Helper()
	operator, err := NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := operator.Grant(hubID, []events.AgencyID{police, shelter, council})
	if err != nil {
		t.Fatal(err)
	}
	b := &testBroker{t: t, operator: operator, accounts: accounts, store: filepath.Join(t.TempDir(), "broker"), port: -1}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *testBroker) start() {
	b.t.Helper()
	operator, err := jwt.DecodeOperatorClaims(b.accounts.OperatorJWT)
	if err != nil {
		b.t.Fatal(err)
	}
	resolver := &server.MemAccResolver{}
	for key, token := range b.accounts.Resolver {
		if err := resolver.Store(key, token); err != nil {
			b.t.Fatal(err)
		}
	}
	b.server, err = server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: b.port, JetStream: true, StoreDir: b.store,
		TrustedOperators: []*jwt.OperatorClaims{operator}, SystemAccount: b.accounts.SystemAccount, AccountResolver: resolver,
		FeatureFlags: map[string]bool{server.FeatureFlagJsAckFormatV2: false},
		NoSigs:       true, NoLog: true,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.server.Start()
	if !b.server.ReadyForConnections(time.Minute) {
		b.t.Fatal("the broker does not start")
	}
	b.port = b.server.Addr().(*net.TCPAddr).Port
}

func (b *testBroker) stop() {
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

func (b *testBroker) wipe() {
	b.t.Helper()
	if err := os.RemoveAll(b.store); err != nil {
		b.t.Fatal(err)
	}
}

func (b *testBroker) url() string { return b.server.ClientURL() }

func (b *testBroker) file(name string, creds []byte) string {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name+".creds")
	if err := os.WriteFile(path, creds, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// hub connects the hub and provides for all agencies.
func (b *testBroker) hub(change func(*HubConfig)) *Hub {
	b.t.Helper()
	config := HubConfig{URL: b.url(), CredsFile: b.file("hub", b.accounts.HubCreds)}
	if change != nil {
		change(&config)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	h, err := ConnectHub(ctx, config)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(h.Close)
	if err := h.Provide(ctx, []events.AgencyID{police, shelter, council}); err != nil {
		b.t.Fatal(err)
	}
	return h
}

func (b *testBroker) site(agency events.AgencyID) *Site {
	b.t.Helper()
	s, err := ConnectSite(b.t.Context(), SiteConfig{URL: b.url(), CredsFile: b.file(string(agency), b.accounts.Creds[agency]), Hub: hubID, Agency: agency})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(s.Close)
	return s
}
