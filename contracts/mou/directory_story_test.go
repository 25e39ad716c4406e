package mou_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// away has agencies take no part from now on.
func (s *story) away(who ...events.AgencyID) {
	m := *s.m
	m.Away = map[events.AgencyID]bool{}
	for _, a := range who {
		m.Away[a] = true
	}
	s.m, s.c = &m, s.c.Under(&m)
}

// lost has the sealing keys that agencies have had until now end.
func (s *story) lost(who ...events.AgencyID) {
	m := *s.m
	m.Ended = func(to events.AgencyID, _ events.KeyID) bool { return slices.Contains(who, to) }
	s.m, s.c = &m, s.c.Under(&m)
}

// joined gives an agency whose keys were lost new ones.
func (s *story) joined(who events.AgencyID) {
	m := *s.m
	m.Ended = func(to events.AgencyID, key events.KeyID) bool { return to == who && key != newKey }
	m.Away = nil
	s.m, s.c = &m, s.c.Under(&m)
}

const newKey events.KeyID = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

// reading is a member of staff's reading of the case's first record.
func (s *story) reading() *events.RecordOpened {
	r := s.c.Records()[0]
	return &events.RecordOpened{Said: s.said(), Record: r.ID, Role: "duty-worker", Purpose: r.Purpose, Basis: "consent"}
}

func TestNothingNewIsAddressedToWhoeverRests(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	s.away(lightship, childcare)
	s.mayNot(mou.RuleRecipientUnknown, police, "", s.asks(lightship))
	s.mayNot(mou.RuleRecipientUnknown, police, "", s.asks(harbour, lightship))
	s.mayNot(mou.RuleRecipientUnknown, police, "", &events.NoticeSent{Said: s.said(), To: childcare, Age: events.Adult})
	s.mayNot(mou.RuleRecipientUnknown, police, "", &events.EmergencyDisclosed{
		Said: s.said(), Reason: "life", To: childcare, Sections: events.Set[events.Section]{"risk"}, Staff: "officer-1",
	})
	s.away()
	s.says(police, "", &events.NoticeSent{Said: s.said(), To: childcare, Age: events.Adult})
}

// A shelter whose laptop was stolen still hears of the person's no: what it holds
// it must answer for when it is back.
func TestThePersonsNoReachesWhoeverRests(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.away(lightship)
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: lightship}})
	if got := s.leg(r); got != mou.LegWithdrawn {
		t.Errorf("the shelter's part is %s", got)
	}
	if c := s.clock(mou.ClockErasure, lightship); c.State != mou.ClockPending {
		t.Errorf("its erasure answer is %s", c.State)
	}
	s.away()
	s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
}

func TestTheHubTurnsToNobodyWhoRests(t *testing.T) {
	told := func(s *story) (to []events.AgencyID) {
		for _, p := range s.hub() {
			if e, ok := p.(*events.ReferralEscalated); ok {
				to = append(to, e.To)
			}
		}
		return to
	}
	t.Run("the next provider", func(t *testing.T) {
		s := newStory(t)
		r := s.inLine(lightship, harbour, social)
		s.away(harbour)
		s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
		if to := told(s); !slices.Equal(to, []events.AgencyID{social}) {
			t.Errorf("while the next shelter rests the hub turns to %v", to)
		}
		s.away()
		s.says(social, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
		if to := told(s); !slices.Equal(to, []events.AgencyID{harbour}) {
			t.Errorf("when it is back the hub turns to %v", to)
		}
	})
	t.Run("a duty and the coordinator", func(t *testing.T) {
		s := newStory(t)
		s.duties = []events.AgencyID{hotline, social}
		r := s.requested(lightship)
		s.away(hotline, office)
		s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
		s.now = s.now.Add(time.Hour)
		if to := told(s); !slices.Equal(to, []events.AgencyID{social}) {
			t.Errorf("while the hotline rests the hub turns to %v", to)
		}
		s.now = s.now.Add(25 * time.Hour)
		if to := told(s); len(to) != 0 {
			t.Errorf("while the coordinator rests the hub turns to %v", to)
		}
		s.away()
		if to := told(s); !slices.Equal(to, []events.AgencyID{office}) {
			t.Errorf("when the coordinator is back the hub turns to %v", to)
		}
	})
}

// What waits for a shelter whose keys were lost is destroyed, and sealed anew.
func TestWhatWasSealedToALostKeyIsErasedAndSealedAnew(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship, harbour)
	s.away(lightship)
	s.lost(lightship)
	said := ofRecords(s.hub())
	if len(said) != 1 {
		t.Fatalf("the hub says %d things of records, want that one is erased", len(said))
	}
	if p, ok := said[0].(*events.RecordErased); !ok || p.Reason != events.ErasedKeyEnded || p.Record != s.c.Records()[0].ID {
		t.Fatalf("the hub says %+v", said[0])
	}
	s.joined(lightship)
	anew := seal(lightship, events.SectionIdentity)
	a := s.act(police, r, anew)
	anew.Header.KeyID = newKey
	s.admit(a)
	if said := s.hub(); len(said) != 0 {
		t.Fatalf("of the record that was sealed anew the hub says %v", said)
	}
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	for _, p := range ofRecords(s.hub()) {
		if released, ok := p.(*events.RecordReleased); ok && released.Record == a.Event.ID {
			return
		}
	}
	t.Error("the record that was sealed anew is not released on acceptance")
}

// The acceptance comes from the shelter's new keys before the hub has said what
// became of what waits.
func TestAnAcceptanceReleasesNothingThatWasSealedToALostKey(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship)
	s.joined(lightship)
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	for _, p := range ofRecords(s.hub()) {
		if p.Type() == events.TypeRecordReleased {
			t.Error("a record was released that only a lost key opens")
		}
	}
	anew := seal(lightship, events.SectionIdentity)
	a := s.act(police, r, anew)
	anew.Header.KeyID = newKey
	s.admit(a)
	if said := ofRecords(s.hub()); len(said) != 1 || said[0].Type() != events.TypeRecordReleased {
		t.Errorf("of the record that was sealed anew the hub says %v", said)
	}
}

func TestARecordOnItsWayToALostKeyIsRecalled(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.joined(lightship)
	if reason := s.recalls(); reason != events.ErasedKeyEnded {
		t.Errorf("recalled because %s", reason)
	}
	for _, c := range s.c.Clocks(s.now) {
		if c.Rule == mou.ClockErasure {
			t.Error("the shelter owes an answer about what it still needs")
		}
	}
	if got := s.leg(r); got != mou.LegAccepted {
		t.Errorf("its part is %s", got)
	}
}

// When the person has said no since, nobody is told to seal anew.
func TestALostKeyIsNotTheReasonWhereThePersonSaidNo(t *testing.T) {
	s := newStory(t)
	s.requested(lightship)
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
	s.lost(lightship)
	for _, p := range s.hub() {
		if erased, ok := p.(*events.RecordErased); ok && erased.Reason != events.ErasedNoConsent {
			t.Errorf("it is erased because %s", erased.Reason)
		}
	}
}

func TestAReadingIsForTheReaderAndItsAuditorsAlone(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship, harbour)
	s.says(lightship, r, s.reading())
	read := s.number
	s.says(lightship, r, s.reading()) // whoever reads again says so again
	for _, a := range agencies() {
		if sees := slices.Contains(s.c.SeenBy(a), read); sees != (a == lightship) {
			t.Errorf("%s sees who read at the shelter: %v", a, sees)
		}
	}
	for _, a := range s.acts {
		if name := s.c.Chain(a); a.Payload.Type() == events.TypeRecordOpened && name != "opened/"+string(lightship) {
			t.Errorf("a reading stands in the chain %s", name)
		}
	}
	before, after := s.c.View(police), s.c
	if string(marshal(t, before)) != string(marshal(t, after.View(police))) {
		t.Error("the police's view changed")
	}
}

// A shelter that is cut off reads; its word comes later than the end of its part,
// of the case and even of the record.
func TestAReadingOfACutOffShelterIsTakenLater(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	read := s.reading()
	s.says(police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "person-left"})
	s.recalls()
	late := s.reading()
	s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "person-left"})
	s.says(lightship, r, read)
	s.mayNot(mou.RuleRecordUnknown, lightship, r, late) // it says itself that it read what was erased
}

func TestUnderKeepsWhatWasSaid(t *testing.T) {
	s := newStory(t)
	s.accepted(lightship)
	before := string(marshal(t, s.c))
	m := *s.m
	m.Directory = maps.Clone(s.m.Directory)
	m.Directory["new-shelter"] = events.Shelter
	c := s.c.Under(&m)
	if string(marshal(t, c)) != before {
		t.Error("the case is another under another directory")
	}
	if err := c.Judge(s.act(police, "", s.asks("new-shelter")), s.now); err != nil {
		t.Errorf("who joined may not be asked: %v", err)
	}
	if err := s.c.Judge(s.act(police, "", s.asks("new-shelter")), s.now); err == nil {
		t.Error("the case before knows who joined since")
	}
}
