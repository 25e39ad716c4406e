// Package agencytest gives the tests of an agency's pages a real agency with a journal of its own, and a log that is kept
// by hand, by the published contract alone: what other members say is signed, proved and delivered as a hub does it. No
// broker and no database run.
package agencytest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/keyring"
)

// Who takes part. Own is the agency under test, of the kind that the test names.
const (
	Hub             events.HubID    = "testland"
	Own             events.AgencyID = "harbour-shelter"
	Police          events.AgencyID = "testtown-police"
	Social          events.AgencyID = "testtown-social"
	OtherShelter    events.AgencyID = "hill-shelter"
	Health          events.AgencyID = "testtown-clinic"
	ChildProtection events.AgencyID = "testtown-children"
	Coordinator     events.AgencyID = "testland-coordination"
	profile                         = "uk@1"
)

// member is an agency of the directory, with its keys.
type member struct {
	signing seal.SigningKey
	sealing seal.SealingKey
	last    events.Sequence
}

// Log is a log kept by hand, and the agency that it delivers to.
type Log struct {
	t       testing.TB
	dir     string
	kind    events.AgencyKind
	profile string
	desk    agency.Desk
	pins    agency.Pins
	members map[events.AgencyID]*member

	signer    note.Signer
	statement note.Signer
	tree      tlog.Tree
	delivered uint64
	waiting   []exchange.Message
	agency    *agency.Agency
	clock     func() time.Time
}

// New founds a directory in which [Own] is an agency of a kind.
func New(t testing.TB, own events.AgencyKind) *Log { return NewWith(t, own, PlainDesk{}) }

// NewWith is New with an organisation's own judgement.
func NewWith(t testing.TB, own events.AgencyKind, desk agency.Desk) *Log {
	t.Helper()
	return newLog(t, profile, own, desk)
}

// NewUnder is New under the profile of a country.
func NewUnder(t testing.TB, country string, own events.AgencyKind) *Log {
	t.Helper()
	return newLog(t, country, own, PlainDesk{})
}

func newLog(t testing.TB, country string, own events.AgencyKind, desk agency.Desk) *Log {
	t.Helper()
	l := &Log{t: t, dir: folder(t), kind: own, profile: country, desk: desk, members: map[events.AgencyID]*member{}, clock: time.Now}
	logKey, vkey, err := tlog.NewLogKey(Hub.Origin(), rand.Reader)
	l.must(err)
	l.signer, err = note.NewSigner(logKey)
	l.must(err)
	hub := l.newMember(events.HubAgency)
	l.statement, err = tlog.HubSigner(Hub, hub.signing.Public(), hub.signing.SignBytes)
	l.must(err)
	texts, err := mou.ProfileTexts(country)
	l.must(err)
	founded := &events.DirectoryFounded{Log: vkey, Signing: hub.signing.Public(), Profile: country, Text: mou.ProfileDigest(texts)}
	for _, one := range []struct {
		id   events.AgencyID
		kind events.AgencyKind
	}{
		{Own, own},
		{OtherShelter, events.Shelter},
		{ChildProtection, events.ChildProtection},
		{Health, events.Health},
		{Police, events.Police},
		{Social, events.Social},
		{Coordinator, events.Coordinator},
	} {
		founded.Agencies = append(founded.Agencies, l.lists(one.id, one.kind))
	}
	genesis := l.event(events.HubAgency, string(events.HubAgency), "", founded)
	digest := sha256.Sum256(genesis.Data)
	l.pins = agency.Pins{LogVKey: vkey, HubKey: hub.signing.Public(), Genesis: hex.EncodeToString(digest[:])}
	l.Deliver(genesis)
	return l
}

// folder is short enough for a socket's path.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hra") //nolint:usetesting // a socket's path has at most 103 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (l *Log) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *Log) newMember(id events.AgencyID) *member {
	l.t.Helper()
	signing, err := seal.NewSigningKey(rand.Reader)
	l.must(err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	l.must(err)
	l.members[id] = &member{signing: signing, sealing: sealing}
	return l.members[id]
}

func (l *Log) lists(id events.AgencyID, kind events.AgencyKind) events.Listing {
	l.t.Helper()
	m := l.newMember(id)
	verifier := ""
	if kind != events.ForeignMission && kind != events.Auditor {
		secret, public, err := tlog.NewWitnessKey(Hub.Origin(), id, rand.Reader)
		l.must(err)
		verifier = public
		if id == Own {
			l.must(os.WriteFile(filepath.Join(l.dir, keyring.Witness.File()), []byte(secret+"\n"), 0o600))
		}
	}
	if id == Own {
		l.must(m.signing.Save(filepath.Join(l.dir, keyring.Signing.File())))
		l.must(m.sealing.Save(filepath.Join(l.dir, keyring.Sealing.File())))
	}
	return seal.NewListing(id, kind, m.signing, m.sealing, verifier, Hub.Origin())
}

// Config is how the agency is configured; no broker answers at its address.
func (l *Log) Config() agency.Config {
	return agency.Config{
		Dir: l.dir, Hub: Hub, Agency: Own, Kind: l.kind, NATS: "nats://127.0.0.1:1", Pins: l.pins, Desk: l.desk, Logger: slog.New(slog.DiscardHandler),
	}
}

// Open opens the agency and delivers what was said so far. It is closed when the
// test ends.
func (l *Log) Open() *agency.Agency {
	l.t.Helper()
	return l.OpenWith(l.Config())
}

// OpenWith is Open with another configuration.
func (l *Log) OpenWith(config agency.Config) *agency.Agency {
	l.t.Helper()
	a, err := agency.New(config)
	l.must(err)
	l.agency = a
	l.t.Cleanup(func() { _ = a.Close() })
	l.flush()
	return a
}

func (l *Log) flush() {
	l.t.Helper()
	for l.agency != nil && len(l.waiting) > 0 {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.must(l.agency.Receive(l.t.Context(), next))
	}
}

// PlainDesk leaves everything to people, in the order of arrival.
type PlainDesk struct{}

// Intakes are none.
func (PlainDesk) Intakes() []agency.Intake { return nil }

// Ask names all that could.
func (PlainDesk) Ask(could []agency.Provider, _ *events.ReferralRequested) []events.AgencyID {
	return agency.IDs(could)
}

// First keeps the order of arrival.
func (PlainDesk) First(waiting []agency.Waiting) []agency.Waiting { return agency.ByArrival(waiting) }

// Answers are left to people.
func (PlainDesk) Answers(agency.Waiting, time.Time) []events.Payload { return nil }
