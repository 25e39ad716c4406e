package agency

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/keyring"
	"handrail/services/agency/systems"
	"handrail/services/ledger"
	"handrail/services/ngo"
	"handrail/services/police"
)

const hubID events.HubID = "testland"

// The agencies of every world, plainly fictional.
const (
	thePolice   events.AgencyID = "testtown-police"
	theShelter  events.AgencyID = "harbour-shelter"
	otherHouse  events.AgencyID = "hillside-shelter"
	theChildren events.AgencyID = "testland-children"
	coordinator events.AgencyID = "testland-coordination"
	riverHouse  events.AgencyID = "riverside-shelter"
	theHotline  events.AgencyID = "testland-hotline"
	farMission  events.AgencyID = "farland-mission" // of another country: genesis does not list it
)

// world is a hub and its agencies for one test.
type world struct {
	t       *testing.T
	dir     string
	log     *slog.Logger
	broker  *local.Broker
	options local.BrokerOptions
	config  ledger.Config
	pins    agency.Pins
	sites   map[events.AgencyID]*site
	stop    func() // of the newest ledger

	database string // of the ledger
}

// site is one agency's folder, and the service that runs on it.
type site struct {
	*agency.Agency
	systems *systems.Systems
	w       *world
	config  agency.Config
	stop    func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := os.MkdirTemp("", "hra") //nolint:usetesting // a socket's path has at most 103 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	w := &world{t: t, dir: root, sites: map[events.AgencyID]*site{}, log: slog.New(slog.DiscardHandler)}
	if testing.Verbose() {
		w.log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	logKey, vkey, err := tlog.NewLogKey(hubID.Origin(), rand.Reader)
	w.must(err)
	hubKey, err := seal.NewSigningKey(rand.Reader)
	w.must(err)
	w.must(hubKey.Save(filepath.Join(w.dir, "hub.pem")))
	w.must(os.WriteFile(filepath.Join(w.dir, "log.key"), []byte(logKey+"\n"), 0o600))
	texts, err := mou.ProfileTexts("uk@1")
	w.must(err)
	founded := events.DirectoryFounded{Log: vkey, Signing: hubKey.Public(), Profile: "uk@1", Text: mou.ProfileDigest(texts)}
	var ids []events.AgencyID
	for _, a := range []struct {
		id   events.AgencyID
		kind events.AgencyKind
		desk agency.Desk
	}{
		{thePolice, events.Police, police.Desk()},
		{theShelter, events.Shelter, ngo.Desk()},
		{otherHouse, events.Shelter, ngo.DeskWith(ngo.Options{Acknowledge: true})},
		{theChildren, events.ChildProtection, ngo.Desk()},
		{coordinator, events.Coordinator, ngo.Desk()},
		{riverHouse, events.Shelter, ngo.Desk()},
		{theHotline, events.Hotline, ngo.Desk()},
	} {
		founded.Agencies = append(founded.Agencies, w.enrol(a.id, a.kind, a.desk))
		ids = append(ids, a.id)
	}
	mission := events.DirectoryListed{
		Log: vkey, Signing: hubKey.Public(), Profile: founded.Profile, Text: founded.Text, Agencies: []events.Listing{w.enrol(farMission, events.ForeignMission, ngo.Desk())},
	}
	ids = append(ids, farMission)
	w.startBroker(ids)
	w.database = newDatabase(t)
	w.config = ledger.Config{
		Hub: hubID, DatabaseURL: postgres.DSN(w.database, local.RoleLedger),
		Exchange:   exchange.HubConfig{URL: w.broker.ClientURL(), CredsFile: filepath.Join(w.dir, "hub.creds"), Log: w.log},
		LogKeyFile: filepath.Join(w.dir, "log.key"), SigningKeyFile: filepath.Join(w.dir, "hub.pem"), Log: w.log,
		Listen: fmt.Sprintf("127.0.0.1:%d", freePort(t)),
	}
	genesis, err := ledger.Found(t.Context(), w.config, founded, mission)
	w.must(err)
	w.pins = agency.Pins{LogVKey: vkey, HubKey: hubKey.Public(), Genesis: hex.EncodeToString(genesis[:])}
	for _, s := range w.sites {
		s.config.Pins, s.config.NATS, s.config.Ledger = w.pins, w.broker.ClientURL(), "http://"+w.config.Listen
	}
	own, err := events.Encode(&mission)
	w.must(err)
	digest := sha256.Sum256(own)
	w.sites[farMission].config.Pins.Genesis = hex.EncodeToString(digest[:])
	w.startLedger()
	return w
}

// enrol makes an agency's folder and its line in the directory.
func (w *world) enrol(id events.AgencyID, kind events.AgencyKind, desk agency.Desk) events.Listing {
	w.t.Helper()
	folder := filepath.Join(w.dir, string(id))
	w.must(os.Mkdir(folder, 0o700))
	signing, err := seal.NewSigningKey(rand.Reader)
	w.must(err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	w.must(err)
	w.must(signing.Save(filepath.Join(folder, keyring.Signing.File())))
	w.must(sealing.Save(filepath.Join(folder, keyring.Sealing.File())))
	w.must(os.WriteFile(filepath.Join(folder, systems.TokenFile), []byte(rand.Text()+rand.Text()+"\n"), 0o600))
	w.sites[id] = &site{w: w, config: agency.Config{
		Dir: folder, Hub: hubID, Agency: id, Kind: kind, Desk: desk, Logger: w.log,
	}}
	if kind == events.ForeignMission {
		return seal.NewListing(id, kind, signing, sealing, "", hubID.Origin())
	}
	secret, witness, err := tlog.NewWitnessKey(hubID.Origin(), id, rand.Reader)
	w.must(err)
	w.must(os.WriteFile(filepath.Join(folder, keyring.Witness.File()), []byte(secret+"\n"), 0o600))
	return seal.NewListing(id, kind, signing, sealing, witness, hubID.Origin())
}

func (w *world) startBroker(ids []events.AgencyID) {
	w.t.Helper()
	operator, err := exchange.NewOperator()
	w.must(err)
	accounts, err := operator.Grant(hubID, ids)
	w.must(err)
	w.must(os.WriteFile(filepath.Join(w.dir, "hub.creds"), accounts.HubCreds, 0o600))
	for id, creds := range accounts.Creds {
		w.must(os.WriteFile(filepath.Join(w.dir, string(id), agency.CredsFile), creds, 0o600))
	}
	w.options = local.BrokerOptions{
		Dir: filepath.Join(w.dir, "broker"), Port: freePort(w.t),
		OperatorJWT: accounts.OperatorJWT, SystemAccount: accounts.SystemAccount, Accounts: accounts.Resolver,
	}
	w.broker, err = local.StartBroker(w.options)
	w.must(err)
	w.t.Cleanup(func() { _ = w.broker.Stop() })
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := local.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (w *world) startLedger() {
	w.t.Helper()
	l, err := ledger.New(w.config)
	w.must(err)
	w.stop = running(w.t, "the ledger", l.Run)
}

// start runs an agency's service on its folder.
func (w *world) start(id events.AgencyID) *site {
	w.t.Helper()
	s := w.sites[id]
	var err error
	s.Agency, err = agency.New(s.config)
	w.must(err)
	s.systems, err = systems.New(s.Agency, systems.Config{Dir: s.config.Dir, Listen: "127.0.0.1:0"})
	w.must(err)
	ended := running(w.t, string(id), s.Run)
	quiet := running(w.t, "the interface for its systems", s.systems.Run)
	s.stop = func() { quiet(); ended() }
	for _, ready := range []<-chan struct{}{s.Ready(), s.systems.Ready()} {
		select {
		case <-ready:
		case <-time.After(time.Minute):
			w.t.Fatal("the agency does not get ready")
		}
	}
	return s
}

// joined is start, and waits for the directory.
func (w *world) joined(id events.AgencyID) *site {
	w.t.Helper()
	s := w.start(id)
	w.eventually(string(id)+" joins", func() bool { return s.status().Joined })
	return s
}

// running runs a service until its stop is called, or the test ends.
func running(t *testing.T, name string, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	once := false
	stop = func() {
		if once {
			return
		}
		once = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s ended with %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s does not end", name)
		}
	}
	t.Cleanup(stop)
	return stop
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// eventually waits until something is true.
func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("never happened: %s", what)
		}
	}
}
