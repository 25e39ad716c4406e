package local

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"handrail/events"
	"handrail/events/exchange"
)

const (
	accessHub events.HubID    = "sampleland"
	founder   events.AgencyID = "sampletown-police"
	newcomer  events.AgencyID = "harbour-shelter"
)

// access is a running broker with its operator, the hub, and one agency that has
// been there from the beginning.
type access struct {
	t        *testing.T
	operator *exchange.Operator
	keys     map[events.AgencyID]exchange.UserKey
	options  BrokerOptions
	broker   *Broker
	hub      *exchange.Hub
	url      string
}

func newAccess(t *testing.T, change func(*BrokerOptions)) *access {
	t.Helper()
	operator, err := exchange.NewOperator()
	if err != nil {
		t.Fatal(err)
	}
	a := &access{t: t, operator: operator, keys: map[events.AgencyID]exchange.UserKey{}}
	a.admit(founder, time.Time{})
	accounts, err := operator.Accounts(accessHub)
	if err != nil {
		t.Fatal(err)
	}
	port, err := FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.options = BrokerOptions{
		Dir: filepath.Join(t.TempDir(), "broker"), Port: port,
		OperatorJWT: accounts.OperatorJWT, SystemAccount: accounts.SystemAccount, Accounts: accounts.Resolver,
	}
	if change != nil {
		change(&a.options)
	}
	a.broker = startBroker(t, a.options)
	a.url = a.broker.ClientURL()
	return a
}

// withHub connects the hub, on the loopback address of a plain broker.
func (a *access) withHub(way exchange.Transport) *access {
	a.t.Helper()
	accounts, err := a.operator.Accounts(accessHub)
	if err != nil {
		a.t.Fatal(err)
	}
	a.hub, err = exchange.ConnectHub(a.t.Context(), exchange.HubConfig{URL: a.url, Transport: way, CredsFile: a.file("hub", accounts.HubCreds)})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(a.hub.Close)
	a.provide(founder)
	return a
}

func (a *access) provide(agencies ...events.AgencyID) {
	a.t.Helper()
	if err := a.hub.Provide(a.t.Context(), agencies); err != nil {
		a.t.Fatal(err)
	}
}

func (a *access) file(name string, content []byte) string {
	a.t.Helper()
	path := filepath.Join(a.t.TempDir(), name+".creds")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// admit gives an agency an account for a fresh key made by itself.
func (a *access) admit(agency events.AgencyID, expires time.Time) {
	a.t.Helper()
	key, err := exchange.NewUserKey()
	if err != nil {
		a.t.Fatal(err)
	}
	a.keys[agency] = key
	if err := a.operator.Admit(agency, key.Public(), expires); err != nil {
		a.t.Fatal(err)
	}
}

func (a *access) push(agency events.AgencyID) {
	a.t.Helper()
	tokens, err := a.operator.Tokens(accessHub, agency)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := a.operator.Push(a.t.Context(), a.url, exchange.Transport{}, tokens, time.Now()); err != nil {
		a.t.Fatal(err)
	}
}

// creds are the credentials that the agency makes of its own key and the token.
func (a *access) creds(agency events.AgencyID) string {
	a.t.Helper()
	accounts, err := a.operator.Accounts(accessHub)
	if err != nil {
		a.t.Fatal(err)
	}
	content, err := a.keys[agency].Credentials(accounts.Users[agency])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.file(string(agency), content)
}

func (a *access) site(agency events.AgencyID, creds string, way exchange.Transport) *exchange.Site {
	a.t.Helper()
	s, err := exchange.ConnectSite(a.t.Context(), exchange.SiteConfig{URL: a.url, Transport: way, CredsFile: creds, Hub: accessHub, Agency: agency})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(s.Close)
	return s
}

// connected waits until a site is, or is not, at the broker; at most ten seconds.
func (a *access) connected(s *exchange.Site, want bool) {
	a.t.Helper()
	for range 500 {
		if s.Connected() == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	a.t.Fatalf("connected is %v after ten seconds", !want)
}

func (a *access) submits(s *exchange.Site) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := s.Submit(ctx, exchange.Message{Data: []byte("an event")})
		if err == nil {
			return
		}
		if !errors.Is(err, exchange.ErrAway) {
			a.t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A new agency enters while everybody is at work: its own way in, and nobody
// else's connection is touched.
func TestANewAgencyAtARunningBroker(t *testing.T) {
	a := newAccess(t, nil).withHub(exchange.Transport{})
	old := a.site(founder, a.creds(founder), exchange.Transport{})
	a.submits(old)
	<-old.Reconnected()
	a.admit(newcomer, time.Time{})
	for range 2 { // a command repeated changes nothing
		a.push(newcomer)
	}
	a.provide(founder, newcomer)
	s := a.site(newcomer, a.creds(newcomer), exchange.Transport{})
	a.submits(s)
	got := make(chan struct{})
	go func() {
		_ = s.Receive(t.Context(), func(context.Context, exchange.Message) error { close(got); return nil })
	}()
	if err := a.hub.Send(t.Context(), newcomer, exchange.Message{Data: []byte("welcome")}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-got:
	case <-time.After(20 * time.Second):
		t.Error("the newcomer receives nothing")
	}
	a.submits(old)
	select {
	case <-old.Reconnected():
		t.Error("the founder's connection was cut")
	default:
	}
	if text, err := a.keys[founder].Credentials(accessToken(t, a, newcomer)); err == nil {
		t.Errorf("one agency's token goes with another's key: %d bytes", len(text))
	}
}

func accessToken(t *testing.T, a *access, agency events.AgencyID) string {
	t.Helper()
	accounts, err := a.operator.Accounts(accessHub)
	if err != nil {
		t.Fatal(err)
	}
	return accounts.Users[agency]
}

// refused tries credentials as a stranger with a raw client would.
func (a *access) refused(creds string) {
	a.t.Helper()
	conn, err := nats.Connect(a.url, nats.UserCredentials(creds), nats.NoReconnect())
	if err == nil {
		conn.Close()
		a.t.Error("the broker lets them in")
	} else if !errors.Is(err, nats.ErrAuthorization) && !errors.Is(err, nats.ErrAuthExpired) && !errors.Is(err, nats.ErrAuthRevoked) {
		a.t.Errorf("the broker answers %v", err)
	}
}

func TestRevokedAndExpiredCredentialsConnectNoMore(t *testing.T) {
	a := newAccess(t, nil).withHub(exchange.Transport{})
	early := a.creds(founder)
	s := a.site(founder, early, exchange.Transport{})
	a.submits(s)

	if err := a.operator.Suspend(founder); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	a.push(founder)
	a.connected(s, false)
	if took := time.Since(started); took > 2*time.Second {
		t.Errorf("the connection ended after %s", took)
	}
	a.refused(early)
	stop(t, a.broker)
	a.broker = startBroker(t, a.options) // as it was configured before the suspension
	a.refused(early)

	if err := a.operator.Doubt(founder); err != nil {
		t.Fatal(err)
	}
	if err := a.operator.Resume(founder, false); !errors.Is(err, exchange.ErrDoubted) {
		t.Errorf("resuming credentials in doubt: %v", err)
	}
	if err := a.operator.Resume(founder, true); err != nil {
		t.Fatal(err)
	}
	a.push(founder)
	a.submits(s) // by itself, with the credentials of before

	if err := a.operator.Revoke(founder); err != nil {
		t.Fatal(err)
	}
	a.push(founder)
	a.connected(s, false)
	a.refused(early)
	if err := a.operator.Resume(founder, true); err == nil {
		t.Error("a revoked account was opened again")
	}
	a.admit(founder, time.Now().Add(2*time.Second))
	a.push(founder)
	a.refused(early)
	late := a.creds(founder)
	again := a.site(founder, late, exchange.Transport{})
	a.submits(again)
	a.connected(again, false)           // the time of these credentials is over
	time.Sleep(1100 * time.Millisecond) // the broker counts in whole seconds
	a.refused(late)
}

// What one agency's account may take at the broker ends with its own limits.
func TestLimitsOfAnAccountReachOnlyItself(t *testing.T) {
	a := newAccess(t, nil).withHub(exchange.Transport{})
	a.admit(newcomer, time.Time{})
	a.push(newcomer)
	a.provide(founder, newcomer)
	quiet := a.site(newcomer, a.creds(newcomer), exchange.Transport{})
	loud := a.creds(founder)
	var taken int
	for range 64 {
		conn, err := nats.Connect(a.url, nats.UserCredentials(loud), nats.NoReconnect())
		if err != nil {
			break
		}
		taken++
		t.Cleanup(conn.Close)
	}
	if taken < 2 || taken > 32 {
		t.Errorf("one agency holds %d connections", taken)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.url, "nats://"))
	if err != nil {
		t.Errorf("the door is closed to others: %v", err)
	} else {
		_ = conn.Close()
	}
	a.submits(quiet)
	a.submits(a.site(newcomer, a.creds(newcomer), exchange.Transport{}))
}

// A message above the limit ends the connection of who sent it, not the broker.
func TestAMessageAboveTheLimit(t *testing.T) {
	a := newAccess(t, nil).withHub(exchange.Transport{})
	ended := make(chan error, 1)
	conn, err := nats.Connect(a.url, nats.UserCredentials(a.creds(founder)), nats.NoReconnect(), nats.ClosedHandler(func(c *nats.Conn) { ended <- c.LastError() }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Publish("in."+string(founder), make([]byte, 900<<10)); err != nil && !errors.Is(err, nats.ErrMaxPayload) {
		t.Fatal(err)
	} else if err == nil {
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), "maximum payload") {
				t.Errorf("the connection ended with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("900 KiB were taken")
		}
	}
	s := a.site(founder, a.creds(founder), exchange.Transport{})
	a.submits(s)
	var violation *events.Violation
	if err := s.Submit(t.Context(), exchange.Message{Data: make([]byte, 900<<10)}); !errors.As(err, &violation) || violation.Rule != events.RuleEventTooLarge {
		t.Errorf("a site that submits 900 KiB gets %v", err)
	}
	if !s.Connected() {
		t.Error("and lost its connection")
	}
}
