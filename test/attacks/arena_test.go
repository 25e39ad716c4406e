// Package attacks tries to break a real hub: what an agency, a system, a
// stranger on the network or whoever reads a disk could try. README.md lists
// what was tried and what stops it.
package attacks

import (
	"crypto/rand"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/deploy/local/story"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
	"handrail/test/hubtest"
)

// Agencies that no service of ours runs here: the tests hold their keys, as a
// third party's system would, or a thief. The first two stand beside the cast of
// the stories.
const (
	thief        events.AgencyID = "otherville-police"
	rival        events.AgencyID = "beacon-shelter"
	provider     events.AgencyID = "harbour-shelter"
	duty         events.AgencyID = "sampletown-social"
	coordination events.AgencyID = "sampleland-coordination"
	mission      events.AgencyID = "farland-mission"
)

// Agencies that run our service.
const (
	honest  events.AgencyID = "sampletown-police"
	shelter events.AgencyID = "lighthouse-shelter"
	hotline events.AgencyID = "sampleland-hotline" // only where its words are planted
)

// profile has the times of a real night, so that no deadline speaks in between.
const profile = "model@1"

const patience = 20 * time.Second

// arena is a running hub and what the tests know of it.
type arena struct {
	hub        *local.Hub
	world      *story.World
	directions local.Directions
	file       local.AgencyFile
	founded    *events.DirectoryFounded
	verifier   tlog.Verifier // without a recipient
}

func newArena(t *testing.T, environment []string, served ...events.AgencyID) *arena {
	t.Helper()
	hub := hubtest.Start(t, func(o *local.HubOptions) {
		o.Env = environment
		o.Founding.Profile = profile
		o.Founding.Members = append(o.Founding.Members,
			local.Member{Agency: thief, Kind: events.Police}, local.Member{Agency: rival, Kind: events.Shelter})
		for i, m := range o.Founding.Members {
			o.Founding.Members[i].Served = m.Served || slices.Contains(served, m.Agency)
		}
	})
	a := &arena{hub: hub, world: hubtest.World(t, hub)}
	var err error
	a.directions, err = hub.At.Directions()
	must(t, err)
	a.file, err = local.ReadAgencyFile(hub.At.Agency(thief))
	must(t, err)
	data, err := os.ReadFile(filepath.Join(hub.At.Hub(), "genesis.json"))
	must(t, err)
	payload, err := events.Decode(events.TypeDirectoryFounded, data)
	must(t, err)
	a.founded, _ = payload.(*events.DirectoryFounded)
	log, err := note.NewVerifier(a.file.LogKey)
	must(t, err)
	hubKey, err := tlog.HubVerifier(a.file.Hub, a.file.HubKey)
	must(t, err)
	a.verifier = tlog.Verifier{Hub: a.file.Hub, Log: log, HubKey: hubKey}
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until something is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func (a *arena) doctor(t testing.TB) ledger.Doctor {
	t.Helper()
	d, err := audit.Doctor(t.Context(), "http://"+a.directions.Ledger)
	must(t, err)
	return d
}

// healthy checks that the hub leads, reaches its broker and has no fault.
func (a *arena) healthy(t testing.TB) {
	t.Helper()
	if d := a.doctor(t); !d.Active || !d.Broker || d.Faults != 0 || d.LastError != "" {
		t.Errorf("the hub is not well: %+v", d)
	}
}

// onlyTo checks that since before nobody but one agency was sent anything.
func (a *arena) onlyTo(t testing.TB, before ledger.Doctor, to events.AgencyID) {
	t.Helper()
	after := a.doctor(t).Agencies
	for id := range maps.Keys(after) {
		if id != to && after[id].Assigned != before.Agencies[id].Assigned {
			t.Errorf("%s was sent something", id)
		}
	}
}

func uuid(t testing.TB) string {
	t.Helper()
	id, err := events.NewUUID(time.Now(), rand.Reader)
	must(t, err)
	return id
}
