package directory_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// The agencies of the tests' hub: fictional.
const (
	hub       events.HubID    = "sampleland"
	police    events.AgencyID = "sampletown-police"
	lightship events.AgencyID = "lighthouse-shelter"
	harbour   events.AgencyID = "harbour-shelter"
	social    events.AgencyID = "sampletown-social"
	auditor   events.AgencyID = "sampleland-audit"
	embassy   events.AgencyID = "otherland-embassy"
	consulate events.AgencyID = "farland-consulate"
)

const origin = "handrail/sampleland"

func kindOf(a events.AgencyID) events.AgencyKind {
	return map[events.AgencyID]events.AgencyKind{
		police: events.Police, lightship: events.Shelter, harbour: events.Shelter, social: events.Social,
		auditor: events.Auditor, embassy: events.ForeignMission, consulate: events.ForeignMission,
	}[a]
}

type fataler interface {
	Helper()
	Fatal(...any)
}

func must(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pair is one agency's nth keys.
type pair struct {
	signing seal.SigningKey
	sealing seal.SealingKey
	witness string // verifier key; empty for kinds that have none
}

var made sync.Map // of the tests' keys, which are slow to make

// keys makes an agency's nth keys, always the same.
func keys(t fataler, a events.AgencyID, n int) pair {
	t.Helper()
	name := fmt.Sprintf("%s %d", a, n)
	if k, found := made.Load(name); found {
		return k.(pair)
	}
	random := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	var k pair
	var err error
	k.signing, err = seal.NewSigningKey(random)
	must(t, err)
	k.sealing, err = seal.NewSealingKey(random)
	must(t, err)
	if kind := kindOf(a); kind != events.Auditor && kind != events.ForeignMission {
		_, k.witness, err = tlog.NewWitnessKey(origin, a, random)
		must(t, err)
	}
	made.Store(name, k)
	return k
}

// list is an agency's listing with its nth keys.
func list(t fataler, a events.AgencyID, n int) events.Listing {
	t.Helper()
	k := keys(t, a, n)
	return seal.NewListing(a, kindOf(a), k.signing, k.sealing, k.witness, origin)
}

// story tells one hub's directory, entry by entry.
type story struct {
	t      fataler
	log    string
	d      *directory.Directory
	number uint64
	told   []told
}

// told is one entry of the directory.
type told struct {
	number uint64
	event  events.Event
	facts  events.Payload
}

func genesis(t fataler) *events.DirectoryFounded {
	t.Helper()
	random := rand.NewChaCha8(sha256.Sum256([]byte("log")))
	_, log, err := note.GenerateKey(random, origin)
	must(t, err)
	return &events.DirectoryFounded{
		Log: log, Signing: keys(t, events.HubAgency, 0).signing.Public(), Profile: "sampleland@1", Text: fmt.Sprintf("%064x", 7),
		Agencies: []events.Listing{list(t, police, 0), list(t, lightship, 0), list(t, auditor, 0)},
	}
}

// newStory founds a hub with the police, a shelter, an auditor and one embassy.
func newStory(t fataler) *story {
	t.Helper()
	founded := genesis(t)
	d, err := directory.Found(hub, 0, founded)
	must(t, err)
	s := &story{t: t, log: founded.Log, d: d}
	s.does(embassy, d.ListedOf(list(t, embassy, 0)))
	return s
}

// event is what somebody says next about an agency.
func event(by, about events.AgencyID, p events.Payload) events.Event {
	return events.Event{Source: events.Source(hub, by), Type: p.Type(), Subject: string(about), Hub: origin}
}

func speaker(about events.AgencyID, p events.Payload) events.AgencyID {
	if p.Type() == events.TypeDirectoryKeyed {
		return about
	}
	return events.HubAgency
}

// does has the directory take an entry about an agency.
func (s *story) does(about events.AgencyID, p events.Payload) uint64 {
	s.t.Helper()
	s.number++
	e := event(speaker(about, p), about, p)
	must(s.t, s.d.Judge(e, p))
	d, err := s.d.Apply(s.number, e, p)
	must(s.t, err)
	s.d, s.told = d, append(s.told, told{s.number, e, p})
	return s.number
}

// passes lets entries pass that are not the directory's.
func (s *story) passes(n uint64) { s.number += n }

// mayNot expects that an entry is refused by a rule.
func (s *story) mayNot(rule events.Rule, by, about events.AgencyID, p events.Payload) {
	s.t.Helper()
	next, err := s.d.Apply(s.number+1, event(by, about, p), p)
	if v, ok := errors.AsType[*events.Violation](err); !ok || v.Rule != rule || next != nil {
		s.t.Fatal(fmt.Sprintf("%s of %s: got %v, want the rule %s", p.Type().Name(), about, err, rule))
	}
}

// vouched is a listing with the word of others, each with its keys of a number.
func vouched(t fataler, l events.Listing, by map[events.AgencyID]int) *events.DirectoryJoined {
	t.Helper()
	p := &events.DirectoryJoined{Listing: l}
	for _, a := range []events.AgencyID{police, lightship, harbour, social, auditor, embassy} {
		if n, does := by[a]; does {
			p.Vouching = append(p.Vouching, seal.NewVouching(a, keys(t, a, n).signing, l, origin))
		}
	}
	return p
}

// signs says whether an agency's nth signing key counts for an entry.
func (s *story) signs(a events.AgencyID, n int, number uint64) bool {
	s.t.Helper()
	key := keys(s.t, a, n).signing
	public, ok := s.d.Signer(a, key.ID(), number)
	if ok && public != key.Public() {
		s.t.Fatal("another public key than the one of that id")
	}
	return ok
}

// The police and the shelter vouch.
func both() map[events.AgencyID]int { return map[events.AgencyID]int{police: 0, lightship: 0} }

func TestWhoJoinsIsListedFromItsEntryOn(t *testing.T) {
	s := newStory(t)
	s.passes(3)
	at := s.does(harbour, vouched(t, list(t, harbour, 0), both()))
	m, listed := s.d.Member(harbour)
	if !listed || m.Standing != directory.Active || m.Kind != events.Shelter || m.Since != at || m.Changed != at || m.Listing != list(t, harbour, 0) || m.Witness == nil {
		t.Fatalf("it is listed as %+v", m)
	}
	if s.signs(harbour, 0, at) || !s.signs(harbour, 0, at+1) || !s.signs(harbour, 0, directory.Now) {
		t.Error("its key counts for other entries than those behind its own")
	}
	if _, listed := s.d.At(at).Member(harbour); listed || s.d.StandingAt(harbour, at) != "" || s.d.StandingAt(harbour, at+1) != directory.Active {
		t.Error("it is listed ahead of its entry")
	}
	if _, since, ok := s.d.Sealing(harbour); !ok || since != at {
		t.Errorf("it is sealed to since entry %d", since)
	}
	if got := s.d.Recipients(); fmt.Sprint(got) != "[harbour-shelter lighthouse-shelter otherland-embassy sampletown-police]" {
		t.Errorf("deliveries go to %v", got)
	}
	if got := s.d.Insiders(); fmt.Sprint(got) != "[harbour-shelter lighthouse-shelter sampletown-police]" {
		t.Errorf("insiders are %v", got)
	}
	if got := s.d.Audience(harbour); fmt.Sprint(got) != fmt.Sprint(s.d.Insiders()) {
		t.Errorf("of it hear %v", got)
	}
	if got := s.d.Audience(embassy); fmt.Sprint(got) != fmt.Sprint(s.d.Recipients()) {
		t.Errorf("of the embassy hear %v", got)
	}
}

func TestNobodyIsListedWithoutTwoKindsOfAgencies(t *testing.T) {
	s := newStory(t)
	s.does(social, vouched(t, list(t, social, 0), both()))
	s.does(harbour, vouched(t, list(t, harbour, 0), map[events.AgencyID]int{social: 0, lightship: 0}))
	s.does(police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	s.does(social, &events.DirectorySuspended{Because: "keys-in-doubt"})
	l := list(t, consulate, 0)
	say := func(by map[events.AgencyID]int, change func(*events.DirectoryJoined)) *events.DirectoryJoined {
		p := vouched(t, l, by)
		if change != nil {
			change(p)
		}
		return p
	}
	good := map[events.AgencyID]int{police: 1, lightship: 0}
	must(t, s.d.Judge(event(events.HubAgency, consulate, say(good, nil)), say(good, nil)))
	for name, p := range map[string]*events.DirectoryJoined{
		"nobody":               say(nil, nil),
		"one":                  say(map[events.AgencyID]int{lightship: 0}, nil),
		"two of one kind":      say(map[events.AgencyID]int{lightship: 0, harbour: 0}, nil),
		"with a key of before": say(both(), nil),
		"one that rests":       say(map[events.AgencyID]int{lightship: 0, social: 0}, nil),
		"an auditor":           say(map[events.AgencyID]int{lightship: 0, auditor: 0}, nil),
		"a foreign mission":    say(map[events.AgencyID]int{lightship: 0, embassy: 0}, nil),
		"one twice":            say(good, func(p *events.DirectoryJoined) { p.Vouching[1] = p.Vouching[0] }),
		"another listing":      say(good, func(p *events.DirectoryJoined) { p.Vouching = vouched(t, list(t, consulate, 1), good).Vouching }),
		"in another's name":    say(good, func(p *events.DirectoryJoined) { p.Vouching[0].Agency = harbour }),
		"another's key":        say(good, func(p *events.DirectoryJoined) { p.Vouching[0].Key = p.Vouching[1].Key }),
		"another's signature":  say(good, func(p *events.DirectoryJoined) { p.Vouching[0].Signature = p.Vouching[1].Signature }),
		"at another hub": say(good, func(p *events.DirectoryJoined) {
			p.Vouching[0] = seal.NewVouching(police, keys(t, police, 1).signing, l, "handrail/elsewhere")
		}),
		"for itself": say(good, func(p *events.DirectoryJoined) {
			p.Vouching[0] = seal.NewVouching(consulate, keys(t, consulate, 0).signing, l, origin)
		}),
		"the hub": say(good, func(p *events.DirectoryJoined) {
			p.Vouching[0] = seal.NewVouching(events.HubAgency, keys(t, events.HubAgency, 0).signing, l, origin)
		}),
		"the listing's proof as vouching": say(good, func(p *events.DirectoryJoined) { p.Vouching[0].Signature = list(t, police, 1).Proof }),
		"a third whose word is not its own": say(good, func(p *events.DirectoryJoined) {
			p.Vouching = append(p.Vouching, seal.NewVouching(harbour, keys(t, lightship, 0).signing, l, origin))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			s.mayNot(events.RuleVouching, events.HubAgency, consulate, p)
		})
	}
}

func TestListingsThatNobodyMayBelieve(t *testing.T) {
	s := newStory(t)
	s.does(harbour, vouched(t, list(t, harbour, 0), both()))
	s.does(harbour, &events.DirectoryKeyed{Listing: list(t, harbour, 1)})
	resign := func(l events.Listing, by pair) events.Listing {
		l.Proof = base64.StdEncoding.EncodeToString(by.signing.SignBytes(l.ProofText(origin)))
		return l
	}
	own := keys(t, social, 0)
	for name, c := range map[string]struct {
		rule   events.Rule
		change func(l *events.Listing)
	}{
		"unproved": {events.RuleKeyUnknown, func(l *events.Listing) { l.Proof = list(t, social, 1).Proof }},
		"proved for another hub": {events.RuleKeyUnknown, func(l *events.Listing) {
			*l = seal.NewListing(social, events.Social, own.signing, own.sealing, own.witness, "handrail/elsewhere")
		}},
		"no sealing key":             {events.RuleKeyUnknown, func(l *events.Listing) { l.Sealing = l.Signing }},
		"another's witness name":     {events.RuleKeyUnknown, func(l *events.Listing) { l.Witness = keys(t, police, 5).witness; *l = resign(*l, own) }},
		"a witness key that is none": {events.RuleKeyUnknown, func(l *events.Listing) { l.Witness = l.Witness[:len(l.Witness)-4] + "AAAA"; *l = resign(*l, own) }},
		"no witness":                 {events.RuleKeyUnknown, func(l *events.Listing) { l.Witness = ""; *l = resign(*l, own) }},
		"a signing key of another": {events.RuleKeyReused, func(l *events.Listing) {
			l.Signing = keys(t, police, 0).signing.Public()
			*l = resign(*l, keys(t, police, 0))
		}},
		"a sealing key of another": {events.RuleKeyReused, func(l *events.Listing) { l.Sealing = keys(t, police, 0).sealing.Public(); *l = resign(*l, own) }},
		"a signing key that another had once": {events.RuleKeyReused, func(l *events.Listing) {
			l.Signing = keys(t, harbour, 0).signing.Public()
			*l = resign(*l, keys(t, harbour, 0))
		}},
		"the hub's signing key": {events.RuleKeyReused, func(l *events.Listing) {
			l.Signing = keys(t, events.HubAgency, 0).signing.Public()
			*l = resign(*l, keys(t, events.HubAgency, 0))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			l := list(t, social, 0)
			c.change(&l)
			s.mayNot(c.rule, events.HubAgency, social, vouched(t, l, both()))
		})
	}
	t.Run("the agency of another subject", func(t *testing.T) {
		s.mayNot(events.RuleDataRange, events.HubAgency, harbour, vouched(t, list(t, social, 0), both()))
	})
	t.Run("another kind", func(t *testing.T) {
		k := keys(t, harbour, 2)
		l := seal.NewListing(harbour, events.Counselling, k.signing, k.sealing, k.witness, origin)
		s.mayNot(events.RuleDataRange, events.HubAgency, harbour, vouched(t, l, both()))
		s.mayNot(events.RuleDataRange, harbour, harbour, &events.DirectoryKeyed{Listing: l})
	})
	t.Run("one key for two purposes", func(t *testing.T) {
		random := rand.NewChaCha8(sha256.Sum256([]byte("twice")))
		signing, err := seal.NewSigningKey(random)
		must(t, err)
		_, witness, err := tlog.NewWitnessKey(origin, social, rand.NewChaCha8(sha256.Sum256([]byte("twice"))))
		must(t, err)
		l := seal.NewListing(social, events.Social, signing, own.sealing, witness, origin)
		s.mayNot(events.RuleKeyReused, events.HubAgency, social, vouched(t, l, both()))
	})
}

// witnessOf makes the witness key of an agency of which nothing else is told.
func witnessOf(t fataler, a events.AgencyID) (secret, verifier string) {
	t.Helper()
	secret, verifier, err := tlog.NewWitnessKey(origin, a, rand.NewChaCha8(sha256.Sum256([]byte(a))))
	must(t, err)
	return secret, verifier
}
