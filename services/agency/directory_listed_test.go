package agency

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

const testMission events.AgencyID = "farland-mission"

// listing is the hub's word on one agency, with keys of its own.
func (l *aLog) listing(id events.AgencyID, kind events.AgencyKind) *events.DirectoryListed {
	l.t.Helper()
	signing, err := seal.NewSigningKey(rand.Reader)
	l.must(err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	l.must(err)
	witness := ""
	if (Config{Kind: kind}).witnesses() {
		_, witness, err = tlog.NewWitnessKey(testHub.Origin(), id, rand.Reader)
		l.must(err)
	}
	return l.listedAs(seal.NewListing(id, kind, signing, sealing, witness, testHub.Origin()))
}

func (l *aLog) listedAs(of events.Listing) *events.DirectoryListed {
	texts, err := mou.ProfileTexts(testProfile)
	l.must(err)
	return &events.DirectoryListed{Log: l.pins.LogVKey, Signing: l.hub.Public(), Profile: testProfile, Text: mou.ProfileDigest(texts), Agencies: []events.Listing{of}}
}

func (l *aLog) hubLists(subject events.AgencyID, p *events.DirectoryListed) events.Event {
	return l.event(events.HubAgency, l.hub, string(subject), "", p)
}

func TestOnlyTheHubListsAMissionAndNobodyTwice(t *testing.T) {
	l := newLog(t)
	mission := l.listing(testMission, events.ForeignMission)
	elsewhere := l.listing(testMission, events.ForeignMission)
	elsewhere.Profile = "model@1"
	forged := l.listing(testMission, events.ForeignMission)
	forged.Agencies[0].Proof = mission.Agencies[0].Proof
	for name, bad := range map[string]events.Event{
		"said by an agency":           l.event(testSender, l.sender, string(testMission), "", mission),
		"of another kind":             l.hubLists("another-shelter", l.listing("another-shelter", events.Shelter)),
		"about somebody else":         l.hubLists("another-mission", mission),
		"under another profile":       l.hubLists(testMission, elsewhere),
		"without proof of its keys":   l.hubLists(testMission, forged),
		"of an agency that is listed": l.hubLists(testAgency, l.listing(testAgency, events.ForeignMission)),
	} {
		fresh := newLogLike(t, l)
		a := fresh.joined()
		fresh.gives(a, fresh.delivers(bad))
		if !a.damaged[2] || len(a.directory.Members()) != 2 || !a.alarmed("copy-damaged") {
			t.Errorf("a listing %s was taken", name)
		}
	}
	a := l.joined()
	l.gives(a, l.delivers(l.hubLists(testMission, mission)))
	if a.book.memo.Directory[testMission] != events.ForeignMission || a.stored != 2 {
		t.Fatalf("the mission is not listed: %+v", a.alarms.list())
	}
	_, err := a.sealingKey(testMission)
	if rule, _ := ruleAndReason(err); rule != RuleKeyUnwitnessed {
		t.Errorf("it is sealed to before anybody witnessed its key: %v", err)
	}
	a.witnessed = 2 // the entry lies under that checkpoint
	if key, err := a.sealingKey(testMission); err != nil || key != mission.Agencies[0].Sealing {
		t.Errorf("nothing can be sealed to it: %v", err)
	}
	other := l.listing(testMission, events.ForeignMission)
	l.gives(a, l.delivers(l.hubLists(testMission, other)))
	if key, _ := a.sealingKey(testMission); !a.damaged[3] || key != mission.Agencies[0].Sealing {
		t.Error("a second listing changed the mission's keys")
	}
	l.must(a.Close())
	if b := l.opened(); listingOf(b, testMission) != mission.Agencies[0] {
		t.Error("after a restart the mission is not listed")
	}
}

func listingOf(a *Agency, id events.AgencyID) events.Listing {
	m, _ := a.directory.Member(id)
	return m.Listing
}

// newLogLike is a log of the same keys in which nothing was delivered yet.
func newLogLike(t *testing.T, l *aLog) *aLog {
	t.Helper()
	fresh := *l
	fresh.t, fresh.dir, fresh.number, fresh.tree, fresh.leaves = t, t.TempDir(), 0, tlog.Tree{}, nil
	for _, use := range keyring.Uses(l.config().Kind) {
		secret, err := os.ReadFile(l.config().path(use.File()))
		l.must(err)
		l.must(os.WriteFile(fresh.config().path(use.File()), secret, 0o600))
	}
	return &fresh
}

func TestAMissionJoinsByItsOwnListingAndLearnsOfOneAgencyAtATime(t *testing.T) {
	l := newLog(t)
	signing, err := seal.LoadSigningKey(l.config().path(keyring.Signing.File()))
	l.must(err)
	own := l.hubLists(testAgency, l.listedAs(seal.NewListing(testAgency, events.ForeignMission, signing, l.own, "", testHub.Origin())))
	digest := sha256.Sum256(own.Data)
	config := l.config()
	config.Kind, config.Pins.Genesis = events.ForeignMission, hex.EncodeToString(digest[:])
	open := func() *Agency {
		a, err := New(config)
		l.must(err)
		t.Cleanup(func() { _ = a.Close() })
		return a
	}
	a := open()
	l.gives(a, l.delivers(l.genesis))
	if a.stored != 0 || a.book.memo != nil {
		t.Fatal("a mission took genesis, which lists what it may not know")
	}
	l.number--
	l.gives(a, l.delivers(own))
	if a.stored != 1 || len(a.book.memo.Directory) != 1 {
		t.Fatalf("it did not join: %+v", a.alarms.list())
	}
	of := newCaseID(t)
	opened := l.says(of, "", &events.CaseOpened{Said: justNow(), Age: events.Adult, For: events.LinkConsular})
	l.gives(a, l.delivers(opened))
	if !a.damaged[2] || len(a.Cases()) != 0 {
		t.Fatal("it believed an agency that nobody listed")
	}
	l.number--
	sender := seal.NewListing(testSender, events.Police, l.sender, l.sealing, l.senders, testHub.Origin())
	l.gives(a, l.delivers(l.hubLists(testAgency, l.listedAs(sender))), l.delivers(opened))
	if a.stored != 3 || len(a.Cases()) != 1 {
		t.Errorf("stored %d, %+v", a.stored, a.alarms.list())
	}
	l.must(a.Close())
	if b := open(); len(b.Cases()) != 1 || len(b.book.memo.Directory) != 2 || len(b.damaged) != 0 {
		t.Error("after a restart it knows less")
	}
}
