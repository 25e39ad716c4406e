package agency

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/keyring"
	"handrail/services/ledger"
)

func (s *site) keys() agency.KeysView { return get[agency.KeysView](s, "/v1/keys") }

// rotates changes keys, and waits until they are in force.
func (s *site) rotates(uses string) {
	s.w.t.Helper()
	before := s.keys()
	status, text := s.ask(http.MethodPost, "/v1/keys/rotate", `{"keys":[`+uses+`],"staff":"keys-1"}`)
	if status != http.StatusAccepted {
		s.w.t.Fatalf("%s changes keys: %d %s", s.config.Agency, status, text)
	}
	s.w.eventually("the new keys of "+string(s.config.Agency)+" are in force", func() bool {
		now := s.keys()
		waits := slices.ContainsFunc(now.Keys, func(k agency.KeyView) bool { return k.State == keyring.Waiting })
		return !waits && len(now.Keys) > len(before.Keys) && !now.Refused
	})
}

// changes has the hub's operator change the directory.
func (w *world) changes(about events.AgencyID, p events.Payload) {
	w.t.Helper()
	data, err := events.Encode(p)
	w.must(err)
	body, err := json.Marshal(ledger.DirectoryChange{Type: p.Type(), Agency: about, Data: data})
	w.must(err)
	hub, err := seal.LoadSigningKey(filepath.Join(w.dir, "hub.pem"))
	w.must(err)
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.config.Listen+"/v1/directory", bytes.NewReader(body))
	w.must(err)
	request.Header.Set("Content-Type", "application/json")
	w.must(seal.SignRequest(request, hub, events.HubAgency, hubID.Origin(), body, time.Now()))
	response, err := http.DefaultClient.Do(request)
	w.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	w.must(err)
	if response.StatusCode != http.StatusCreated {
		w.t.Fatalf("%s: %d %s", p.Type().Name(), response.StatusCode, text)
	}
}

// vouches has the agency's people vouch for a listing.
func (s *site) vouches(l events.Listing) events.Vouching {
	s.w.t.Helper()
	listing, err := json.Marshal(l)
	s.w.must(err)
	status, text := s.ask(http.MethodPost, "/v1/directory/vouchings", `{"listing":`+string(listing)+`,"staff":"supervisor"}`)
	if status != http.StatusOK {
		s.w.t.Fatalf("%s vouches: %d %s", s.config.Agency, status, text)
	}
	return read[agency.Vouched](s, text).Vouching
}

// doctored waits until the agency's doctor finds everything sound.
func (s *site) doctored() {
	s.w.t.Helper()
	var health agency.Health
	s.w.eventually("the doctor of "+string(s.config.Agency)+" is content", func() bool {
		health = get[agency.Health](s, "/v1/doctor")
		return health.OK
	})
}

// All keys of both sides change in the middle of a case. What was sealed before is
// released and read, what is sealed after goes to the new key, and everything that
// was ever said verifies after a restart.
func TestKeysChangeInTheMiddleOfACase(t *testing.T) {
	w := newWorld(t)
	p, s, c := w.joined(thePolice), w.joined(theShelter), w.joined(coordinator)
	of := p.files("referral").Case
	p.agrees(of)
	p.refers(of, `["harbour-shelter"]`)
	p.settled()
	s.sees(of, "referral.requested")
	s.rotates(`"signing","sealing","witness"`)
	p.rotates(`"signing"`)
	s.says(of, "referral.accepted", `{}`)
	w.eventually("what was sealed to the old key is released", func() bool { return len(s.readable(of)) == 4 })
	referral := string(p.line(of, "referral.requested").ID)
	w.eventually("the new key is witnessed, and sealed to", func() bool {
		status, text := p.ask(http.MethodPost, "/v1/records", `{"case":"`+string(of)+`","referral":"`+referral+`","to":"harbour-shelter","sections":["needs"],"values":{"needs":{"diet":"none"}}}`)
		if status != http.StatusAccepted && member(text, "rule") != `"key-unwitnessed"` {
			t.Fatalf("sealing to the new key: %d %s", status, text)
		}
		return status == http.StatusAccepted
	})
	w.eventually("it is released too", func() bool { return len(s.readable(of)) == 5 })
	w.watched(1, p, s, c)
	for _, at := range []*site{p, s} {
		at.stop()
	}
	p, s = w.start(thePolice), w.start(theShelter)
	for _, section := range s.sections(of) {
		if status, text := s.opens(of, section.Record, "accommodation"); status != http.StatusOK {
			t.Errorf("opening %s: %d %s", section.Section, status, text)
		}
	}
	s.settled()
	for _, at := range []*site{p, s} {
		at.once(of)
	}
	for _, at := range []*site{p, s, c} {
		at.doctored()
	}
}

// An agency changes its keys and speaks on while the hub is away; the process dies
// before the hub is back.
func TestKeysChangeWhileTheHubIsAway(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	p.opensCase()
	p.settled()
	w.stop()
	if status, text := p.ask(http.MethodPost, "/v1/keys/rotate", `{"keys":["signing","sealing"],"staff":"keys-1"}`); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	id := p.opensCase()
	p.stop()
	p = w.start(thePolice)
	if view := p.keys(); !slices.ContainsFunc(view.Keys, func(k agency.KeyView) bool { return k.State == keyring.Waiting }) {
		t.Errorf("after a restart nothing waits: %+v", view)
	}
	p.opensCase()
	w.startLedger()
	p.settled()
	for _, said := range get[agency.OutboxView](p, "/v1/outbox").Said {
		if said.State != "admitted" {
			t.Errorf("%s is %s: %s", said.Type, said.State, said.Rule)
		}
		if said.ID == id && said.Sequence != events.Sequence(1).String() {
			t.Errorf("the first statement with the new key has sequence %s", said.Sequence)
		}
	}
	if view := p.keys(); slices.ContainsFunc(view.Keys, func(k agency.KeyView) bool { return k.State == keyring.Waiting }) {
		t.Errorf("%+v", view)
	}
}

// A shelter's keys were stolen before it answered. What waited for it is destroyed
// unread; two agencies vouch for its new keys, and the police's service seals what it
// still holds back to them, by itself.
func TestWhatWaitedForStolenKeysIsSealedAnew(t *testing.T) {
	w := newWorld(t)
	p, s, c := w.joined(thePolice), w.joined(theShelter), w.joined(coordinator)
	of := p.files("referral").Case
	p.agrees(of)
	p.refers(of, `["harbour-shelter"]`)
	p.settled()
	s.sees(of, "referral.requested")
	s.stop()
	w.changes(theShelter, &events.DirectoryRevoked{Because: "keys-stolen"})
	w.eventually("the police are told that four records were destroyed unread", func() bool {
		return len(p.lines(of, "record.erased")) == 4
	})
	listing := s.newKeys()
	w.changes(theShelter, &events.DirectoryJoined{Listing: listing, Vouching: []events.Vouching{p.vouches(listing), c.vouches(listing)}})
	s = w.start(theShelter)
	w.eventually("four records are sealed anew", func() bool { return len(p.lines(of, "record.sealed")) == 8 })
	p.settled()
	s.says(of, "referral.accepted", `{}`)
	w.eventually("the shelter can read them", func() bool { return len(s.readable(of)) == 4 })
	for _, section := range s.sections(of) {
		if status, text := s.opens(of, section.Record, "accommodation"); section.Open && status != http.StatusOK {
			t.Errorf("opening %s: %d %s", section.Section, status, text)
		}
	}
	p.doctored()
}

// lines are those of a case that say something.
func (s *site) lines(of events.CaseID, what string) (all []agency.Line) {
	s.w.t.Helper()
	for _, line := range s.view(of).Trail {
		if line.Type == what {
			all = append(all, line)
		}
	}
	return all
}

// newKeys replaces every key file of an agency that lost them.
func (s *site) newKeys() events.Listing {
	s.w.t.Helper()
	w := s.w
	for _, use := range keyring.Uses(s.config.Kind) {
		w.must(os.Remove(filepath.Join(s.config.Dir, use.File())))
	}
	signing, err := seal.NewSigningKey(rand.Reader)
	w.must(err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	w.must(err)
	secret, witness, err := tlog.NewWitnessKey(hubID.Origin(), s.config.Agency, rand.Reader)
	w.must(err)
	w.must(signing.Save(filepath.Join(s.config.Dir, keyring.Signing.File())))
	w.must(sealing.Save(filepath.Join(s.config.Dir, keyring.Sealing.File())))
	w.must(seal.WriteSecret(filepath.Join(s.config.Dir, keyring.Witness.File()), []byte(secret+"\n"), seal.Passphrase{}))
	return seal.NewListing(s.config.Agency, s.config.Kind, signing, sealing, witness, hubID.Origin())
}

// A laptop's disk gives no key without the passphrase, and no service either.
func TestAnAgencyWithAPassphraseStartsWithItAlone(t *testing.T) {
	w := newWorld(t)
	s := w.sites[theShelter]
	phrase := filepath.Join(t.TempDir(), "passphrase")
	w.must(os.WriteFile(phrase, []byte("seven quiet herons cross the weir\n"), 0o600))
	s.config.PassphraseFile = phrase
	s = w.joined(theShelter)
	if s.keys().Protected {
		t.Error("plain files are called protected")
	}
	s.rotates(`"signing","sealing","witness"`)
	for _, k := range s.keys().Keys {
		if (k.State == keyring.Current) != k.Protected {
			t.Errorf("%s key %s: protected %t", k.State, k.Use, k.Protected)
		}
	}
	s.stop()
	without := s.config
	without.PassphraseFile = ""
	if _, err := agency.New(without); err == nil {
		t.Error("it opens without its passphrase")
	}
	w.start(theShelter).doctored()
}
