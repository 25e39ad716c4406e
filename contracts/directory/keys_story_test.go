package directory_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"handrail/contracts/directory"
	"handrail/events"
	"handrail/events/seal"
)

func TestAnAgencyReplacesItsOwnKeys(t *testing.T) {
	s := newStory(t)
	s.passes(4)
	at := s.does(police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	if !s.signs(police, 0, at) || s.signs(police, 0, at+1) || s.signs(police, 1, at) || !s.signs(police, 1, at+1) {
		t.Error("the key that says which follows it counts up to that entry, and the next behind it")
	}
	if s.signs(police, 0, directory.Now) || !s.signs(police, 0, 1) {
		t.Error("what was signed with the key of before verifies by its number alone")
	}
	old := list(t, police, 1)
	k := keys(t, police, 1)
	half := seal.NewListing(police, events.Police, k.signing, keys(t, police, 2).sealing, k.witness, origin)
	s.does(police, &events.DirectoryKeyed{Listing: half})
	if !s.signs(police, 1, directory.Now) {
		t.Error("a signing key that stays is the key still")
	}
	if m, _ := s.d.Member(police); m.SealingID != keys(t, police, 2).sealing.ID() {
		t.Error("the sealing key did not change")
	}
	s.mayNot(events.RuleKeyReused, police, police, &events.DirectoryKeyed{Listing: half})               // nothing is new
	s.mayNot(events.RuleKeyReused, police, police, &events.DirectoryKeyed{Listing: old})                // a sealing key of before
	s.mayNot(events.RuleKeyReused, police, police, &events.DirectoryKeyed{Listing: list(t, police, 0)}) // all of before
	s.mayNot(events.RuleSourceMismatch, lightship, lightship, &events.DirectoryKeyed{Listing: list(t, police, 3)})
	s.mayNot(events.RuleSourceMismatch, events.HubAgency, police, &events.DirectoryKeyed{Listing: list(t, police, 3)})
	s.mayNot(events.RuleKeyUnknown, harbour, harbour, &events.DirectoryKeyed{Listing: list(t, harbour, 0)})
	s.mayNot(events.RuleKeyUnknown, lightship, lightship, &events.DirectoryKeyed{Listing: unproved(t)})
}

func unproved(t *testing.T) events.Listing {
	l := list(t, lightship, 1)
	l.Proof = list(t, lightship, 2).Proof
	return l
}

func TestWhoRestsKeepsItsKeysAndSaysNothing(t *testing.T) {
	s := newStory(t)
	at := s.does(lightship, &events.DirectorySuspended{Because: "device-lost"})
	m, _ := s.d.Member(lightship)
	if m.Standing != directory.Suspended || m.Since != 0 || m.Changed != at || !s.d.Away()[lightship] || s.d.StandingAt(lightship, at) != directory.Active {
		t.Errorf("it stands as %+v", m)
	}
	if !s.signs(lightship, 0, directory.Now) || !slices.Contains(s.d.Recipients(), lightship) {
		t.Error("its key is not its key, or its deliveries are not numbered")
	}
	if slices.Contains(s.d.OfKind(events.Shelter), lightship) {
		t.Error("it is offered as a shelter")
	}
	s.mayNot(events.RuleAgencySuspended, lightship, lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 1)})
	s.mayNot(directory.RuleStanding, events.HubAgency, lightship, &events.DirectorySuspended{Because: "misuse"})
	s.mayNot(directory.RuleStanding, events.HubAgency, police, &events.DirectoryResumed{})
	s.mayNot(events.RuleKeyUnknown, events.HubAgency, harbour, &events.DirectorySuspended{Because: "misuse"})
	s.mayNot(events.RuleSourceMismatch, police, lightship, &events.DirectoryResumed{})
	s.mayNot(events.RuleDataRange, events.HubAgency, events.HubAgency, &events.DirectorySuspended{Because: "misuse"})
	s.does(lightship, &events.DirectoryResumed{})
	if len(s.d.Away()) != 0 {
		t.Errorf("away are %v", s.d.Away())
	}
	s.does(lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 1)})
}

func TestARevokedKeyNeverSpeaksAgain(t *testing.T) {
	s := newStory(t)
	s.passes(5)
	at := s.does(lightship, &events.DirectoryRevoked{Because: "keys-stolen"})
	if !s.signs(lightship, 0, at) || s.signs(lightship, 0, at+1) || s.signs(lightship, 0, directory.Now) {
		t.Error("a revoked key counts for what came ahead of its revocation, and for nothing behind it")
	}
	if _, _, ok := s.d.Sealing(lightship); ok || !s.d.Away()[lightship] {
		t.Error("a revoked agency may be sealed to")
	}
	s.mayNot(events.RuleKeyUnknown, lightship, lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 1)})
	s.mayNot(directory.RuleStanding, events.HubAgency, lightship, &events.DirectoryResumed{})
	s.mayNot(directory.RuleStanding, events.HubAgency, lightship, &events.DirectorySuspended{Because: "misuse"})
	s.mayNot(directory.RuleStanding, events.HubAgency, lightship, &events.DirectoryRevoked{Because: "left"})
	s.does(embassy, &events.DirectoryRevoked{Because: "left"}) // a mission too

	s.mayNot(events.RuleVouching, events.HubAgency, harbour, vouched(t, list(t, harbour, 0), both())) // the thief vouches
	// With the shelter gone only the police are left to vouch: a hub of one agency lists nobody.
	s.mayNot(events.RuleVouching, events.HubAgency, lightship, vouched(t, list(t, lightship, 1), map[events.AgencyID]int{police: 0}))
}

// Lost keys are replaced by the word of others; an old word of theirs is worth
// nothing, for its keys are listed already.
func TestLostKeysEndForGood(t *testing.T) {
	s := newStory(t)
	s.does(social, vouched(t, list(t, social, 0), both()))
	first := vouched(t, list(t, harbour, 0), both())
	s.does(harbour, first)
	s.passes(2)
	at := s.does(harbour, vouched(t, list(t, harbour, 1), map[events.AgencyID]int{police: 0, social: 0}))
	if s.signs(harbour, 0, directory.Now) || !s.signs(harbour, 0, at) || !s.signs(harbour, 1, at+1) {
		t.Error("the lost key counts, or the new one does not")
	}
	s.mayNot(events.RuleKeyReused, events.HubAgency, harbour, first)
	s.does(harbour, &events.DirectoryRevoked{Because: "keys-lost"})
	s.mayNot(events.RuleKeyReused, events.HubAgency, harbour, first)
	k, sealing := keys(t, harbour, 2), keys(t, harbour, 1).sealing
	mixed := seal.NewListing(harbour, events.Shelter, k.signing, sealing, k.witness, origin)
	s.mayNot(events.RuleKeyReused, events.HubAgency, harbour, vouched(t, mixed, both())) // the sealing key was revoked with the rest
	s.does(harbour, vouched(t, list(t, harbour, 2), map[events.AgencyID]int{police: 0, social: 0}))
	if m, _ := s.d.Member(harbour); m.Standing != directory.Active || !s.signs(harbour, 2, directory.Now) || s.signs(harbour, 1, directory.Now) {
		t.Error("who joins anew takes part with the new keys alone")
	}
}

func TestWhichSealingKeyEndedForGood(t *testing.T) {
	s := newStory(t)
	id := func(n int) events.KeyID { return keys(t, lightship, n).sealing.ID() }
	ended := func(n int) string {
		is, forGood := s.d.SealingEnded(lightship, id(n))
		return fmt.Sprint(is, " ", forGood)
	}
	rule := func(n int) events.Rule { return ruleOf(s.d.CheckSealing(lightship, id(n))) }
	s.does(social, vouched(t, list(t, social, 0), both()))
	s.does(lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 1)})
	replaced := s.number
	if ended(0) != "true false" || ended(1) != "false false" || ended(7) != "true true" {
		t.Errorf("after it replaced its keys: %s, %s, %s", ended(0), ended(1), ended(7))
	}
	if rule(0) != events.RuleKeyReplaced || rule(1) != "" || rule(7) != events.RuleRecordHeader {
		t.Errorf("new records: %s, %s, %s", rule(0), rule(1), rule(7))
	}
	if is, _ := s.d.At(replaced).SealingEnded(lightship, id(0)); is {
		t.Error("it had ended before it was replaced")
	}
	if is, forGood := s.d.At(replaced).SealingEnded(lightship, id(1)); !is || !forGood {
		t.Error("a key counts before it is listed")
	}
	s.does(lightship, &events.DirectorySuspended{Because: "device-lost"})
	if _, _, ok := s.d.Sealing(lightship); ended(1) != "false false" || !ok {
		t.Errorf("while it rests: %s", ended(1))
	}
	s.does(lightship, vouched(t, list(t, lightship, 2), map[events.AgencyID]int{police: 0, social: 0}))
	if ended(0) != "true true" || ended(1) != "true true" || ended(2) != "false false" {
		t.Errorf("after its keys were lost: %s, %s, %s", ended(0), ended(1), ended(2))
	}
	s.does(lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 3)})
	if ended(1) != "true true" || ended(2) != "true false" || ended(3) != "false false" {
		t.Errorf("and after it replaced the new ones: %s, %s, %s", ended(1), ended(2), ended(3))
	}
	s.does(lightship, &events.DirectoryRevoked{Because: "keys-stolen"})
	if ended(2) != "true true" || ended(3) != "true true" || rule(3) != events.RuleKeyReplaced {
		t.Errorf("and after they were revoked: %s, %s, %s", ended(2), ended(3), rule(3))
	}
	if ruleOf(s.d.CheckSealing("nobody", id(3))) != "" {
		t.Error("who may be addressed is the memorandum's to judge")
	}
}

func ruleOf(err error) events.Rule {
	if v, ok := err.(*events.Violation); ok { //nolint:errorlint // what comes here is nothing else
		return v.Rule
	}
	return ""
}

func TestWhoCosignsIsAMatterOfTheLogsSize(t *testing.T) {
	s := newStory(t)
	s.passes(8)
	joined := s.does(harbour, vouched(t, list(t, harbour, 0), both()))
	rotated := s.does(police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	rests := s.does(lightship, &events.DirectorySuspended{Because: "device-lost"})
	who := func(size uint64) string {
		var all []string
		for _, c := range s.d.Cosigners(size) {
			n := slices.IndexFunc([]int{0, 1}, func(n int) bool {
				w := keys(t, c.Agency, n).witness
				m, _ := s.d.At(size).Member(c.Agency)
				return m.Listing.Witness == w
			})
			all = append(all, fmt.Sprint(c.Agency, " ", n))
		}
		return fmt.Sprint(all)
	}
	for size, want := range map[uint64]string{
		0:             "[]",
		1:             "[lighthouse-shelter 0 sampletown-police 0]",
		joined:        "[lighthouse-shelter 0 sampletown-police 0]",
		joined + 1:    "[harbour-shelter 0 lighthouse-shelter 0 sampletown-police 0]",
		rotated + 1:   "[harbour-shelter 0 lighthouse-shelter 0 sampletown-police 1]",
		rests + 1:     "[harbour-shelter 0 sampletown-police 1]",
		directory.Now: "[harbour-shelter 0 sampletown-police 1]",
	} {
		if got := who(size); got != want {
			t.Errorf("a checkpoint of size %d counts with %s, want %s", size, got, want)
		}
	}
}

// An event of before a rotation, a suspension or a revocation verifies by its
// number, with nothing of the directory but what stood ahead of it.
func TestOldEventsVerifyByTheirNumber(t *testing.T) {
	s := newStory(t)
	signed := func(n int) (events.Event, [32]byte) {
		e := events.Event{
			ID: "01890a5d-ac96-774b-bcce-b302099a8057", Source: events.Source(hub, lightship), Type: events.TypeCapacityPublished, DataContentType: events.FactsContent,
			DataSchema: events.TypeCapacityPublished.Schema(), Subject: string(lightship), Hub: origin, Sequence: events.Sequence(1).String(),
			CorrelationID: "01890a5d-ac96-774b-bcce-b302099a8057", CausationID: "01890a5d-ac96-774b-bcce-b302099a8057",
			TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: []byte("{}"),
		}
		must(t, e.Time.UnmarshalText([]byte("2026-11-22T09:00:00Z")))
		e, err := keys(t, lightship, n).signing.Sign(e)
		must(t, err)
		return e, sha256.Sum256(e.Data)
	}
	first, digest := signed(0)
	second, _ := signed(1)
	s.passes(3)
	rotated := s.does(lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 1)})
	revoked := s.does(lightship, &events.DirectoryRevoked{Because: "left"})
	for _, c := range []struct {
		e      events.Event
		number uint64
		rule   events.Rule
	}{
		{first, 2, ""},
		{first, rotated, ""},
		{first, rotated + 1, events.RuleKeyUnknown},
		{second, rotated, events.RuleKeyUnknown},
		{second, rotated + 1, ""},
		{second, revoked, ""},
		{second, revoked + 1, events.RuleKeyUnknown},
		{second, directory.Now, events.RuleKeyUnknown},
	} {
		if got := ruleOf(s.d.Verify(c.e, digest, c.number)); got != c.rule {
			t.Errorf("as entry %d it is judged %q, want %q", c.number, got, c.rule)
		}
	}
	first.Data = []byte(`{"x":1}`)
	if got := ruleOf(s.d.Verify(first, sha256.Sum256(first.Data), 2)); got != events.RuleSignatureInvalid {
		t.Errorf("changed, it is judged %q", got)
	}
}

func TestEntriesComeInTheirOrder(t *testing.T) {
	s := newStory(t)
	s.passes(4)
	s.does(police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	p := &events.DirectorySuspended{Because: "misuse"}
	for _, number := range []uint64{0, 1, s.number} {
		if _, err := s.d.Apply(number, event(events.HubAgency, police, p), p); ruleOf(err) != events.RuleHubFault {
			t.Errorf("entry %d behind entry %d: %v", number, s.number, err)
		}
	}
	if _, err := s.d.At(3).Apply(s.number+1, event(events.HubAgency, police, p), p); ruleOf(err) != events.RuleHubFault {
		t.Errorf("a directory of the past takes an entry: %v", err)
	}
	other := event(events.HubAgency, police, p)
	other.Hub = "handrail/elsewhere"
	if _, err := s.d.Apply(s.number+1, other, p); ruleOf(err) != events.RuleHubMismatch {
		t.Errorf("an entry of another hub: %v", err)
	}
	if _, err := s.d.Apply(s.number+1, event(events.HubAgency, police, p), &events.DirectoryResumed{}); ruleOf(err) != events.RuleDataMalformed {
		t.Errorf("facts of another type: %v", err)
	}
	founded := genesis(t)
	e := event(events.HubAgency, police, founded)
	if _, err := s.d.Apply(s.number+1, e, founded); ruleOf(err) != events.RuleTypeUnknown {
		t.Errorf("founded again: %v", err)
	}
}
