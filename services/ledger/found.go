package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// ErrFounded means that the database holds a log already.
var ErrFounded = errors.New("the log is founded already")

// ErrForeignMission means that a directory lists a mission of another state. The
// person's consent to one needs a case of its own, linked to the first, which
// this ledger does not have yet.
var ErrForeignMission = errors.New("a foreign mission cannot be listed yet: what a person agrees to tell one belongs in a case of its own, and cases cannot be linked yet")

// Found writes genesis: entry 0, signed by the hub's key, which founds the
// directory, and delivery 1 of every listed agency but auditors. It returns the
// digest of the founding data, which agencies pin after comparing it out of band.
// Of the configuration it reads Hub, DatabaseURL, the two key files and Clock.
// Founding with the same data again gives the same digest and changes nothing;
// otherwise a founded database answers ErrFounded.
func Found(ctx context.Context, config Config, founded events.DirectoryFounded) (digest [sha256.Size]byte, err error) {
	l, err := New(config)
	if err != nil {
		return digest, err
	}
	data, err := events.Encode(&founded)
	if err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	digest = sha256.Sum256(data)
	if err := l.checkFounding(founded); err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	opened, err := l.openGenesis(genesis{Origin: l.config.Hub.Origin(), VKey: founded.Log, Digest: digest, Data: data})
	if err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	conn, err := connect(ctx, l.config.DatabaseURL)
	if err != nil {
		return digest, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := becomeSequencer(ctx, conn); err != nil {
		return digest, err
	}
	switch g, err := readGenesis(ctx, conn); {
	case err == nil && g.Digest == digest:
		return digest, nil
	case err == nil:
		return digest, fmt.Errorf("founding the log: %w", ErrFounded)
	case !errors.Is(err, ErrNotFounded):
		return digest, err
	}
	n := l.newLead(opened, nil, nil)
	n.conn = conn
	if err := n.writeGenesis(ctx, data); err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	return digest, nil
}

// checkFounding checks what genesis claims of our keys, and that each agency proves its own.
func (l *Ledger) checkFounding(founded events.DirectoryFounded) error {
	verifier, err := note.NewVerifier(founded.Log)
	if err != nil {
		return fmt.Errorf("reading the log's verifier key: %w", err)
	}
	if founded.Signing != l.key.Public() || verifier.Name() != l.config.Hub.Origin() || verifier.KeyHash() != l.logSigner.KeyHash() {
		return ErrOtherKeys
	}
	if _, err := mou.LoadProfile(founded.Profile); err != nil {
		return err
	}
	for _, listing := range founded.Agencies {
		if listing.Kind == events.ForeignMission {
			return fmt.Errorf("the listing of %s: %w", listing.Agency, ErrForeignMission)
		}
		if err := seal.CheckListing(listing, l.config.Hub.Origin()); err != nil {
			return fmt.Errorf("the listing of %s: %w", listing.Agency, err)
		}
	}
	return nil
}

// writeGenesis appends entry 0 and all that begins with it, in one transaction.
func (l *lead) writeGenesis(ctx context.Context, data []byte) error {
	where, err := currentIdentity(ctx, l.conn)
	if err != nil {
		return err
	}
	m := &memory{next: map[events.KeyID]events.Sequence{}, assigned: map[events.AgencyID]uint64{}}
	b := l.newBatch(ctx, m)
	a, err := b.genesis(ctx, data)
	if err != nil {
		return err
	}
	b.append(a)
	signed, err := b.checkpoint()
	if err != nil {
		return err
	}
	q := &pgx.Batch{}
	b.writeLog(q, signed)
	b.writeMemory(q)
	q.Queue("INSERT INTO log_identity (origin, vkey, genesis, system_identifier, timeline) VALUES ($1, $2, $3, $4, $5)",
		l.hub.Origin(), l.directory.founded.Log, l.genesis.Digest[:], where.system, where.timeline)
	q.Queue("INSERT INTO signer (key, agency, next) VALUES ($1, $2, 2)", string(l.key.ID()), string(events.HubAgency))
	for agency, listed := range l.directory.listed {
		if listed.kind != events.Auditor {
			q.Queue("INSERT INTO signer (key, agency, next) VALUES ($1, $2, 1)", string(listed.key), string(agency))
		}
	}
	return l.conn.SendBatch(ctx, q).Close()
}

func (b *batch) genesis(ctx context.Context, data []byte) (*act, error) {
	l := b.lead
	e, err := l.foundingEvent(ctx, data, b.now)
	if err != nil {
		return nil, err
	}
	opening, err := tlog.NewOpening(b.entry(0, e), l.random)
	if err != nil {
		return nil, err
	}
	a := &act{opening: opening, leaf: opening.LeafHash(), event: e, key: l.key.ID(), digest: seal.Digest(e)}
	for _, agency := range l.directory.recipients {
		a.delivers = append(a.delivers, delivery{to: agency, kind: tlog.KindEvent})
	}
	return a, nil
}

func (l *lead) foundingEvent(ctx context.Context, data []byte, now time.Time) (events.Event, error) {
	id, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return events.Event{}, err
	}
	return l.key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(l.hub, events.HubAgency), Type: events.TypeDirectoryFounded,
		DataContentType: events.FactsContent, DataSchema: events.TypeDirectoryFounded.Schema(), Subject: string(events.HubAgency), Time: events.At(now),
		Hub: l.hub.Origin(), Sequence: events.Sequence(1).String(), CorrelationID: events.EventID(id), CausationID: events.EventID(id),
		TraceParent: exchange.TraceParent(ctx), Data: data,
	})
}
