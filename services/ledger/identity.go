package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// What waiting cannot mend.
var (
	// ErrOtherPostgres means that the log lies on another cluster or timeline than it was founded on.
	ErrOtherPostgres = errors.New("this Postgres is not the one, or not the history, on which the log was last accepted: " +
		"a backup was restored, a standby promoted or the database copied; nothing is signed. Compare the last checkpoint with what agencies " +
		"and witnesses hold; if none of them has a newer or another one, accept this history: as the database's owner, SELECT accept_history()")
	// ErrOtherKeys means that the configured keys are not those of genesis.
	ErrOtherKeys = errors.New("the log key, the hub key or the hub id is not the one that genesis names")
	// ErrOtherProfile means that this program does not have the profile's text that genesis names.
	ErrOtherProfile = errors.New("this program has no such profile, or another text of it, than the log was founded with; nothing is judged by another memorandum. " +
		"Run a version of the program that has it")
)

const undefinedTable = "42P01" // SQLSTATE: not even migrated

// genesis is the log's identity as its first entry fixed it.
type genesis struct {
	Origin string
	VKey   string
	Digest [sha256.Size]byte // of the founding event's data; agencies pin it
	Data   []byte

	Missions []*events.DirectoryListed // to be founded: foreign missions, which genesis does not list
}

// open reads what never changes of the log, waiting for a database that is away.
func (l *Ledger) open(ctx context.Context, pool *pgxpool.Pool) (*openLog, error) {
	for {
		g, err := readGenesis(ctx, pool)
		switch {
		case err == nil:
			return l.openGenesis(g)
		case errors.Is(err, ErrNotFounded), errors.Is(err, ErrDamaged), errors.Is(err, ErrOtherKeys):
			return nil, err
		}
		l.status.standby(err)
		l.config.Log.WarnContext(ctx, "the database cannot be read yet", slog.String("error", plain(err)))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retryPause):
		}
	}
}

func readGenesis(ctx context.Context, db querier) (genesis, error) {
	var g genesis
	var digest []byte
	err := db.QueryRow(ctx, "SELECT i.origin, i.vkey, i.genesis, p.data FROM log_identity i LEFT JOIN payload p ON p.number = 0").Scan(&g.Origin, &g.VKey, &digest, &g.Data)
	var refusal *pgconn.PgError
	if errors.Is(err, pgx.ErrNoRows) || errors.As(err, &refusal) && refusal.Code == undefinedTable {
		return g, ErrNotFounded
	}
	if err != nil {
		return g, fmt.Errorf("reading genesis: %w", err)
	}
	if g.Digest, err = hash(digest); err != nil {
		return g, err
	}
	if sha256.Sum256(g.Data) != g.Digest {
		return g, damaged("the data of genesis are missing or are not those that the log was founded with")
	}
	return g, nil
}

// openGenesis checks that our keys are genesis's and builds the directory that it
// founds, without what changed since: see [openLog.current].
func (l *Ledger) openGenesis(g genesis) (*openLog, error) {
	if g.Origin != l.config.Hub.Origin() {
		return nil, ErrOtherKeys
	}
	decoded, err := events.Decode(events.TypeDirectoryFounded, g.Data)
	if err != nil {
		return nil, fmt.Errorf("reading genesis: %w", err)
	}
	founded, ok := decoded.(*events.DirectoryFounded)
	if !ok || founded.Log != g.VKey || founded.Signing != l.key.Public() {
		return nil, ErrOtherKeys
	}
	o := &openLog{hub: l.config.Hub, founded: founded, genesis: g, roster: new(roster)}
	if o.logVerifier, err = note.NewVerifier(g.VKey); err != nil {
		return nil, fmt.Errorf("reading genesis: %w", err)
	}
	if o.logVerifier.Name() != l.logSigner.Name() || o.logVerifier.KeyHash() != l.logSigner.KeyHash() {
		return nil, ErrOtherKeys
	}
	if o.hubSigner, err = tlog.HubSigner(o.hub, l.key.Public(), l.key.SignBytes); err != nil {
		return nil, err
	}
	if o.profile, err = loadProfile(*founded); err != nil {
		return nil, err
	}
	d, err := directory.Found(o.hub, 0, founded)
	if err != nil {
		return nil, fmt.Errorf("reading genesis: %w", err)
	}
	o.roster.advance(o.parties(d, nil, change{subject: events.HubAgency, of: events.TypeDirectoryFounded, everyone: true}))
	return o, nil
}

// loadProfile gives the profile that genesis names, if this program has its very text.
func loadProfile(founded events.DirectoryFounded) (*mou.Profile, error) {
	texts, err := mou.ProfileTexts(founded.Profile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOtherProfile, err)
	}
	if has := mou.ProfileDigest(texts); has != founded.Text {
		return nil, fmt.Errorf("%w: of %s genesis names the text %s, this program has %s", ErrOtherProfile, founded.Profile, founded.Text, has)
	}
	profile, err := mou.ParseProfile(texts)
	if err != nil {
		return nil, fmt.Errorf("loading the profile that genesis names: %w", err)
	}
	return profile, nil
}

// sameIdentity fails closed when the database is not where it was.
func (l *lead) sameIdentity(ctx context.Context) error {
	now, err := currentIdentity(ctx, l.conn)
	if err != nil {
		return err
	}
	var then identity
	if err := l.conn.QueryRow(ctx, "SELECT system_identifier, timeline FROM log_identity").Scan(&then.system, &then.timeline); err != nil {
		return fmt.Errorf("reading the log's identity: %w", err)
	}
	if now != then {
		return ErrOtherPostgres
	}
	return nil
}

// AcceptHistory makes the Postgres that the owner connects to the log's own from
// now on. Only an operator may do so, after comparing the last checkpoint with
// what agencies and witnesses hold: otherwise a restored backup forks the log.
func AcceptHistory(ctx context.Context, ownerURL string) error {
	conn, err := connect(ctx, ownerURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT accept_history()"); err != nil {
		return fmt.Errorf("accepting the log's history: %w", err)
	}
	return nil
}
