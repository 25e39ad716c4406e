package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// ErrFounded means that the database holds a log already.
var ErrFounded = errors.New("the log is founded already")

// Found writes genesis: entry 0, signed by the hub's key, which founds the
// directory, and delivery 1 of every listed agency but auditors. It returns the
// digest of the founding data, which agencies pin after comparing it out of band.
// Behind genesis it lists the founding foreign missions, in the order given: each
// listing is the first delivery of its mission, which pins the digest of these
// data instead, and goes to everyone that has genesis.
// Of the configuration it reads Hub, DatabaseURL, the two key files and Clock.
// Founding with the same data again gives the same digest and changes nothing;
// otherwise a founded database answers ErrFounded.
func Found(ctx context.Context, config Config, founded events.DirectoryFounded, missions ...events.DirectoryListed) (digest [sha256.Size]byte, err error) {
	l, err := New(config)
	if err != nil {
		return digest, err
	}
	data, err := events.Encode(&founded)
	if err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	digest = sha256.Sum256(data)
	if err := l.checkFounding(founded, missions); err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	g := genesis{Origin: l.config.Hub.Origin(), VKey: founded.Log, Digest: digest, Data: data}
	for _, m := range missions {
		g.Missions = append(g.Missions, &m)
	}
	opened, err := l.openGenesis(g)
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
	switch there, err := readGenesis(ctx, conn); {
	case err == nil && there.Digest == digest:
		return digest, opened.foundedWith(ctx, conn, missions)
	case err == nil:
		return digest, fmt.Errorf("founding the log: %w", ErrFounded)
	case !errors.Is(err, ErrNotFounded):
		return digest, err
	}
	n := l.newLead(opened, nil, nil)
	n.conn = conn
	if err := n.writeGenesis(ctx); err != nil {
		return digest, fmt.Errorf("founding the log: %w", err)
	}
	return digest, nil
}

// foundedWith says whether the log was founded with these missions and no others.
func (o *openLog) foundedWith(ctx context.Context, db querier, missions []events.DirectoryListed) error {
	who, err := o.current(ctx, db)
	if err != nil {
		return err
	}
	founding := slices.DeleteFunc(slices.Clone(who.changes), func(c change) bool { return c.of != events.TypeDirectoryListed })
	same := len(founding) == len(missions)
	for i := 0; same && i < len(missions); i++ {
		listing, listed := who.FirstListing(founding[i].subject)
		same = listed && listing == missions[i].Agencies[0]
	}
	if !same {
		return fmt.Errorf("founding the log: %w", ErrFounded)
	}
	return nil
}

// checkFounding checks what genesis claims of our keys, and that each agency proves its own.
func (l *Ledger) checkFounding(founded events.DirectoryFounded, missions []events.DirectoryListed) error {
	verifier, err := note.NewVerifier(founded.Log)
	if err != nil {
		return fmt.Errorf("reading the log's verifier key: %w", err)
	}
	if founded.Signing != l.key.Public() || verifier.Name() != l.config.Hub.Origin() || verifier.KeyHash() != l.logSigner.KeyHash() {
		return ErrOtherKeys
	}
	if _, err := loadProfile(founded); err != nil {
		return err
	}
	for _, listing := range founded.Agencies {
		if err := seal.CheckListing(listing, l.config.Hub.Origin()); err != nil {
			return fmt.Errorf("the listing of %s: %w", listing.Agency, err)
		}
	}
	return l.checkMissions(founded, missions)
}

// checkMissions checks that each listing is of a mission, proves its key, and says
// of the hub what genesis says.
func (l *Ledger) checkMissions(founded events.DirectoryFounded, missions []events.DirectoryListed) error {
	names := map[events.AgencyID]bool{events.HubAgency: true}
	for _, listing := range founded.Agencies {
		names[listing.Agency] = true
	}
	for _, m := range missions {
		switch {
		case len(m.Agencies) != 1 || m.Agencies[0].Kind != events.ForeignMission || names[m.Agencies[0].Agency]:
			return errors.New("a listing beside genesis is of one foreign mission, which stands nowhere else in the directory")
		case m.Log != founded.Log || m.Signing != founded.Signing || m.Profile != founded.Profile || m.Text != founded.Text:
			return fmt.Errorf("the listing of %s is of another hub or profile than genesis", m.Agencies[0].Agency)
		}
		names[m.Agencies[0].Agency] = true
		if err := seal.CheckListing(m.Agencies[0], l.config.Hub.Origin()); err != nil {
			return fmt.Errorf("the listing of %s: %w", m.Agencies[0].Agency, err)
		}
	}
	return nil
}

// writeGenesis appends entry 0 and all that begins with it, in one transaction.
func (l *lead) writeGenesis(ctx context.Context) error {
	where, err := currentIdentity(ctx, l.conn)
	if err != nil {
		return err
	}
	b := l.newBatch(ctx, &memory{next: map[events.KeyID]events.Sequence{}, assigned: map[events.AgencyID]uint64{}, parties: l.roster.now()})
	st, err := b.founding()
	if err != nil {
		return err
	}
	b.take(st)
	signed, err := b.checkpoint()
	if err != nil {
		return err
	}
	q := &pgx.Batch{}
	b.writeLog(q, signed)
	b.writeMemory(q)
	b.writeDirectory(q)
	q.Queue("INSERT INTO log_identity (origin, vkey, genesis, system_identifier, timeline) VALUES ($1, $2, $3, $4, $5)",
		l.hub.Origin(), l.founded.Log, l.genesis.Digest[:], where.system, where.timeline)
	q.Queue("INSERT INTO signer (key, agency, next) VALUES ($1, $2, $3)", string(l.key.ID()), string(events.HubAgency), st.hubNext)
	return l.conn.SendBatch(ctx, q).Close()
}

// founding is genesis, and the listing of each founding mission behind it.
func (b *batch) founding() (*step, error) {
	l := b.lead
	st := &step{hubNext: 1, parties: b.parties, changes: slices.Clone(b.parties.changes)}
	if _, err := b.found(st, events.TypeDirectoryFounded, events.HubAgency, l.genesis.Data, b.parties.insiders); err != nil {
		return nil, err
	}
	for _, m := range l.genesis.Missions {
		data, err := events.Encode(m)
		if err != nil {
			return nil, err
		}
		mission := m.Agencies[0].Agency
		number := b.number(st)
		e, err := b.found(st, events.TypeDirectoryListed, mission, data, slices.Concat(b.parties.insiders, []events.AgencyID{mission}))
		if err != nil {
			return nil, err
		}
		next, err := st.parties.Apply(number, e, m)
		if err != nil {
			return nil, err
		}
		by := change{number, mission, e.Type, true}
		st.parties, st.changes = l.parties(next, st.parties, by), append(st.changes, by)
	}
	return st, nil
}

func (b *batch) found(st *step, t events.Type, subject events.AgencyID, data []byte, to []events.AgencyID) (events.Event, error) {
	e, err := b.lead.hubEvent(b.now, hubEvent{kind: t, subject: string(subject), trace: exchange.TraceParent(b.ctx), sequence: st.hubNext, data: data})
	if err != nil {
		return e, err
	}
	st.hubNext++
	return e, b.uncased(st, e, b.lead.key.ID(), seal.Digest(e), to)
}
