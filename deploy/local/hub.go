package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/ledger"
)

const (
	databaseName = "handrail"
	readyTimeout = 60 * time.Second
	readyPause   = 25 * time.Millisecond
)

// Names of the services that are not an agency's.
const (
	ServiceBroker = "broker"
	ServiceLedger = "ledger"
	ServiceStart  = "start" // the start page and the development identity provider, of a hub with pages
	ServiceTrail  = "trail" // the auditors' pages, of a hub with pages
)

// Hub is a whole hub on this machine: a private Postgres, and broker, ledger
// and agencies as processes of their own. Each can be killed and started again
// by its name while the others run.
type Hub struct {
	At       Layout
	Postgres *Postgres

	program  string
	env      []string
	durable  bool
	log      *slog.Logger
	claim    *Claim
	mu       sync.Mutex
	children map[string]*Process
}

// HubOptions say how to start a hub.
type HubOptions struct {
	Founding Founding     // used when the directory is empty
	Fresh    bool         // wipe the directory first
	Program  string       // executable of the services; empty means this program
	Env      []string     // KEY=value, added to the services' environment
	Durable  bool         // Postgres survives the loss of the machine
	Pages    bool         // people are served pages, on ports of their own, and sign in at a development identity provider
	Log      *slog.Logger // nil is silent
	Tell     func(string) // told of each step in plain words; nil is silent
}

// StartHub claims the directory, sets up what it lacks and starts every
// service; it returns when all of them work. On failure nothing stays running.
func StartHub(ctx context.Context, at Layout, o HubOptions) (*Hub, error) {
	tell := o.Tell
	if tell == nil {
		tell = func(string) {}
	}
	claim, err := ClaimDir(ctx, at.Root)
	if err != nil {
		return nil, err
	}
	h := &Hub{At: at, program: o.Program, env: o.Env, durable: o.Durable, log: o.Log, claim: claim, children: map[string]*Process{}}
	if err := h.start(ctx, o, tell); err != nil {
		return nil, errors.Join(err, h.Stop())
	}
	return h, nil
}

func (h *Hub) start(ctx context.Context, o HubOptions, tell func(string)) error {
	if o.Fresh {
		if err := h.claim.Wipe(ctx); err != nil {
			return err
		}
	}
	tell("Starting a private Postgres")
	if err := h.StartPostgres(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(h.At.directions()); errors.Is(err, os.ErrNotExist) {
		tell("Making keys and accounts, founding the directory")
		if err := Enrol(ctx, h.At, o.Founding); err != nil {
			return err
		}
	}
	if err := Serve(ctx, h.At, o.Founding); err != nil {
		return err
	}
	if o.Pages {
		if err := ServePages(ctx, h.At); err != nil {
			return err
		}
	}
	if err := h.prepareDatabase(ctx); err != nil {
		return err
	}
	for _, name := range h.Services() {
		tell("Starting " + name)
		if err := h.Start(ctx, name); err != nil {
			return err
		}
	}
	return h.Ready(ctx)
}

// StartPostgres starts the cluster again after it was killed.
func (h *Hub) StartPostgres(ctx context.Context) error {
	var err error
	h.Postgres, err = StartPostgres(ctx, Options{Dir: h.At.Postgres(), Durable: h.durable, Log: h.log})
	return err
}

func (h *Hub) prepareDatabase(ctx context.Context) error {
	if err := h.Postgres.CreateDatabase(ctx, databaseName, RoleOwner); err != nil {
		return err
	}
	if err := ledger.Migrate(ctx, h.Postgres.DSN(databaseName, RoleOwner)); err != nil {
		return err
	}
	database := h.Postgres.DSN(databaseName, RoleLedger)
	if err := writeJSON(filepath.Join(h.At.Hub(), "ledger.json"), LedgerSettings{Database: database}); err != nil {
		return err
	}
	retention := h.Postgres.DSN(databaseName, RoleRetention)
	if err := writeJSON(filepath.Join(h.At.Hub(), retentionFile), RetentionSettings{Database: retention}); err != nil {
		return err
	}
	return foundLedger(ctx, h.At, database)
}

// Services names every service of this directory in the order of their start.
func (h *Hub) Services() []string {
	names := []string{ServiceBroker, ServiceLedger}
	d, err := h.At.Directions()
	if err != nil {
		return names
	}
	for _, a := range d.Agencies {
		if a.Intake != "" {
			names = append(names, string(a.Agency))
		}
	}
	if d.Start != "" {
		names = append(names, ServiceTrail, ServiceStart)
	}
	return names
}

// Start starts one service, which must not be running.
func (h *Hub) Start(ctx context.Context, name string) error {
	args := []string{"serve", name, "--data", h.At.Root}
	if d, err := h.At.Directions(); err == nil {
		if a, ok := d.Address(events.AgencyID(name)); ok {
			args = []string{"serve", DeskOf(a.Kind), h.At.Agency(a.Agency)}
		}
		if name == ServiceTrail {
			args = []string{"serve", name, h.At.Agency(d.Auditor)}
		}
	}
	child, err := StartChild(ctx, Child{Program: h.program, Name: name, Args: args, Env: h.env, LogFile: h.At.Log(name), Claim: h.claim})
	if err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.children[name] = child
	return nil
}

// Process is a service's current process; nil before its first start.
func (h *Hub) Process(name string) *Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.children[name]
}

// Kill ends a service as kill -9 does and waits for its end.
func (h *Hub) Kill(name string) error {
	p := h.Process(name)
	if p == nil {
		return fmt.Errorf("%s was never started", name)
	}
	err := p.Kill()
	<-p.Done()
	return err
}

// Ready blocks until every service works, at most a minute.
func (h *Hub) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for _, name := range h.Services() {
		for {
			err := h.At.Probe(ctx, name)
			if err == nil {
				break
			}
			select {
			case <-h.Process(name).Done():
				return fmt.Errorf("%s ended before it was ready; see %s", name, h.At.Log(name))
			case <-ctx.Done():
				return fmt.Errorf("%s is not ready; see %s: %w", name, h.At.Log(name), err)
			case <-time.After(readyPause):
			}
		}
	}
	return nil
}

// Probe says why a service of this directory does not work; nil when it does.
func (l Layout) Probe(ctx context.Context, name string) error {
	d, err := l.Directions()
	if err != nil {
		return err
	}
	switch name {
	case ServiceBroker:
		return probeTCP(ctx, d.Broker)
	case ServiceLedger:
		return probeHTTP(ctx, d)
	case ServiceStart:
		return errors.Join(probeTCP(ctx, d.Start), probeTCP(ctx, d.Issuer))
	case ServiceTrail:
		a, _ := d.Address(d.Auditor)
		return probeTCP(ctx, a.Pages)
	}
	var status agency.Status
	if err := client.People(l.Agency(events.AgencyID(name))).Get(ctx, "/v1/status", &status); err != nil {
		return err
	}
	if !status.Joined {
		return errors.New("it has not received the directory yet")
	}
	if a, _ := d.Address(events.AgencyID(name)); a.Pages != "" {
		return probeTCP(ctx, a.Pages)
	}
	return nil
}

func probeTCP(ctx context.Context, address string) error {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}

func probeHTTP(ctx context.Context, d Directions) error {
	transport, err := d.Transport().HTTP()
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.LedgerURL()+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}

// Stop ends every service, the last started first, then Postgres, and lets go
// of the directory.
func (h *Hub) Stop() error {
	names := h.Services()
	slices.Reverse(names)
	for _, name := range names {
		if p := h.Process(name); p != nil {
			_ = p.Signal(os.Interrupt) // one that has ended already needs no signal
			select {
			case <-p.Done():
			case <-time.After(childPatience):
				_ = p.Kill()
				<-p.Done()
			}
		}
	}
	var err error
	if h.Postgres != nil {
		err = h.Postgres.Stop()
	}
	return errors.Join(err, h.claim.Release())
}

// foundLedger writes genesis into an empty log; into a founded one it changes nothing.
func foundLedger(ctx context.Context, at Layout, database string) error {
	directions, err := at.Directions()
	if err != nil {
		return err
	}
	founded, _, err := at.Genesis()
	if err != nil {
		return fmt.Errorf("founding the log: %w", err)
	}
	missions, err := readMissions(at)
	if err != nil {
		return fmt.Errorf("founding the log: %w", err)
	}
	_, err = ledger.Found(ctx, ledger.Config{Hub: directions.Hub, DatabaseURL: database, LogKeyFile: at.LogKey(), SigningKeyFile: at.HubKey()}, *founded, missions...)
	return err
}
