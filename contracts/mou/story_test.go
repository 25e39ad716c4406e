package mou_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// The agencies of the tests' hub: fictional, one word each.
const (
	police    events.AgencyID = "sampletown-police"
	lightship events.AgencyID = "lighthouse-shelter"
	harbour   events.AgencyID = "harbour-shelter"
	childcare events.AgencyID = "sampleland-children"
	office    events.AgencyID = "sampleland-coordination"
	embassy   events.AgencyID = "otherland-embassy"
	talk      events.AgencyID = "talk-counselling"
	auditor   events.AgencyID = "sampleland-audit"
	social    events.AgencyID = "sampletown-social"
	hotline   events.AgencyID = "sampleland-hotline"
	inspector events.AgencyID = "sampleland-inspectorate"
	migration events.AgencyID = "sampleland-migration"
	homeward  events.AgencyID = "sampleland-return"
	consulate events.AgencyID = "sampleland-embassy-abroad"
	clinic    events.AgencyID = "sampletown-clinic"
	ledger    events.AgencyID = ""
)

func agencies() []events.AgencyID {
	return []events.AgencyID{police, lightship, harbour, childcare, office, embassy, talk, auditor, social, hotline, inspector, migration, homeward, consulate, clinic}
}

// loaded keeps the profiles that tests have read: they are read-only.
var loaded sync.Map

func memorandum(t interface {
	Helper()
	Fatal(...any)
}, profile string,
) *mou.Memorandum {
	t.Helper()
	once, _ := loaded.LoadOrStore(profile, sync.OnceValues(func() (*mou.Profile, error) { return mou.LoadProfile(profile) }))
	p, err := once.(func() (*mou.Profile, error))()
	if err != nil {
		t.Fatal(err)
	}
	return &mou.Memorandum{Profile: p, Directory: map[events.AgencyID]events.AgencyKind{
		police: events.Police, lightship: events.Shelter, harbour: events.Shelter, childcare: events.ChildProtection,
		office: events.Coordinator, embassy: events.ForeignMission, talk: events.Counselling, auditor: events.Auditor,
		social: events.Social, hotline: events.Hotline, inspector: events.LabourInspectorate, migration: events.Migration,
		homeward: events.IOM, consulate: events.OwnMission, clinic: events.Health,
	}}
}

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// story tells one case to the ledger, statement by statement, a minute apart.
type story struct {
	t      *testing.T
	m      *mou.Memorandum
	c      mou.Case
	now    time.Time
	number uint64
	id     events.CaseID
	acts   []mou.Act
	cause  events.EventID    // of what is said next; empty: itself
	duties []events.AgencyID // with somebody there
	inside bool              // ask the ledger's own verdict, not the one that the sender is told
}

func newStory(t *testing.T) *story {
	t.Helper()
	m := memorandum(t, "model@1")
	return &story{t: t, m: m, c: m.NewCase(ledger), now: morning, id: events.CaseID(uuid(0))}
}

// uuid makes the nth id of the tests.
func uuid(n uint64) string {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
	id, err := events.NewUUID(morning, rand.NewChaCha8(seed))
	if err != nil {
		panic(err)
	}
	return id
}

// act is what an agency says next, in a referral or (empty) in none.
func (s *story) act(by events.AgencyID, referral events.ReferralID, p events.Payload) mou.Act {
	a := newAct(s.id, s.number+1, s.now, by, referral, p)
	if s.cause != "" {
		a.Event.CausationID = s.cause
	}
	return a
}

func newAct(id events.CaseID, number uint64, now time.Time, by events.AgencyID, referral events.ReferralID, p events.Payload) mou.Act {
	e := events.Event{
		ID: events.EventID(uuid(number)), Source: events.Source("sampleland", by), Type: p.Type(),
		DataSchema: p.Type().Schema(), Subject: string(id), Time: events.At(now), Hub: "handrail/sampleland",
		CorrelationID: events.EventID(id), CausationID: events.EventID(uuid(number)),
	}
	switch {
	case p.Type() == events.TypeReferralRequested:
		e.CorrelationID = e.ID
	case referral != "":
		e.CorrelationID = referral
	}
	if r, sealed := p.(*events.Record); sealed {
		r.Header.KeyID = events.KeyID(strings.Repeat("ab", 32))
		r.Header.Source, r.Header.ID, r.Header.Case, r.Header.Referral, r.Header.Type = e.Source, e.ID, id, referral, p.Type()
	}
	return mou.Act{Number: number, Event: e, Payload: p}
}

// says admits a statement and gives its id.
func (s *story) says(by events.AgencyID, referral events.ReferralID, p events.Payload) events.EventID {
	s.t.Helper()
	return s.admit(s.act(by, referral, p))
}

// admit judges an act, and takes it.
func (s *story) admit(a mou.Act) events.EventID {
	s.t.Helper()
	if err := s.c.Judge(a, s.now); err != nil {
		s.t.Fatalf("%s says %s: %v", a.Event.Agency(), a.Event.Type.Name(), err)
	}
	c, err := s.c.Apply(a, s.now)
	if err != nil {
		s.t.Fatalf("%s says %s: %v", a.Event.Agency(), a.Event.Type.Name(), err)
	}
	s.c, s.number, s.now, s.acts = c, s.number+1, s.now.Add(time.Minute), append(s.acts, a)
	return a.Event.ID
}

// mayNot expects that the ledger refuses a statement by a rule, and that the
// attempt leaves no trace.
func (s *story) mayNot(rule events.Rule, by events.AgencyID, referral events.ReferralID, p events.Payload) {
	s.t.Helper()
	before := string(marshal(s.t, s.c))
	err := s.c.Judge(s.act(by, referral, p), s.now)
	if s.inside {
		_, err = s.c.Apply(s.act(by, referral, p), s.now)
	}
	var v *events.Violation
	if !errors.As(err, &v) || v.Rule != rule {
		s.t.Errorf("%s says %s: got %v, want the rule %s", by, p.Type().Name(), err, rule)
	}
	if string(marshal(s.t, s.c)) != before {
		s.t.Error("a refused statement left a trace")
	}
}

// hub says all that is due.
func (s *story) hub() []events.Payload {
	s.t.Helper()
	var said []events.Payload
	for {
		due := s.c.Due(s.now, s.staffed)
		if len(due) == 0 {
			return said
		}
		s.says(events.HubAgency, due[0].Referral, due[0].Payload)
		said = append(said, due[0].Payload)
	}
}

// ofRecords are those of the hub's statements that are about records.
func ofRecords(said []events.Payload) []events.Payload {
	return slices.DeleteFunc(slices.Clone(said), func(p events.Payload) bool {
		return p.Type() != events.TypeRecordReleased && p.Type() != events.TypeRecordErased
	})
}

// nobody is staffed.
func nobody(events.AgencyID) bool { return false }

func (s *story) staffed(a events.AgencyID) bool { return slices.Contains(s.duties, a) }

// referralOf is the referral of the record that somebody speaks of.
func referralOf(c mou.Case, p events.Payload) events.ReferralID {
	var id events.EventID
	switch p := p.(type) {
	case *events.RecordReleased:
		id = p.Record
	case *events.RecordErased:
		id = p.Record
	case *events.RecordDisputed:
		id = p.Record
	case *events.RecordOpened:
		id = p.Record
	}
	for _, r := range c.Records() {
		if r.ID == id {
			return r.Referral
		}
	}
	return ""
}

func (s *story) clock(rule events.Rule, owes events.AgencyID) mou.Clock {
	s.t.Helper()
	for _, c := range s.c.Clocks(s.now) {
		if c.Rule == rule && c.Owes == owes {
			return c
		}
	}
	s.t.Fatalf("no clock %s for %s", rule, owes)
	return mou.Clock{}
}

// leg is how the part of the first shelter stands.
func (s *story) leg(id events.ReferralID) mou.LegState {
	s.t.Helper()
	for _, r := range s.c.Referrals() {
		for _, l := range r.Legs {
			if r.ID == id && l.To == lightship {
				return l.State
			}
		}
	}
	s.t.Fatal("no such leg")
	return ""
}

func marshal(t interface{ Fatal(...any) }, c mou.Case) []byte {
	b, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What agencies say, in short.

func (s *story) said() events.Said {
	return events.Said{Happened: events.At(s.now), Recorded: events.At(s.now), Channel: events.InPerson}
}

func (s *story) opened(age events.AgeClass) events.Payload {
	return &events.CaseOpened{Said: s.said(), Age: age}
}

func (s *story) rights() events.Payload {
	return &events.RightsInformed{Said: s.said(), Language: "ron", Interpreter: events.Independent}
}

// bundle is the person's plain yes to one of the profile's bundles.
func (s *story) bundle(name string) *events.ConsentGiven {
	c := s.m.Profile.Bundles[name].Consent(s.now)
	c.Recorded, c.Channel = events.At(s.now), events.InPerson
	c.By, c.Capacity, c.Language, c.Interpreter = events.ByPerson, events.Clear, "ron", events.Independent
	c.Present = events.Set[events.Present]{"person-alone"}
	return &c
}

func (s *story) asks(to ...events.AgencyID) *events.ReferralRequested {
	return &events.ReferralRequested{
		Said: s.said(), To: to, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity, events.SectionContact, events.SectionNeeds},
		Needs:    events.Set[events.Need]{"emergency-shelter", "counselling"}, Urgency: events.Standard, Age: events.Adult,
	}
}

func seal(to events.AgencyID, section events.Section) *events.Record {
	return &events.Record{Header: events.RecordHeader{Type: events.TypeRecordSealed, To: to, Purpose: events.PurposeAccommodation, Section: section}}
}

// requested tells the story up to a request with one record for each provider.
func (s *story) requested(to ...events.AgencyID) events.ReferralID {
	s.t.Helper()
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	r := s.says(police, "", s.asks(to...))
	for _, a := range to {
		s.says(police, r, seal(a, events.SectionIdentity))
	}
	return r
}

// inLine tells the story up to a request that asks one provider after another,
// with one record for each.
func (s *story) inLine(to ...events.AgencyID) events.ReferralID {
	s.t.Helper()
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	if slices.Contains(to, social) {
		too := s.bundle("bed")
		too.Recipient.Class = events.Social
		s.says(police, "", too)
	}
	ask := s.asks(to...)
	ask.Order = events.InTurn
	r := s.says(police, "", ask)
	for _, a := range to {
		s.says(police, r, seal(a, events.SectionIdentity))
	}
	return r
}

// accepted goes on until the first provider has accepted and has its record.
func (s *story) accepted(to ...events.AgencyID) events.ReferralID {
	s.t.Helper()
	r := s.requested(to...)
	s.says(to[0], r, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	return r
}

// arrived goes on until the person is there.
func (s *story) arrived(to ...events.AgencyID) events.ReferralID {
	s.t.Helper()
	r := s.accepted(to...)
	s.says(to[0], r, &events.HandoverCompleted{Said: s.said()})
	return r
}
