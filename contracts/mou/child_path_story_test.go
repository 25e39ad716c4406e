package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestAGuardianWhoMayBeInvolvedIsTakenOut(t *testing.T) {
	s := newStory(t)
	s.begun(police, events.Child)
	told := s.says(police, "", s.asksFor(events.PurposeChildProtection, []events.Section{events.SectionIdentity}, childcare))
	s.says(police, "", s.guarded("bed", events.ByGuardian))
	bed := s.says(police, "", s.asks(lightship, harbour))
	s.says(police, bed, seal(lightship, events.SectionIdentity))
	s.says(childcare, "", &events.GuardianConflicted{Said: s.said()})
	s.sees(police, true)
	s.sees(childcare, true)
	s.sees(lightship, false)
	if got := s.c.Consent(lightship, events.PurposeAccommodation, events.SectionIdentity, s.now); got != mou.ConsentExpired {
		t.Errorf("what the guardian agreed to is %s, want expired", got)
	}
	if due := s.hub(); len(due) != 1 || due[0].(*events.RecordErased).Reason != events.ErasedNoConsent {
		t.Errorf("the hub says %v, want the waiting record erased", due)
	}
	s.mayNot(mou.RuleGuardianConflict, police, "", s.guarded("bed", events.ByGuardian))
	if got := s.leg(bed); got != mou.LegRequested {
		t.Errorf("the bed is %s: a child's safety does not wait", got)
	}
	s.says(police, "", s.guarded("bed", events.ByAppointed))
	s.says(police, bed, seal(lightship, events.SectionIdentity))
	s.says(lightship, bed, &events.ReferralAccepted{Said: s.said()})
	s.sees(lightship, true)
	if due := s.hub(); due[0].Type() != events.TypeRecordReleased {
		t.Errorf("an appointed guardian agreed; the hub says %v", due)
	}
	if own := s.c.View(lightship).Consent(lightship, events.PurposeAccommodation, events.SectionIdentity, s.now); own != mou.ConsentGiven {
		t.Errorf("the shelter reads the consent as %s", own)
	}
	s.says(childcare, told, &events.ReferralAccepted{Said: s.said()})
}

func TestAtEighteenConsentsAreAskedAnew(t *testing.T) {
	s := newStory(t)
	s.begun(police, events.Child)
	s.says(police, "", s.guarded("bed", events.ByGuardian))
	bed := s.says(police, "", s.asks(lightship))
	s.says(police, bed, seal(lightship, events.SectionIdentity))
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Adult})
	s.sees(lightship, true)
	if s.c.Age() != events.Adult || s.c.View(lightship).Age() != events.Adult {
		t.Error("the person is still a child")
	}
	if due := s.hub(); len(due) != 1 || due[0].(*events.RecordErased).Reason != events.ErasedNoConsent {
		t.Errorf("the hub says %v, want the waiting record erased", due)
	}
	s.mayNot(mou.RuleChildGuardian, police, "", s.guarded("bed", events.ByGuardian))
	s.mayNot(mou.RuleChildGuardian, police, "", &events.GuardianConflicted{Said: s.said()})
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Child})
	if got := s.c.Consent(lightship, events.PurposeAccommodation, events.SectionIdentity, s.now); got != mou.ConsentExpired {
		t.Errorf("a consent that lapsed is %s when the age is corrected again, want expired", got)
	}
}

func TestSomebodyWhoTurnsOutToBeAChildIsToldOf(t *testing.T) {
	s := newStory(t)
	s.begun(police, events.Adult)
	s.says(police, "", s.bundle("bed"))
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Unsure})
	clock := s.clock(mou.ClockChildProtection, police)
	if clock.Set != s.number || clock.State == mou.ClockMet || clock.Due.Sub(s.now) > time.Hour {
		t.Errorf("telling child protection is %+v, want it set by entry %d", clock, s.number)
	}
	s.mayNot(mou.RuleConsentRequired, police, "", s.asks(lightship))
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Adult})
	if got := s.clock(mou.ClockChildProtection, police); got.State != mou.ClockEnded || got.Set != clock.Set {
		t.Errorf("an adult after all: the clock is %+v, want ended and not forgotten", got)
	}
}

// A holder whose part is over still answers for what it holds, so it learns who
// speaks for the person, and nothing else.
func TestAFormerHolderLearnsThatThePersonCameOfAge(t *testing.T) {
	s := newStory(t)
	s.begun(police, events.Child)
	told := s.says(police, "", s.asksFor(events.PurposeChildProtection, []events.Section{events.SectionIdentity}, childcare))
	s.says(police, told, sealFor(childcare, events.PurposeChildProtection, events.SectionIdentity))
	s.says(childcare, told, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	s.says(police, told, &events.ReferralWithdrawn{Said: s.said(), Reason: "moved-elsewhere"})
	s.says(childcare, told, &events.ErasureConfirmed{Said: s.said(), Answer: events.Kept, Ground: "statutory-retention", Until: events.At(s.now.Add(time.Hour))})
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Adult})
	s.sees(childcare, true)
	s.says(police, "", &events.HelpDeclined{Said: s.said(), WayBack: "safe-contact"})
	s.sees(childcare, false)
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: childcare}})
	s.sees(childcare, true)
	owes := func(c mou.Case) bool {
		return slices.ContainsFunc(c.Referrals(), func(r mou.Referral) bool { return r.Legs[0].Owes })
	}
	if !owes(s.c) || !owes(s.c.View(childcare)) {
		t.Error("now that an adult speaks, child protection owes an answer for what it kept, and knows it")
	}
}
