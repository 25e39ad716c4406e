package agency

import (
	"crypto/rand"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// ownKeys are an agency's secrets, as somebody else has them.
type ownKeys struct {
	signing seal.SigningKey
	sealing seal.SealingKey
	witness string
	listing events.Listing
}

func (l *aLog) newKeys(id events.AgencyID, kind events.AgencyKind) ownKeys {
	l.t.Helper()
	var k ownKeys
	var err error
	k.signing, err = seal.NewSigningKey(rand.Reader)
	l.must(err)
	k.sealing, err = seal.NewSealingKey(rand.Reader)
	l.must(err)
	verifier := ""
	if (Config{Kind: kind}).witnesses() {
		k.witness, verifier, err = tlog.NewWitnessKey(testHub.Origin(), id, rand.Reader)
		l.must(err)
	}
	k.listing = seal.NewListing(id, kind, k.signing, k.sealing, verifier, testHub.Origin())
	return k
}

// joins is the hub's word that an agency joins, for which the police and the
// shelter vouched.
func (l *aLog) joins(a *Agency, listing events.Listing) events.Event {
	l.t.Helper()
	return l.event(events.HubAgency, l.hub, string(listing.Agency), "", &events.DirectoryJoined{Listing: listing, Vouching: []events.Vouching{
		seal.NewVouching(testSender, l.sender, listing, testHub.Origin()), seal.NewVouching(testAgency, a.keys.Voice(), listing, testHub.Origin()),
	}})
}

// addressed is a delivery of an event to another agency than the usual one.
func (l *aLog) addressed(to events.AgencyID, e events.Event) exchange.Message {
	l.to = to
	defer func() { l.to = "" }()
	return l.delivers(e)
}

// lists adds an agency to the directory.
func (l *aLog) lists(a *Agency, id events.AgencyID, kind events.AgencyKind) {
	l.t.Helper()
	l.gives(a, l.delivers(l.joins(a, l.newKeys(id, kind).listing)))
	if m, listed := a.directory.Member(id); !listed || m.Kind != kind {
		l.t.Fatalf("%s did not join: %+v", id, a.alarms.list())
	}
}
