package local

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"handrail/events"
	"handrail/events/exchange"
)

// TestACrowdAtTheDoorIsServed has every agency connect in the very moment in
// which the broker starts, as after a power failure. Each of them must reach the
// hub's streams.
func TestACrowdAtTheDoorIsServed(t *testing.T) {
	var agencies []events.AgencyID
	for i := range 16 {
		agencies = append(agencies, events.AgencyID(fmt.Sprintf("agency-%d", i)))
	}
	operator, err := exchange.NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := operator.Grant("sampleland", agencies)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		port, err := FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := fmt.Sprintf("nats://127.0.0.1:%d", port)
		dir := t.TempDir()
		hubCreds := filepath.Join(dir, "hub.creds")
		if err := os.WriteFile(hubCreds, accounts.HubCreds, 0o600); err != nil {
			t.Fatal(err)
		}
		var crowd sync.WaitGroup
		for _, id := range agencies {
			creds := filepath.Join(dir, string(id)+".creds")
			if err := os.WriteFile(creds, accounts.Creds[id], 0o600); err != nil {
				t.Fatal(err)
			}
			crowd.Go(func() { reach(t, at, creds, id) })
		}
		broker := startBroker(t, BrokerOptions{
			Dir: filepath.Join(dir, "broker"), Port: port, OperatorJWT: accounts.OperatorJWT, SystemAccount: accounts.SystemAccount, Accounts: accounts.Resolver,
		})
		hub, err := exchange.ConnectHub(t.Context(), exchange.HubConfig{URL: at, CredsFile: hubCreds})
		if err != nil {
			t.Fatal(err)
		}
		if err := hub.Provide(t.Context(), agencies); err != nil {
			t.Fatal(err)
		}
		crowd.Wait()
		hub.Close()
		stop(t, broker)
	}
}

// reach connects as soon as the broker is there, and asks for the agency's own
// deliveries until the hub's stream answers.
func reach(t *testing.T, at, creds string, id events.AgencyID) {
	deadline := time.Now().Add(time.Minute)
	var last error
	for ; time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		conn, err := nats.Connect(at, nats.UserCredentials(creds), nats.MaxReconnects(0))
		if err != nil {
			last = err
			continue
		}
		for ; time.Now().Before(deadline) && !conn.IsClosed(); time.Sleep(20 * time.Millisecond) {
			if _, last = conn.Request("hub.api.CONSUMER.INFO.OUT.out-"+string(id), nil, time.Second); last == nil {
				conn.Close()
				return
			}
		}
		conn.Close()
	}
	t.Errorf("%s never reached the hub's streams: %v", id, last)
}
