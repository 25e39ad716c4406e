package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestAChildIsReferredToChildProtectionWithoutConsent(t *testing.T) {
	for _, age := range []events.AgeClass{events.Child, events.Unsure} {
		s := newStory(t)
		s.says(police, "", s.opened(age))
		if got := s.clock(mou.ClockChildProtection, police).State; got != mou.ClockPending {
			t.Errorf("%s: telling child protection is %s, want pending", age, got)
		}
		ask := s.asks(childcare)
		ask.Purpose = events.PurposeChildProtection
		r := s.says(police, "", ask)
		s.says(police, r, &events.Record{Header: events.RecordHeader{Type: events.TypeRecordSealed, To: childcare, Purpose: events.PurposeChildProtection, Section: events.SectionIdentity}})
		s.says(childcare, r, &events.ReferralAccepted{Said: s.said()})
		if due := s.hub(); len(due) != 1 || due[0].Type() != events.TypeRecordReleased {
			t.Errorf("%s: the hub says %v, want a release", age, due)
		}
		if got := s.clock(mou.ClockChildProtection, police).State; got != mou.ClockMet {
			t.Errorf("%s: telling child protection is %s, want met", age, got)
		}
		if got := s.c.Consent(childcare, events.PurposeChildProtection, events.SectionIdentity, s.now); got != mou.ConsentNotRequired {
			t.Errorf("%s: consent is %s, want not-required", age, got)
		}
	}
}

func TestAnAdultIsNotReferredToChildProtectionWithoutConsent(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	ask := s.asks(childcare)
	ask.Purpose = events.PurposeChildProtection
	s.mayNot(mou.RuleConsentRequired, police, "", ask)
	for _, c := range s.c.Clocks(s.now) {
		t.Errorf("an adult's case sets the clock %s", c.Rule)
	}
}

func TestANoticeTellsChildProtectionAndNothingElse(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Child))
	s.now = s.now.Add(2 * time.Hour)
	if got := s.clock(mou.ClockChildProtection, police).State; got != mou.ClockMissed {
		t.Errorf("two hours later telling child protection is %s, want missed", got)
	}
	s.says(police, "", &events.NoticeSent{Said: s.said(), To: childcare, Age: events.Child, Region: "GB-ENG"})
	if got := s.clock(mou.ClockChildProtection, police).State; got != mou.ClockLateMet {
		t.Errorf("told at last, it is %s, want late-met", got)
	}
	if got := s.c.SeenBy(childcare); !slices.Equal(got, []uint64{2}) {
		t.Errorf("child protection sees %v, want the notice alone", got)
	}
	s.mayNot(mou.RuleCaseUnknown, childcare, "", s.rights())
}

func TestAProvisionalConsentCountsForThreeDays(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	doubtful := s.bundle("bed")
	doubtful.Capacity = events.Doubtful
	s.says(police, "", doubtful)
	if got := s.c.Consent(lightship, events.PurposeAccommodation, events.SectionNeeds, s.now); got != mou.ConsentProvisional {
		t.Errorf("the consent is %s, want provisional", got)
	}
	r := s.says(police, "", s.asks(lightship))
	s.says(police, r, seal(lightship, events.SectionIdentity))
	s.now = s.now.Add(73 * time.Hour)
	if got := s.c.Consent(lightship, events.PurposeAccommodation, events.SectionNeeds, s.now); got != mou.ConsentExpired {
		t.Errorf("three days later the consent is %s, want expired", got)
	}
	if got := s.clock(mou.RuleConsentProvisional, police).State; got != mou.ClockMissed {
		t.Errorf("asking again is %s, want missed", got)
	}
	if due := ofRecords(s.hub()); len(due) != 1 || due[0].Type() != events.TypeRecordErased {
		t.Errorf("the hub says %v, want the waiting record erased", due)
	}
}
