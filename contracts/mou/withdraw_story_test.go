package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestThePersonWithdrawsBeforeTheShelterAnswers(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship)
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})

	due := s.hub()
	if len(due) != 1 || due[0].(*events.RecordErased).Reason != events.ErasedNoConsent {
		t.Errorf("the hub says %v, want the held record erased because consent ended", due)
	}
	if got := s.leg(r); got != mou.LegWithdrawn {
		t.Errorf("the referral is %s, want withdrawn", got)
	}
	if !slices.Contains(s.c.SeenBy(lightship), s.number-1) {
		t.Error("the shelter does not learn that its request ended")
	}
	if got := s.clock(mou.ClockAnswer, lightship).State; got != mou.ClockEnded {
		t.Errorf("the shelter's answer clock is %s, want ended", got)
	}
	s.mayNot(mou.RuleReferralWithdraw, lightship, r, &events.ReferralAccepted{Said: s.said()})
	s.mayNot(mou.RuleReferralWithdraw, police, r, seal(lightship, events.SectionContact))
}

func TestThePersonWithdrawsThroughTheShelterThatHoldsTheData(t *testing.T) {
	s := newStory(t)
	r := s.arrived(lightship)
	s.says(lightship, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: lightship}})
	owed := s.clock(mou.ClockErasure, lightship)
	if owed.State != mou.ClockPending {
		t.Errorf("the shelter's erasure answer is %s, want pending", owed.State)
	}
	if got := s.leg(r); got != mou.LegHandedOver {
		t.Errorf("withdrawing consent to share made the stay %s: help does not end", got)
	}
	s.mayNot(mou.RuleConsentRequired, police, r, seal(lightship, events.SectionContact))
	s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Kept, Ground: "legal-claim", Until: events.At(s.now.Add(time.Hour))})
	if got := s.clock(mou.ClockErasure, lightship).State; got != mou.ClockMet {
		t.Errorf("after the answer the clock is %s, want met", got)
	}
	s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
	s.mayNot(mou.RuleNothingHeld, lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
}

func TestThePoliceWithdrawTheReferralAfterAcceptance(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.says(police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "person-left"})
	s.now = s.now.Add(8 * 24 * time.Hour)
	if got := s.clock(mou.ClockErasure, lightship).State; got != mou.ClockMissed {
		t.Errorf("a week later the shelter's erasure answer is %s, want missed", got)
	}
	s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
	if got := s.clock(mou.ClockErasure, lightship).State; got != mou.ClockLateMet {
		t.Errorf("answered at last, it is %s, want late-met", got)
	}
	s.mayNot(mou.RuleReferralWithdraw, lightship, r, &events.HandoverCompleted{Said: s.said()})
	s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "person-left"})
}

func TestTheHandOverFails(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.says(lightship, r, &events.HandoverFailed{Said: s.said(), Reason: "not-reached"})
	if got := s.clock(mou.ClockErasure, lightship).State; got != mou.ClockPending {
		t.Errorf("after a failed hand-over the erasure answer is %s, want pending", got)
	}
	s.mayNot(mou.RuleNotHandedOver, lightship, r, &events.ReferralFeedback{Said: s.said(), Outcome: "not-reached"})
	s.mayNot(mou.RuleReferralOver, police, r, seal(lightship, events.SectionContact))
	s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
}

func TestTwoSheltersAreAskedAndOneAccepts(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship, harbour)
	before := len(s.c.SeenBy(harbour))
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	due := s.hub()
	if len(due) != 3 || due[0].(*events.RecordReleased).To != lightship || due[1].(*events.RecordErased).Reason != events.ErasedNotChosen {
		t.Errorf("the hub says %v, want one release, one erasure and a word to the other", due)
	}
	told := s.c.View(harbour).Trail()
	if last := told[len(told)-1]; len(told) != before+1 || last.Type != events.TypeReferralNotNeeded {
		t.Errorf("the other shelter learned %d things, the last is %s; want only that it is not needed", len(told)-before, last.Name())
	}
	s.says(police, "", s.rights())
	if len(s.c.SeenBy(harbour)) != before+1 {
		t.Error("the other shelter still hears of the case")
	}
	s.mayNot(mou.RuleReferralOver, harbour, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
}

func TestConsentRunsOutWhileTheShelterThinks(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship)
	s.now = s.now.Add(31 * 24 * time.Hour)
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	if due := s.hub(); len(due) != 1 || due[0].(*events.RecordErased).Reason != events.ErasedNoConsent {
		t.Errorf("the hub says %v: consent is checked again when a record is released", due)
	}
	s.says(police, "", s.bundle("bed"))
	s.says(police, r, seal(lightship, events.SectionIdentity))
	if due := s.hub(); len(due) != 1 || due[0].Type() != events.TypeRecordReleased {
		t.Errorf("asked again, the person agreed; the hub says %v", due)
	}
}

func TestAnEmbassyLearnsNothingOfAnEarlierRefusal(t *testing.T) {
	s := newStory(t)
	s.openedForMission()
	s.says(police, "", s.rights())
	s.says(police, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Agency: embassy}, Purpose: events.PurposeConsular})
	no := s.number
	s.says(police, "", s.bundle("embassy"))
	ask := s.asks(embassy)
	ask.Purpose, ask.Sections = events.PurposeConsular, events.Set[events.Section]{events.SectionTravel}
	r := s.says(police, "", ask)
	s.says(embassy, r, &events.ReferralAccepted{Said: s.said()})
	if slices.Contains(s.c.SeenBy(embassy), no) {
		t.Error("the embassy sees that the person refused it before")
	}
}
