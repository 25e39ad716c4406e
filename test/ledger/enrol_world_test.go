package ledger

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// asOperator is who holds the hub's key.
func (w *world) asOperator() *site {
	w.t.Helper()
	key, err := seal.LoadSigningKey(filepath.Join(w.dir, "hub.pem"))
	w.must(err)
	return &site{w: w, id: events.HubAgency, signing: key}
}

// change asks the ledger to change the directory.
func (w *world) change(url string, about events.AgencyID, p events.Payload) (int, []byte) {
	w.t.Helper()
	return w.changeAs(url, w.asOperator(), about, p)
}

func (w *world) changeAs(url string, by *site, about events.AgencyID, p events.Payload) (int, []byte) {
	w.t.Helper()
	data, err := events.Encode(p)
	w.must(err)
	body, err := json.Marshal(ledger.DirectoryChange{Type: p.Type(), Agency: about, Data: data})
	w.must(err)
	return w.ask(http.MethodPost, url+"/v1/directory", string(body), by)
}

// changes has the directory changed, and gives the number of the entry.
func (w *world) changes(url string, about events.AgencyID, p events.Payload) uint64 {
	w.t.Helper()
	status, answer := w.change(url, about, p)
	var changed ledger.DirectoryChanged
	if status != http.StatusCreated || json.Unmarshal(answer, &changed) != nil || changed.Number == 0 || changed.Size <= changed.Number {
		w.t.Fatalf("%s of %s is answered %d %s", p.Type().Name(), about, status, answer)
	}
	return changed.Number
}

// unchanged has the directory refuse a change by a rule.
func (w *world) unchanged(url string, about events.AgencyID, p events.Payload, rule events.Rule) {
	w.t.Helper()
	status, answer := w.change(url, about, p)
	var problem ledger.Problem
	w.must(json.Unmarshal(answer, &problem))
	if status != http.StatusConflict || problem.Type != "urn:handrail:problem:"+string(rule) {
		w.t.Errorf("%s of %s is answered %d %s, want refused by %s", p.Type().Name(), about, status, answer, rule)
	}
}

// vouch is the word of agencies that a listing is of who it says it is.
func (w *world) vouch(l events.Listing, by ...events.AgencyID) *events.DirectoryJoined {
	joined := &events.DirectoryJoined{Listing: l}
	for _, id := range by {
		joined.Vouching = append(joined.Vouching, seal.NewVouching(id, w.agencies[id].signing, l, hubID.Origin()))
	}
	return joined
}

// enrol has an agency join with fresh keys, and connects it.
func (w *world) enrol(url string, id events.AgencyID, kind events.AgencyKind) (*site, uint64) {
	w.t.Helper()
	l := w.newSite(id, kind)
	number := w.changes(url, id, w.vouch(l, police, shelter))
	s := w.agencies[id]
	if kind != events.Auditor {
		s.connect()
	}
	return s, number
}

// rekeyed makes the listing of an agency with new keys, some or all. The site goes
// on with the old ones until [site.turns].
func (s *site) rekeyed(signing, sealing, witness bool) (l events.Listing, turn func()) {
	s.w.t.Helper()
	next := &site{signing: s.signing, sealing: s.sealing, witness: s.witness, verifier: s.verifier}
	var err error
	if signing {
		next.signing, err = seal.NewSigningKey(rand.Reader)
		s.w.must(err)
	}
	if sealing {
		next.sealing, err = seal.NewSealingKey(rand.Reader)
		s.w.must(err)
	}
	if witness {
		next.witness, next.verifier = s.w.witness(s.id, s.kind)
	}
	return seal.NewListing(s.id, s.kind, next.signing, next.sealing, next.verifier, hubID.Origin()), func() {
		s.keys.Lock()
		s.past = append(s.past, s.signing)
		s.signing, s.sealing = next.signing, next.sealing
		s.keys.Unlock()
		s.mu.Lock()
		s.witness, s.verifier = next.witness, next.verifier
		if signing {
			s.next = 1
		}
		s.mu.Unlock()
	}
}

// rotates replaces keys of the site: said with the old ones, and used when the hub
// has said yes.
func (s *site) rotates(signing, sealing, witness bool) uint64 {
	s.w.t.Helper()
	l, turn := s.rekeyed(signing, sealing, witness)
	g := s.admitted(s.say(&events.DirectoryKeyed{Listing: l}, "", ""))
	turn()
	return g.Entry
}

// forget drops the site's connection and all that it holds, as a lost laptop does.
func (s *site) forget() {
	s.hangup()
	s.link.Close()
	s.mu.Lock()
	s.got, s.later, s.next = nil, map[uint64]got{}, 1
	s.mu.Unlock()
}

// rejoins lists an agency anew whose keys were lost: with nothing of what it had.
func (w *world) rejoins(url string, id events.AgencyID, by ...events.AgencyID) uint64 {
	w.t.Helper()
	s := w.agencies[id]
	l, turn := s.rekeyed(true, true, true)
	number := w.changes(url, id, w.vouch(l, by...))
	turn()
	s.away = false
	return number
}

// entries are the numbers of what a site was given, in order of the deliveries.
func (s *site) entries() (all []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.got {
		all = append(all, g.Entry)
	}
	return all
}

// receipted waits for the receipt of an event, whatever refusal came before it.
func (s *site) receipted(e events.Event) {
	s.w.t.Helper()
	s.w.eventually("a receipt of "+e.Type.Name(), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.ContainsFunc(s.got, func(g got) bool {
			return g.Kind == tlog.KindReceipt && g.entry.Attribute("dssematerial") == e.DSSEMaterial
		})
	})
}

// listed is what the ledger says of who takes part.
func (w *world) listed(url string, by *site) map[events.AgencyID]ledger.DirectoryLine {
	w.t.Helper()
	status, body := w.ask(http.MethodGet, url+"/v1/directory", "", by)
	var page ledger.DirectoryPage
	if status != http.StatusOK || json.Unmarshal(body, &page) != nil {
		w.t.Fatalf("the directory is answered %d %s", status, body)
	}
	if !slices.IsSortedFunc(page.Agencies, func(a, b ledger.DirectoryLine) int {
		if a.Agency < b.Agency {
			return -1
		}
		return 1
	}) {
		w.t.Error("the directory is in no order")
	}
	all := map[events.AgencyID]ledger.DirectoryLine{}
	for _, line := range page.Agencies {
		all[line.Agency] = line
	}
	return all
}

// listedOrNot is what the ledger says of who takes part; nil if it cannot say now.
func (w *world) listedOrNot(url string) map[events.AgencyID]ledger.DirectoryLine {
	w.t.Helper()
	status, body := w.ask(http.MethodGet, url+"/v1/directory", "", w.asOperator())
	var page ledger.DirectoryPage
	if status != http.StatusOK || json.Unmarshal(body, &page) != nil {
		return nil
	}
	all := map[events.AgencyID]ledger.DirectoryLine{}
	for _, line := range page.Agencies {
		all[line.Agency] = line
	}
	return all
}

// leads says whether the ledger that listens there leads.
func (w *world) leads(url string) bool {
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url+"/readyz", nil)
	w.must(err)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var said struct {
		Status string `json:"status"`
	}
	return json.NewDecoder(response.Body).Decode(&said) == nil && said.Status == "active"
}
