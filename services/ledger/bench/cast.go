package bench

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

const hubID events.HubID = "benchland"

const (
	profile = "model@1"
	desks   = 8 // that meet people, and as many shelters that take them in
)

// cast is the hub's keys and the agencies with theirs: the same for every
// contender, so that all of them get the very same signed events.
type cast struct {
	dir      string
	founded  events.DirectoryFounded
	accounts exchange.Accounts
	police   []*agency
	shelters []*agency
	auditor  *agency
}

// agency is what an agency is to the wire contract: keys and a sequence.
type agency struct {
	id      events.AgencyID
	kind    events.AgencyKind
	signing seal.SigningKey
	sealing seal.SealingKey
	next    events.Sequence
	word    time.Time // of its last control message: the next must be of a later second
}

func (c *cast) all() []*agency { return append(append([]*agency{}, c.police...), c.shelters...) }

// newCast makes keys, listings and broker accounts; secrets go into dir.
func newCast(dir string) (*cast, error) {
	logKey, vkey, err := tlog.NewLogKey(hubID.Origin(), rand.Reader)
	if err != nil {
		return nil, err
	}
	hubKey, err := seal.NewSigningKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := hubKey.Save(filepath.Join(dir, "hub.pem")); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "log.key"), []byte(logKey+"\n"), 0o600); err != nil {
		return nil, err
	}
	texts, err := mou.ProfileTexts(profile)
	if err != nil {
		return nil, err
	}
	c := &cast{dir: dir, founded: events.DirectoryFounded{Log: vkey, Signing: hubKey.Public(), Profile: profile, Text: mou.ProfileDigest(texts)}}
	for i := range desks {
		for _, of := range []struct {
			name string
			kind events.AgencyKind
			list *[]*agency
		}{{"bench-police-%d", events.Police, &c.police}, {"bench-shelter-%d", events.Shelter, &c.shelters}} {
			a, err := c.enter(events.AgencyID(fmt.Sprintf(of.name, i+1)), of.kind)
			if err != nil {
				return nil, err
			}
			*of.list = append(*of.list, a)
		}
	}
	if c.auditor, err = c.enter("bench-audit", events.Auditor); err != nil {
		return nil, err
	}
	return c, c.grant()
}

// enter makes an agency's keys and puts it into genesis.
func (c *cast) enter(id events.AgencyID, kind events.AgencyKind) (*agency, error) {
	signing, err := seal.NewSigningKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	sealing, err := seal.NewSealingKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	witness := ""
	if kind != events.Auditor {
		if _, witness, err = tlog.NewWitnessKey(hubID.Origin(), id, rand.Reader); err != nil {
			return nil, err
		}
	}
	c.founded.Agencies = append(c.founded.Agencies, seal.NewListing(id, kind, signing, sealing, witness, hubID.Origin()))
	return &agency{id: id, kind: kind, signing: signing, sealing: sealing, next: 1}, nil
}

// grant mints the broker's accounts.
func (c *cast) grant() error {
	operator, err := exchange.NewOperator()
	if err != nil {
		return err
	}
	ids := make([]events.AgencyID, 0, len(c.founded.Agencies))
	for _, l := range c.founded.Agencies {
		ids = append(ids, l.Agency)
	}
	if c.accounts, err = operator.Grant(hubID, ids); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.dir, "hub.creds"), c.accounts.HubCreds, 0o600); err != nil {
		return err
	}
	for id, creds := range c.accounts.Creds {
		if err := os.WriteFile(c.creds(id), creds, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (c *cast) creds(id events.AgencyID) string { return filepath.Join(c.dir, string(id)+".creds") }

// event is one of the agency's, signed under its next sequence.
func (a *agency) event(e events.Event, at time.Time) (events.Event, error) {
	e.Source, e.Hub, e.Time = events.Source(hubID, a.id), hubID.Origin(), events.At(at)
	e.DataSchema, e.TraceParent = e.Type.Schema(), traceParent
	e.CausationID, e.Sequence = e.ID, a.next.String()
	a.next++
	return a.signing.Sign(e)
}

const traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
