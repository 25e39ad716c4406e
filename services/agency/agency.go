package agency

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/alert"
	"handrail/services/agency/hublog"
	"handrail/services/agency/keyring"
)

// Agency is one agency's site. Make it with [New], run it once, then Close it.
type Agency struct {
	config   Config
	keys     *keyring.Keyring
	verifier tlog.Verifier
	journal  *journal
	tel      telemetry
	log      *slog.Logger
	alarms   *alarms
	link     *link
	drain    *drain
	ringer   *alert.Ringer
	house    house
	slot     *offerSlot
	changes  *changes
	contact  heardOf
	connect  *connecting
	ledger   *hublog.Log
	site     *exchange.Site // set by Run
	now      func() time.Time
	ready    chan struct{}

	assignments assignments

	mu        sync.RWMutex         // guards what follows, and is held while a statement is checked and stored
	directory *directory.Directory // nil until genesis
	sealing   inUse                // this agency's own sealing key, as the directory has it
	witnessed uint64               // the largest checkpoint that counts as witnessed and that deliveries were compared with
	anew      []anew               // records that are to be sealed anew, as far as that waits for people or keys
	shown     map[uint64]uint64    // size of the checkpoint that each entry of the directory came with
	book      casebook
	stored    uint64          // last delivery number
	newest    time.Time       // when the ledger admitted the newest of what was delivered
	assigned  uint64          // the highest delivery number that the hub signed
	damaged   map[uint64]bool // stored deliveries that do not verify
	askedLast uint64          // the last of them that was asked for again
	stale     bool            // some were repaired since the journal was folded
	witness   cosigned
	others    Cosigned        // who else stands behind the log
	ahead     tlog.Checkpoint // the last beyond what was cosigned that was compared with it
	behind    time.Time       // since when the hub publishes less than was cosigned; zero: it does not
	resets    []ResetView     // witnesses that began anew, as the log says
	controls  map[events.Type]time.Time
	systemsAt string     // where the agency's own systems are served; empty: they are not
	posting   *postingIs // how deliveries are posted to them; nil: they are not
}

// SystemsServedAt has the status tell where the agency's own systems are served.
func (a *Agency) SystemsServedAt(address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.systemsAt = address
}

// New opens the journal and verifies all of it. It fails on configuration,
// keys that others can read, and a journal that another process runs; a damaged
// row is an alarm, not a failure. It starts nothing: see [Agency.Run].
func New(config Config) (*Agency, error) {
	ctx := context.Background() // reading the journal is not to be given up half-way
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("configuring an agency: %w", err)
	}
	a := &Agency{
		config: config, log: config.Logger, now: time.Now, drain: newDrain(), house: make(house, 1), slot: newOfferSlot(), changes: newChanges(), connect: newConnecting(), ready: make(chan struct{}),
		damaged: map[uint64]bool{}, shown: map[uint64]uint64{}, controls: map[events.Type]time.Time{},
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	a.log = a.log.With(slog.String("agency", string(config.Agency)))
	a.link = newLink(a.now)
	var err error
	if a.keys, err = keyring.Open(config.keyring()); err != nil {
		return nil, err
	}
	if a.verifier, err = config.verifier(); err != nil {
		return nil, err
	}
	if a.ledger, err = hublog.New(hublog.Config{
		URL: config.Ledger, Transport: config.Transport, Hub: config.Hub, Agency: config.Agency, Key: a.keys.Voice, Now: func() time.Time { return a.now() },
	}); err != nil {
		return nil, err
	}
	if a.tel, err = newTelemetry(); err != nil {
		return nil, fmt.Errorf("making the metrics: %w", err)
	}
	a.alarms = &alarms{log: a.log, raised: a.tel.raised, now: a.now, open: map[[2]string]Alarm{}}
	if a.journal, err = openJournal(ctx, config.Dir); err != nil {
		return nil, err
	}
	if a.ringer, err = a.newRinger(); err != nil {
		return nil, errors.Join(err, a.journal.close())
	}
	if err := a.rebuild(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the journal: %w", err), a.journal.close())
	}
	return a, nil
}

// Close releases the journal of an agency that is not run.
func (a *Agency) Close() error { return a.journal.close() }

// Run serves and exchanges until ctx ends, and returns nil then. It waits for
// the broker for ever. Everything that it started has ended when it returns,
// and the journal is released. Call it once.
func (a *Agency) Run(ctx context.Context) error {
	return errors.Join(a.run(ctx), a.journal.close())
}

func (a *Agency) run(ctx context.Context) error {
	site, err := exchange.ConnectSite(ctx, exchange.SiteConfig{
		URL: a.config.NATS, Creds: a.creds, Hub: a.config.Hub, Agency: a.config.Agency, Transport: a.config.Transport, Log: a.log,
	})
	if err != nil {
		return fmt.Errorf("connecting to the exchange: %w", err)
	}
	defer site.Close()
	defer a.ledger.Idle()
	a.site = site
	group, ctx := errgroup.WithContext(ctx)
	if err := a.serve(ctx, group); err != nil {
		return err
	}
	group.Go(func() error { return a.sendOutbox(ctx) })
	group.Go(func() error { return a.tellPosition(ctx) })
	group.Go(func() error { return a.watchLink(ctx) })
	group.Go(func() error { return a.watchReach(ctx) })
	group.Go(func() error { return a.keepHouse(ctx) })
	group.Go(func() error { return a.watchLog(ctx) })
	group.Go(func() error { return a.connectLog(ctx) })
	group.Go(func() error { return a.ringer.Run(ctx, a.newWatch().causes) })
	group.Go(func() error {
		if err := site.Receive(ctx, a.receive); ctx.Err() == nil {
			return fmt.Errorf("receiving: %w", err)
		}
		return nil
	})
	a.answerAllUnasked(ctx)
	close(a.ready)
	return group.Wait()
}

// creds reads the credentials for the broker, which the keys' passphrase may protect.
func (a *Agency) creds() ([]byte, error) { return a.config.keyring().Secret(CredsFile) }

// Ready is closed once Run serves the desk.
func (a *Agency) Ready() <-chan struct{} { return a.ready }

// watchLink does what a new connection asks for: the broker may have lost
// everything that was under way.
func (a *Agency) watchLink(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.site.Reconnected():
			a.drain.restart()
			a.link.connected()
			a.contact.now(a.now())
			a.changes.tell()
		}
	}
}

// inUse is a key of this agency, and since when it is listed; zero: not known.
type inUse struct {
	id    events.KeyID
	since time.Time
}

// join takes the profile into force, once the directory lists this agency. Agency.mu
// is held.
func (a *Agency) join(d *directory.Directory) error {
	texts, err := mou.ProfileTexts(d.Founded().Profile)
	if err != nil {
		return fmt.Errorf("loading the profile of genesis: %w", err)
	}
	if mou.ProfileDigest(texts) != d.Founded().Text {
		return errors.New("loading the profile of genesis: this program has it with another text")
	}
	profile, err := mou.ParseProfile(texts)
	if err != nil {
		return fmt.Errorf("loading the profile of genesis: %w", err)
	}
	a.book = casebook{
		viewer: a.config.Agency, alarms: a.alarms, files: map[events.CaseID]*file{}, capacities: map[events.AgencyID]published{},
		memo: memorandumOf(profile, d),
	}
	return nil
}
