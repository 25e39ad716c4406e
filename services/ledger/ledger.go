package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// Ledger is one ledger process: active or standing by. Make it with [New].
type Ledger struct {
	config    Config
	key       seal.SigningKey
	logSigner note.Signer
	telemetry *telemetry
	status    *status
	memos     map[events.AgencyID]*memo // of the couriers, from one lead to the next
	provided  []events.AgencyID         // for whom the broker keeps a place, likewise
}

// New reads the keys and checks the configuration. It connects to nothing.
func New(config Config) (*Ledger, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configuring the ledger: %w", err)
	}
	l := &Ledger{config: config, status: newStatus(), memos: map[events.AgencyID]*memo{}}
	if l.logSigner, err = loadLogKey(config.LogKeyFile); err != nil {
		return nil, err
	}
	if l.key, err = seal.LoadSigningKey(config.SigningKeyFile); err != nil {
		return nil, fmt.Errorf("reading the hub's signing key: %w", err)
	}
	if l.telemetry, err = newTelemetry(); err != nil {
		return nil, fmt.Errorf("preparing telemetry: %w", err)
	}
	return l, nil
}

// retryPause is how long the ledger waits before it tries again what a lost
// connection ended.
const retryPause = 200 * time.Millisecond

// Run serves until ctx ends, and then returns nil. It waits for a database or
// broker that is away, and stands by while another ledger is active. It returns
// an error only for what waiting cannot mend: [ErrNotFounded], [ErrOtherKeys],
// [ErrOtherPostgres], [ErrOtherProfile], [ErrDamaged], [ErrRolledBack], [ErrForked],
// or an address that cannot be listened on.
func (l *Ledger) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pool, err := pgxpool.New(ctx, l.config.DatabaseURL)
	if err != nil {
		return fmt.Errorf("running the ledger: %w", err)
	}
	defer pool.Close()
	api, err := newHTTPAPI(ctx, l)
	if err != nil {
		return fmt.Errorf("running the ledger: %w", err)
	}
	defer api.pool.Close()
	var serving sync.WaitGroup
	defer func() {
		cancel(nil) // also when the ledger ends by itself: its HTTP interface must not outlive it
		serving.Wait()
	}()
	if l.config.Listen != "" {
		if err := api.serve(ctx, &serving, cancel); err != nil {
			return fmt.Errorf("running the ledger: %w", err)
		}
	}
	opened, err := l.open(ctx, pool)
	if err != nil {
		return ended(ctx, err)
	}
	api.log.Store(opened)
	hub, err := exchange.ConnectHub(ctx, l.config.Exchange)
	if err != nil {
		return ended(ctx, err)
	}
	defer hub.Close()
	return ended(ctx, l.leadAgain(ctx, opened, pool, hub))
}

// ended tells a wanted end from a failure.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("running the ledger: %w", cause)
	}
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("running the ledger: %w", err)
}

// leadAgain leads whenever it can, until ctx ends or waiting cannot help.
func (l *Ledger) leadAgain(ctx context.Context, opened *openLog, pool *pgxpool.Pool, hub *exchange.Hub) error {
	for {
		err := l.leadOnce(ctx, opened, pool, hub)
		l.status.standby(err)
		if ctx.Err() != nil || final(err) {
			return err
		}
		l.config.Log.WarnContext(ctx, "the ledger stopped leading and starts again", slog.String("error", plain(err)))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryPause):
		}
	}
}

func final(err error) bool {
	for _, lasting := range []error{ErrOtherPostgres, ErrOtherKeys, ErrOtherProfile, ErrNotFounded, ErrDamaged, ErrRolledBack, ErrForked} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
}

// openLog is what never changes of a founded log, and who takes part in it now.
type openLog struct {
	hub         events.HubID
	founded     *events.DirectoryFounded // genesis
	profile     *mou.Profile
	genesis     genesis
	roster      *roster // who takes part, which does change
	logVerifier note.Verifier
	hubSigner   note.Signer
}

// lead is one time of being the active ledger: everything in it ends together.
type lead struct {
	*openLog
	config    Config
	key       seal.SigningKey
	logSigner note.Signer
	telemetry *telemetry
	status    *status
	log       *slog.Logger
	random    io.Reader

	conn       *pgx.Conn
	pool       *pgxpool.Pool
	exchange   *exchange.Hub
	couriers   couriers
	memos      map[events.AgencyID]*memo // the ledger's, of the couriers
	provided   *[]events.AgencyID        // the ledger's: for whom the broker keeps a place
	fresh      *fresh
	putOff     map[string]time.Time // until when the sweep leaves a case alone; belongs to the sequencer
	ended      []string             // cases that were last looked at because a key ended; likewise
	endedAgain time.Time            // when to look for such cases again; zero: nothing was put off; likewise
	retireAt   time.Time            // when to look for cases to retire next; likewise
	readings   chan *asked          // readings that wait to be recorded
	changes    chan *changing       // changes of the directory that wait to be judged
	waiting    []*submission        // what arrived and is not yet in a batch, in order; belongs to the sequencer
	backlog    atomic.Int64         // how many these are
	joined     chan struct{}        // capacity 1: an agency joined whose deliveries nobody brings yet
	over       <-chan struct{}      // closed when this lead has ended
	admitted   atomic.Int64         // admission time of the last entry, in microseconds

	rounds   chan struct{}         // capacity 1: something is to be offered to witnesses
	round    atomic.Pointer[round] // the newest; nil: none yet
	halted   chan error            // capacity 1: why the ledger must end
	alerting atomic.Bool           // it ends, and shows every witness why, also those that have not spoken yet
}

// now is the hub's time: its clock, but never before the last admission.
func (l *lead) now() time.Time {
	return time.UnixMicro(max(l.config.Clock().UnixMicro(), l.admitted.Load())).UTC()
}

func (l *Ledger) newLead(opened *openLog, pool *pgxpool.Pool, hub *exchange.Hub) *lead {
	n := &lead{
		openLog: opened, config: l.config, key: l.key, logSigner: l.logSigner, telemetry: l.telemetry, status: l.status, log: l.config.Log,
		random: rand.Reader, pool: pool, exchange: hub, fresh: newFresh(), putOff: map[string]time.Time{}, readings: make(chan *asked, askedAtOnce),
		changes: make(chan *changing), joined: make(chan struct{}, 1), memos: l.memos, provided: &l.provided,
		rounds: make(chan struct{}, 1), halted: make(chan error, 1),
	}
	n.employ(opened.roster.now())
	return n
}

// alarm reports a fault of the hub itself: somebody must look.
func (l *lead) alarm(ctx context.Context, what string, cause error) {
	l.telemetry.faults.Add(ctx, 1)
	l.status.fault(what)
	l.log.LogAttrs(ctx, slog.LevelError, "fault of the hub", slog.String("what", what), slog.String("cause", plain(cause)))
}

// plain tells an error without what Postgres quotes of the values that it refused.
func plain(err error) string {
	if refusal, asked := errors.AsType[*pgconn.PgError](err); asked {
		return strings.TrimSpace("the database refused: SQLSTATE " + refusal.Code + " " + refusal.TableName + " " + refusal.ConstraintName)
	}
	return err.Error()
}
