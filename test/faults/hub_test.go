package faults

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
	"handrail/test/hubtest"
)

// The agencies: plainly fictional. The first three have a service here; the
// others are sent to and never collect.
const (
	sampletown events.AgencyID = "sampletown-police"
	lighthouse events.AgencyID = "lighthouse-shelter"
	harbour    events.AgencyID = "harbour-shelter"
)

func founding() local.Founding {
	return local.Founding{Hub: "sampleland", Profile: "uk@1", Members: []local.Member{
		{Agency: sampletown, Kind: events.Police, Served: true},
		{Agency: lighthouse, Kind: events.Shelter, Served: true},
		{Agency: harbour, Kind: events.Shelter, Served: true},
		{Agency: "sampleland-coordination", Kind: events.Coordinator},
		{Agency: "sampleland-audit", Kind: events.Auditor},
	}}
}

// hub is a whole hub whose services come and go.
type hub struct {
	*local.Hub
	t          *testing.T
	directions local.Directions
	auditor    *audit.Auditor
	reader     func(context.Context) (*audit.Auditor, error) // who reads while ledgers come and go
	desks      map[events.AgencyID]*desk

	mu      sync.Mutex
	keeping map[events.CaseID][]ledger.TrailEntry // trails as they were read earlier
	forms   map[draft]jsontext.Value              // what the forms say, by case and section
}

// start gives a fresh hub, with more agencies than [founding] lists if wanted.
func start(t *testing.T, more ...local.Member) *hub {
	t.Helper()
	return startUnder(t, "uk@1", more...)
}

// startUnder is start under another country's profile.
func startUnder(t *testing.T, profile string, more ...local.Member) *hub {
	t.Helper()
	founded := founding()
	founded.Profile = profile
	founded.Members = append(founded.Members, more...)
	h := &hub{
		Hub: hubtest.Start(t, func(o *local.HubOptions) { o.Founding = founded }), t: t,
		desks: map[events.AgencyID]*desk{}, keeping: map[events.CaseID][]ledger.TrailEntry{}, forms: map[draft]jsontext.Value{},
	}
	var err error
	h.directions, err = h.At.Directions()
	h.must(err)
	h.auditor, err = local.Auditor(h.At.Agency(h.directions.Auditor), "")
	h.must(err)
	h.reader = func(context.Context) (*audit.Auditor, error) { return h.auditor, nil }
	for _, a := range h.directions.Agencies {
		if a.Intake == "" {
			continue
		}
		system, err := client.System(h.At.Agency(a.Agency), a.Intake)
		h.must(err)
		h.desks[a.Agency] = &desk{id: a.Agency, people: client.People(h.At.Agency(a.Agency)), system: system}
	}
	return h
}

func (h *hub) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// journal is the file of an agency's journal.
func (h *hub) journal(id events.AgencyID) string {
	return filepath.Join(h.At.Agency(id), "journal.db")
}

func (h *hub) doctor(ctx context.Context) (ledger.Doctor, error) {
	return audit.Doctor(ctx, "http://"+h.directions.Ledger)
}

// inFlight counts the statements that wait for the ledger's answer, at the
// agencies that can be asked right now.
func (h *hub) inFlight(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	waiting := 0
	for _, d := range h.desks {
		var status agency.Status
		if d.people.Get(ctx, "/v1/status", &status) == nil {
			waiting += status.Waiting
		}
	}
	return waiting
}

// keep reads a finished case's trail, to be compared at the end of the test.
func (h *hub) keep(ctx context.Context, id events.CaseID) error {
	var trail ledger.Trail
	err := until(ctx, "the ledger shows a trail", func(ctx context.Context) error {
		auditor, err := h.reader(ctx)
		if err == nil {
			trail, err = auditor.Trail(ctx, id)
		}
		return err
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keeping[id] = trail.Entries
	return err
}
