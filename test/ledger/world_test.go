package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/ledger"
)

const hubID events.HubID = "testland"

// The agencies of every world, plainly fictional.
const (
	police      events.AgencyID = "testtown-police"
	shelter     events.AgencyID = "harbour-shelter"
	shelter2    events.AgencyID = "hillside-shelter"
	coordinator events.AgencyID = "testland-coordination"
	auditor     events.AgencyID = "testland-audit"
)

// Agencies that have an account at the broker and are not in genesis.
const (
	newcomer   events.AgencyID = "riverside-shelter"
	newcomer2  events.AgencyID = "meadow-shelter"
	newMission events.AgencyID = "faraway-embassy"
)

// world is a hub and its agencies for one test.
type world struct {
	t        *testing.T   // what the test's own goroutine reads; others ask test
	turn     sync.RWMutex // of t, which changes with each part of a test
	dir      string
	database string
	broker   *local.Broker
	options  local.BrokerOptions
	config   ledger.Config
	genesis  [sha256.Size]byte
	founded  events.DirectoryFounded
	missions []events.DirectoryListed // foreign missions, which genesis does not list
	verifier tlog.Verifier            // without a recipient
	agencies map[events.AgencyID]*site
	known    sync.Map  // the same, for whoever verifies in the background while others join
	stop     func()    // of the newest ledger
	db       *pgx.Conn // the owner's, to look behind the ledger
}

// option changes a world before it starts.
type option func(*ledger.Config)

// member is an agency of a world.
type member struct {
	id   events.AgencyID
	kind events.AgencyKind
}

func newWorld(t *testing.T, options ...option) *world {
	t.Helper()
	return newWorldOf(t, nil, options...)
}

// newWorldOf has more agencies than every world has.
func newWorldOf(t *testing.T, more []member, options ...option) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, dir: t.TempDir(), database: newDatabase(t), agencies: map[events.AgencyID]*site{}}
	logKey, vkey, err := tlog.NewLogKey(hubID.Origin(), rand.Reader)
	w.must(err)
	hubKey, err := seal.NewSigningKey(rand.Reader)
	w.must(err)
	w.must(hubKey.Save(filepath.Join(w.dir, "hub.pem")))
	w.must(os.WriteFile(filepath.Join(w.dir, "log.key"), []byte(logKey+"\n"), 0o600))
	texts, err := mou.ProfileTexts("uk@1")
	w.must(err)
	w.founded = events.DirectoryFounded{Log: vkey, Signing: hubKey.Public(), Profile: "uk@1", Text: mou.ProfileDigest(texts)}
	var ids []events.AgencyID
	for _, a := range append([]member{{police, events.Police}, {shelter, events.Shelter}, {shelter2, events.Shelter}, {coordinator, events.Coordinator}, {auditor, events.Auditor}}, more...) {
		w.enter(w.newSite(a.id, a.kind))
		ids = append(ids, a.id)
	}
	w.startBroker(append(ids, newcomer, newcomer2, newMission))
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	w.config = ledger.Config{
		Hub: hubID, DatabaseURL: postgres.DSN(w.database, local.RoleLedger),
		Exchange:   exchange.HubConfig{URL: w.broker.ClientURL(), CredsFile: filepath.Join(w.dir, "hub.creds"), Log: log},
		LogKeyFile: filepath.Join(w.dir, "log.key"), SigningKeyFile: filepath.Join(w.dir, "hub.pem"), Log: log,
	}
	for _, o := range options {
		o(&w.config)
	}
	w.genesis, err = ledger.Found(t.Context(), w.config, w.founded, w.missions...)
	w.must(err)
	w.verifier.Hub = hubID
	w.verifier.Log, err = note.NewVerifier(vkey)
	w.must(err)
	w.verifier.HubKey, err = tlog.HubVerifier(hubID, hubKey.Public())
	w.must(err)
	w.start()
	for _, s := range w.agencies {
		if s.kind != events.Auditor {
			s.connect()
		}
	}
	w.settled() // genesis is everyone's
	return w
}

// enter puts an agency into genesis, or a foreign mission beside it.
func (w *world) enter(l events.Listing) {
	if l.Kind != events.ForeignMission {
		w.founded.Agencies = append(w.founded.Agencies, l)
		return
	}
	w.missions = append(w.missions, events.DirectoryListed{Log: w.founded.Log, Signing: w.founded.Signing, Profile: w.founded.Profile, Text: w.founded.Text, Agencies: []events.Listing{l}})
}

// test is who fails now, for whoever works in the background.
func (w *world) test() *testing.T {
	w.turn.RLock()
	defer w.turn.RUnlock()
	return w.t
}

// hand makes a part of the test the one that fails from now on.
func (w *world) hand(t *testing.T) {
	w.turn.Lock()
	defer w.turn.Unlock()
	w.t = t
}

func (w *world) must(err error) {
	t := w.test()
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) startBroker(ids []events.AgencyID) {
	w.t.Helper()
	operator, err := exchange.NewOperator()
	w.must(err)
	accounts, err := operator.Grant(hubID, ids)
	w.must(err)
	w.must(os.WriteFile(filepath.Join(w.dir, "hub.creds"), accounts.HubCreds, 0o600))
	for id, creds := range accounts.Creds {
		w.must(os.WriteFile(filepath.Join(w.dir, string(id)+".creds"), creds, 0o600))
	}
	w.options = local.BrokerOptions{
		Dir: filepath.Join(w.dir, "broker"), Port: freePort(w.t),
		OperatorJWT: accounts.OperatorJWT, SystemAccount: accounts.SystemAccount, Accounts: accounts.Resolver,
	}
	w.broker, err = local.StartBroker(w.options)
	w.must(err)
	w.t.Cleanup(func() { _ = w.broker.Stop() })
}

// freePort finds a port, so that a broker can come back on the same one.
func freePort(t *testing.T) int {
	t.Helper()
	port, err := local.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// start runs a ledger; stop ends the newest and waits for its end.
func (w *world) start() {
	w.t.Helper()
	l, err := ledger.New(w.config)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	once := false
	stop := func() {
		if once {
			return
		}
		once = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				w.t.Errorf("the ledger ended with %v", err)
			}
		case <-time.After(time.Minute):
			w.t.Error("the ledger does not end")
		}
	}
	w.t.Cleanup(stop)
	w.stop = stop
}

// now is the hub's clock.
func (w *world) now() time.Time {
	if w.config.Clock == nil {
		return time.Now()
	}
	return w.config.Clock()
}

// eventually waits until something is true.
func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("never happened: %s", what)
		}
	}
}

func hexDigest(d [sha256.Size]byte) string { return hex.EncodeToString(d[:]) }
