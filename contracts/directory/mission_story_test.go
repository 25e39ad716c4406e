package directory_test

import (
	"errors"
	"fmt"
	"testing"

	"handrail/contracts/directory"
	"handrail/events"
	"handrail/events/seal"
)

// given is what a foreign mission is delivered of the directory: its own listing,
// each agency as it was listed first, behind that every earlier entry about it, and
// every later one.
func (s *story) given(mission events.AgencyID) (view *directory.Directory) {
	s.t.Helper()
	apply := func(one told) {
		d, err := view.Apply(one.number, one.event, one.facts)
		must(s.t, err)
		view = d
	}
	for at, one := range s.told {
		listed, shows := one.facts.(*events.DirectoryListed)
		about := events.AgencyID(one.event.Subject)
		switch {
		case shows && about == mission && listed.Agencies[0].Agency == mission:
			var err error
			view, err = directory.Found(hub, one.number, listed)
			must(s.t, err)
		case shows && about == mission:
			apply(one)
			for _, earlier := range s.told[:at] {
				if earlier.facts.Type() != events.TypeDirectoryListed && earlier.event.Subject == string(listed.Agencies[0].Agency) && view.Last() > 0 {
					if _, first := earlier.facts.(*events.DirectoryJoined); first && earlier.facts.(*events.DirectoryJoined).Listing == listed.Agencies[0] {
						continue // it says what the listing says
					}
					apply(earlier)
				}
			}
		case !shows && view != nil && view.Knows(mission, about):
			apply(one)
		}
	}
	return view
}

func TestAMissionKnowsWhomItWasShown(t *testing.T) {
	s := newStory(t)
	s.passes(3)
	rotated := s.does(police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	first, _ := s.d.FirstListing(police)
	if first != list(t, police, 0) {
		t.Fatal("the police's first listing is another")
	}
	shown := s.does(embassy, s.d.ListedOf(first))
	view := s.given(embassy)
	for _, c := range []struct {
		n      int
		number uint64
		counts bool
	}{{0, 2, true}, {0, rotated, true}, {0, rotated + 1, false}, {1, rotated, false}, {1, rotated + 1, true}, {1, directory.Now, true}} {
		key := keys(t, police, c.n).signing.ID()
		if _, counts := view.Signer(police, key, c.number); counts != c.counts {
			t.Errorf("key %d of the police for entry %d: %v", c.n, c.number, counts)
		}
	}
	if _, listed := view.Member(lightship); listed || len(view.Members()) != 2 {
		t.Errorf("it knows %v", view.Members())
	}
	if _, since, ok := view.Sealing(police); !ok || since != rotated {
		t.Errorf("it seals to the police since entry %d", since)
	}
	if fmt.Sprint(s.d.Audience(police)) != "[lighthouse-shelter otherland-embassy sampletown-police]" || fmt.Sprint(s.d.Audience(lightship)) != "[lighthouse-shelter sampletown-police]" {
		t.Errorf("of the police hear %v, of the shelter %v", s.d.Audience(police), s.d.Audience(lightship))
	}
	if s.d.Knows(embassy, lightship) || !s.d.Knows(embassy, police) || !s.d.Knows(embassy, embassy) || s.d.At(shown).Last() != shown {
		t.Error("who knows whom")
	}
	s.does(police, &events.DirectoryRevoked{Because: "keys-stolen"})
	if view = s.given(embassy); !view.Away()[police] {
		t.Error("it does not learn that the police were revoked")
	}
	s.mayNot(events.RuleDataRange, events.HubAgency, embassy, s.d.ListedOf(first)) // once
}

// A mission that joins later is told so by its own listing, right behind.
func TestAMissionJoinsLater(t *testing.T) {
	s := newStory(t)
	s.passes(2)
	own := s.d.ListedOf(list(t, consulate, 0))
	s.mayNot(events.RuleVouching, events.HubAgency, consulate, own) // founding is over
	s.does(consulate, vouched(t, list(t, consulate, 0), both()))
	s.mayNot(events.RuleDataRange, events.HubAgency, consulate, s.d.ListedOf(list(t, consulate, 1)))
	before := s.d
	s.does(consulate, own)
	if fmt.Sprint(before.Members()) != fmt.Sprint(s.d.Members()) {
		t.Error("its own listing changes who takes part")
	}
	s.does(police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	s.mayNot(events.RuleDataRange, events.HubAgency, consulate, own)
	view := s.given(consulate)
	if m, listed := view.Member(consulate); !listed || m.Kind != events.ForeignMission || m.Witness != nil {
		t.Errorf("it knows itself as %+v", m)
	}
	// its keys are lost: it is told of the new ones, and believes the hub, for it knows nobody who vouched
	s.does(consulate, vouched(t, list(t, consulate, 1), map[events.AgencyID]int{police: 1, lightship: 0}))
	view = s.given(consulate)
	if _, ok := view.Signer(consulate, keys(t, consulate, 1).signing.ID(), directory.Now); !ok {
		t.Error("it does not know its own new keys")
	}
}

func TestWhatAMissionIsNotMadeToBelieve(t *testing.T) {
	s := newStory(t)
	s.does(embassy, s.d.ListedOf(list(t, police, 0)))
	view := s.given(embassy)
	other := genesis(t)
	for name, c := range map[string]struct {
		about events.AgencyID
		p     events.Payload
		rule  events.Rule
	}{
		"an agency a second time":     {embassy, s.d.ListedOf(list(t, police, 1)), events.RuleDataRange},
		"its own keys a second time":  {embassy, s.d.ListedOf(list(t, embassy, 1)), events.RuleDataRange},
		"another mission's listing":   {consulate, s.d.ListedOf(list(t, lightship, 0)), events.RuleDataRange},
		"an agency with its own keys": {embassy, s.d.ListedOf(stolen(t)), events.RuleKeyReused},
		"another hub's word":          {embassy, &events.DirectoryListed{Log: other.Log, Signing: keys(t, police, 9).signing.Public(), Profile: other.Profile, Text: other.Text, Agencies: []events.Listing{list(t, lightship, 0)}}, events.RuleDataRange},
		"the keys of a stranger":      {lightship, &events.DirectoryKeyed{Listing: list(t, lightship, 1)}, events.RuleKeyUnknown},
		"a stranger who joined":       {harbour, vouched(t, list(t, harbour, 0), both()), events.RuleDataRange},
		"a stranger's rest":           {lightship, &events.DirectorySuspended{Because: "misuse"}, events.RuleKeyUnknown},
	} {
		e := event(speaker(c.about, c.p), c.about, c.p)
		if _, err := view.Apply(100, e, c.p); ruleOf(err) != c.rule {
			t.Errorf("%s: %v, want the rule %s", name, err, c.rule)
		}
	}
	if _, err := directory.Found(hub, 4, s.d.ListedOf(list(t, police, 0))); err == nil {
		t.Error("the police's listing founds a part of the directory")
	}
	if _, err := directory.Found(hub, 1, genesis(t)); err == nil {
		t.Error("genesis is another entry than 0")
	}
	if _, err := directory.Found("elsewhere", 0, genesis(t)); err == nil {
		t.Error("genesis founds another hub")
	}
	twice := genesis(t)
	twice.Agencies = append(twice.Agencies, list(t, police, 1))
	if _, err := directory.Found(hub, 0, twice); err == nil {
		t.Error("an agency is founded twice")
	}
	shared := genesis(t)
	k := keys(t, harbour, 0)
	shared.Agencies[1] = seal.NewListing(lightship, events.Shelter, k.signing, keys(t, police, 0).sealing, keys(t, lightship, 0).witness, origin)
	if _, err := directory.Found(hub, 0, shared); ruleOf(err) != events.RuleKeyReused {
		t.Errorf("two founding agencies share a key: %v", err)
	}
	if _, err := directory.Found(hub, 0, &events.DirectoryResumed{}); !errors.As(err, new(*events.Violation)) {
		t.Errorf("founded by something else: %v", err)
	}
}

// stolen is a listing of the shelter with the embassy's sealing key.
func stolen(t *testing.T) events.Listing {
	k := keys(t, lightship, 0)
	return seal.NewListing(lightship, events.Shelter, k.signing, keys(t, embassy, 0).sealing, k.witness, origin)
}

func TestADirectoryIsFullOneDay(t *testing.T) {
	s := newStory(t)
	for n := range directory.MaxAgencies - 4 {
		a := events.AgencyID(fmt.Sprintf("village-%d", n))
		k := keys(t, lightship, 100+n)
		_, witness := witnessOf(t, a)
		l := seal.NewListing(a, events.Municipality, k.signing, k.sealing, witness, origin)
		s.does(a, vouched(t, l, both()))
	}
	s.mayNot(events.RuleDataRange, events.HubAgency, harbour, vouched(t, list(t, harbour, 0), both()))
	s.does("village-0", &events.DirectoryRevoked{Because: "left"})
	s.mayNot(events.RuleDataRange, events.HubAgency, harbour, vouched(t, list(t, harbour, 0), both()))
}
