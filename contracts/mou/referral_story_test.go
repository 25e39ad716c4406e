package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestAReferralFromThePoliceToAShelter(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	s.mayNot(mou.RuleRightsFirst, police, "", s.bundle("bed"))
	s.says(police, "", s.rights())
	s.says(police, "", &events.RiskAssessed{Said: s.said(), WithPerson: true})
	s.mayNot(mou.RuleConsentRequired, police, "", s.asks(lightship))
	s.says(police, "", s.bundle("bed"))
	r := s.says(police, "", s.asks(lightship))
	identity := s.says(police, r, seal(lightship, events.SectionIdentity))
	s.says(police, r, seal(lightship, events.SectionContact))
	s.says(police, r, seal(lightship, events.SectionNeeds))

	if due := s.c.Due(s.now, nobody); due != nil {
		t.Fatalf("before acceptance nothing is released; due: %v", due)
	}
	if got, want := s.c.SeenBy(lightship), []uint64{1, 2, 5}; !slices.Equal(got, want) {
		t.Errorf("once asked, the shelter sees entries %v, want %v: matching facts, no risk, no consent and no record", got, want)
	}
	s.says(lightship, r, &events.ReferralAcknowledged{Said: s.said()})
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	if got := s.hub(); len(got) != 3 || got[0].(*events.RecordReleased).Record != identity {
		t.Fatalf("on acceptance the hub says %v, want three releases", got)
	}
	if got := len(s.c.SeenBy(lightship)); got != int(s.number) {
		t.Errorf("now the shelter sees %d entries of %d", got, s.number)
	}
	s.says(police, r, &events.HandoverArranged{Said: s.said(), Planned: events.At(s.now.Add(2 * time.Hour))})
	s.mayNot(mou.RuleNotHandedOver, lightship, r, &events.ServiceStarted{Said: s.said(), Need: "emergency-shelter"})
	s.says(lightship, r, &events.HandoverCompleted{Said: s.said()})
	s.says(lightship, r, &events.ServiceStarted{Said: s.said(), Need: "emergency-shelter"})
	s.mayNot(mou.RuleNeedAsked, lightship, r, &events.ServiceStarted{Said: s.said(), Need: "education"})
	s.says(lightship, r, &events.ReferralFeedback{Said: s.said(), Outcome: "completed"})
	s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "completed"})

	if got := s.leg(r); got != mou.LegInService {
		t.Errorf("the referral is %s, want in-service", got)
	}
	for _, c := range s.c.Clocks(s.now) {
		if c.State != mou.ClockMet && c.Rule != mou.ClockConsentExpiry {
			t.Errorf("the clock %s of %s is %s, want met", c.Rule, c.Owes, c.State)
		}
	}
	for _, a := range []events.AgencyID{office, embassy, harbour, auditor} {
		if seen := s.c.SeenBy(a); seen != nil {
			t.Errorf("%s saw %v", a, seen)
		}
	}
}
