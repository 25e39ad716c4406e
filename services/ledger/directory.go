package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// parties is who takes part as of one entry of the log, and the memorandum as it is
// judged by then. It never changes: the next entry of the directory gives another.
type parties struct {
	*directory.Directory

	members map[events.AgencyID]directory.Member
	// recipients are all agencies that deliveries are numbered for, sorted: everyone but
	// auditors, who read over HTTP. What is numbered for one that is away waits, so that
	// one that comes back has missed nothing.
	recipients []events.AgencyID
	insiders   []events.AgencyID // recipients that are no foreign missions: they have the whole directory
	missions   []events.AgencyID // recipients that are
	memorandum *mou.Memorandum
	keys       map[ownKey]events.PublicKey // every signing key that was ever an agency's
	first      map[events.AgencyID]uint64  // the entry that listed each first
	changes    []change                    // what every insider has of the directory, genesis first; never written to
}

// change is one entry of the directory.
type change struct {
	number   uint64
	subject  events.AgencyID
	of       events.Type
	everyone bool // every insider has it; otherwise it is one mission's alone
}

// ownKey is a signing key of an agency.
type ownKey struct {
	agency events.AgencyID
	key    events.KeyID
}

// parties reads the directory that a change gave, behind the one before; nil: there is none.
func (o *openLog) parties(d *directory.Directory, before *parties, by change) *parties {
	p := &parties{Directory: d, members: map[events.AgencyID]directory.Member{}, keys: map[ownKey]events.PublicKey{}, first: map[events.AgencyID]uint64{}}
	if before != nil {
		p.keys, p.first, p.changes = maps.Clone(before.keys), maps.Clone(before.first), before.changes
	}
	if by.everyone {
		p.changes = append(slices.Clip(p.changes), by)
	}
	for _, m := range d.Members() {
		p.members[m.Agency] = m
		if _, before := p.first[m.Agency]; !before {
			p.first[m.Agency] = by.number
		}
		p.keys[ownKey{m.Agency, m.KeyID}] = m.Listing.Signing
		if m.Kind == events.Auditor {
			continue
		}
		p.recipients = append(p.recipients, m.Agency)
		if m.Kind == events.ForeignMission {
			p.missions = append(p.missions, m.Agency)
		} else {
			p.insiders = append(p.insiders, m.Agency)
		}
	}
	p.memorandum = &mou.Memorandum{Profile: o.profile, Directory: d.Kinds(), Away: d.Away(), Ended: func(to events.AgencyID, key events.KeyID) bool {
		_, forGood := d.SealingEnded(to, key)
		return forGood
	}}
	return p
}

// signer is the public key behind a key id, if it is the agency's key now.
func (p *parties) signer(agency events.AgencyID, key events.KeyID) (events.PublicKey, bool) {
	return p.Signer(agency, key, directory.Now)
}

// once is the public key behind a key id, if it is or was the agency's: what was
// answered under it once is known again.
func (p *parties) once(agency events.AgencyID, key events.KeyID) (events.PublicKey, bool) {
	public, known := p.keys[ownKey{agency, key}]
	return public, known
}

// receives says whether deliveries to the agency are numbered.
func (p *parties) receives(agency events.AgencyID) bool {
	_, found := slices.BinarySearch(p.recipients, agency)
	return found
}

// away says whether the agency takes no part now: nothing goes to it.
func (p *parties) away(agency events.AgencyID) bool { return p.memorandum.Away[agency] }

func (p *parties) kind(agency events.AgencyID) events.AgencyKind { return p.members[agency].Kind }

// witnesses says whether the agency cosigns checkpoints now.
func (p *parties) witnesses(agency events.AgencyID) bool {
	return p.members[agency].Witness != nil && !p.away(agency)
}

// cosigners are those whose cosignatures of the next checkpoints count.
func (p *parties) cosigners() []tlog.Cosigner { return p.Cosigners(directory.Now) }

// since are the entries about an agency behind the one that listed it first.
func (p *parties) since(agency events.AgencyID) (numbers []uint64) {
	for _, c := range p.changes {
		if c.subject == agency && c.number > p.first[agency] {
			numbers = append(numbers, c.number)
		}
	}
	return numbers
}

// joinedAt is the entry by which an agency joined last; 0: it was founded with the log.
func (p *parties) joinedAt(agency events.AgencyID) (number uint64) {
	for _, c := range p.changes {
		if c.subject == agency && c.of == events.TypeDirectoryJoined {
			number = c.number
		}
	}
	return number
}

// roster is the newest directory that this process knows. Whoever asks over HTTP
// reads what is new from the database first; the sequencer has a memory of its own.
type roster struct {
	mu     sync.Mutex // held while what is new is read
	newest atomic.Pointer[parties]
}

// now gives the newest known.
func (r *roster) now() *parties { return r.newest.Load() }

// advance takes a newer one; an older one is nothing to it.
func (r *roster) advance(p *parties) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forward(p)
}

func (r *roster) forward(p *parties) {
	if now := r.newest.Load(); now == nil || now.Last() < p.Last() {
		r.newest.Store(p)
	}
}

// current gives the directory as the database has it, reading what is new of it. It
// believes nothing that is not signed by the key that was in force.
func (o *openLog) current(ctx context.Context, db querier) (*parties, error) {
	o.roster.mu.Lock()
	defer o.roster.mu.Unlock()
	now := o.roster.now()
	found, err := db.Query(ctx, `SELECT d.number, d.agency, d.type, d.everyone, o.entry, p.data FROM directory_entry d LEFT JOIN opening o USING (number) LEFT JOIN payload p USING (number)
		WHERE d.number > $1 ORDER BY d.number`, now.Last())
	if err != nil {
		return nil, fmt.Errorf("reading the directory: %w", err)
	}
	var by change
	var opening, data []byte
	if _, err := pgx.ForEachRow(found, []any{&by.number, &by.subject, &by.of, &by.everyone, &opening, &data}, func() error {
		next, err := readChange(now.Directory, by, opening, data)
		if err == nil {
			now = o.parties(next, now, by)
		}
		opening, data = nil, nil // what is null must not show the row before
		return err
	}); err != nil {
		return nil, fmt.Errorf("reading the directory: %w", err)
	}
	o.roster.forward(now)
	return now, nil
}

// readChange takes one stored entry of the directory.
func readChange(d *directory.Directory, by change, opening, data []byte) (*directory.Directory, error) {
	number := by.number
	entry, err := tlog.ParseEntry(opening)
	if err != nil || entry.Number != number || entry.Verdict != tlog.Admitted {
		return nil, damaged("entry %d of the directory cannot be read", number)
	}
	digest := sha256.Sum256(data)
	if entry.DataDigest != digest {
		return nil, damaged("the data of entry %d of the directory are not those that were signed", number)
	}
	e, err := events.Parse(entry.Attributes, data)
	if err != nil || e.Subject != string(by.subject) || e.Type != by.of {
		return nil, damaged("entry %d of the directory is not the event that it is stored as", number)
	}
	if err := d.Verify(e, digest, number); err != nil {
		return nil, damaged("entry %d of the directory is not signed by a key that was in force", number)
	}
	p, err := events.Decode(e.Type, e.Data)
	if err != nil {
		return nil, damaged("entry %d of the directory cannot be read", number)
	}
	next, err := d.Apply(number, e, p)
	if err != nil {
		return nil, damaged("entry %d does not follow from the directory before it", number)
	}
	return next, nil
}
