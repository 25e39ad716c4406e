package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// refuses is the person's no to shelters, recorded by the police.
func (s *story) refuses() {
	s.t.Helper()
	s.says(police, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation})
}

func (s *story) owes(id events.ReferralID) bool {
	s.t.Helper()
	for _, r := range s.c.Referrals() {
		if r.ID == id {
			return r.Legs[0].Owes
		}
	}
	s.t.Fatal("no such referral")
	return false
}

func TestARefusalAfterTheRequestEndsIt(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship)
	s.refuses()
	if got := s.leg(r); got != mou.LegWithdrawn {
		t.Errorf("the person refused, the referral is %s, want withdrawn", got)
	}
	if !slices.Contains(s.c.SeenBy(lightship), s.number) {
		t.Error("the shelter does not learn that its part ended")
	}
	if due := s.hub(); len(due) != 1 || due[0].(*events.RecordErased).Reason != events.ErasedNoConsent {
		t.Errorf("the hub says %v, want the held record erased because consent ended", due)
	}
	s.mayNot(mou.RuleReferralWithdraw, lightship, r, &events.ReferralAccepted{Said: s.said()})
	s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "person-declined"})
}

func TestARefusalWhileThePersonLivesThereEndsTheUseOfDataNotTheHelp(t *testing.T) {
	s := newStory(t)
	r := s.arrived(lightship)
	s.refuses()
	if !s.owes(r) || s.clock(mou.ClockErasure, lightship).Set != s.number {
		t.Error("the shelter does not owe an answer about what it holds")
	}
	if got := s.c.Consent(lightship, events.PurposeAccommodation, events.SectionIdentity, s.now); got != mou.ConsentRefused {
		t.Errorf("the consent is %s, want refused", got)
	}
	if got := s.leg(r); got != mou.LegHandedOver {
		t.Errorf("the stay is %s: help does not end", got)
	}
	s.says(lightship, r, &events.ServiceStarted{Said: s.said(), Need: "counselling"})
}

func TestAWithdrawalAfterAnAnswerAsksAgain(t *testing.T) {
	withdrawn := func(s *story) {
		s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
	}
	kept := func(s *story, r events.ReferralID) {
		s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Kept, Ground: "legal-claim", Until: events.At(s.now.Add(time.Hour))})
	}
	t.Run("the person lives there", func(t *testing.T) {
		s := newStory(t)
		r := s.arrived(lightship)
		withdrawn(s)
		if got := s.c.View(lightship).Consent(lightship, events.PurposeAccommodation, events.SectionIdentity, s.now); got != mou.ConsentWithdrawn {
			t.Errorf("the shelter reads the consent as %s, want withdrawn", got)
		}
		kept(s, r)
		s.says(police, "", s.bundle("bed"))
		withdrawn(s)
		if !s.owes(r) {
			t.Error("the shelter does not owe an answer after the second withdrawal")
		}
	})
	t.Run("the hand-over failed", func(t *testing.T) {
		s := newStory(t)
		r := s.accepted(lightship)
		s.says(lightship, r, &events.HandoverFailed{Said: s.said(), Reason: "not-reached"})
		kept(s, r)
		s.says(police, "", s.rights())
		withdrawn(s)
		if !s.owes(r) {
			t.Error("the shelter that kept the records does not owe an answer")
		}
		seen := s.c.SeenBy(lightship)
		if !slices.Contains(seen, s.number) || slices.Contains(seen, s.number-1) {
			t.Errorf("the shelter sees %v: want the withdrawal, %d, and nothing else of the case that goes on", seen, s.number)
		}
		s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
		withdrawn(s)
		if s.owes(r) || slices.Contains(s.c.SeenBy(lightship), s.number) {
			t.Error("a shelter that holds nothing any more still hears of the person's no")
		}
	})
}

func TestAProviderSeesHowConsentWasGivenOnceItAccepted(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
	s.says(police, "", s.bundle("bed"))
	r := s.says(police, "", s.asks(lightship, harbour))
	if got := s.c.SeenBy(lightship); !slices.Equal(got, []uint64{1, 2, 6}) {
		t.Errorf("asked, the shelter sees %v; want the case, the rights and the request alone", got)
	}
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	if got := s.c.SeenBy(lightship); !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("having accepted, the shelter sees %v; want all that tells how consent stands", got)
	}
	if got := s.c.SeenBy(harbour); !slices.Equal(got, []uint64{1, 2, 6}) {
		t.Errorf("the other shelter sees %v", got)
	}
}

// An embassy sees no directory. It names whom it meets in the case, and its own
// reading of what it said agrees with the ledger's.
func TestAnEmbassyThatSeesNoDirectoryRecordsAWithdrawal(t *testing.T) {
	s := newStory(t)
	s.openedForMission()
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("embassy"))
	ask := s.asks(embassy)
	ask.Purpose, ask.Sections = events.PurposeConsular, events.Set[events.Section]{events.SectionTravel}
	s.says(police, "", ask)
	for _, a := range []events.AgencyID{harbour, "nobody"} {
		s.mayNot(mou.RuleRecipientUnknown, embassy, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: a}})
	}
	own := &mou.Memorandum{Profile: s.m.Profile, Directory: map[events.AgencyID]events.AgencyKind{embassy: events.ForeignMission}}
	view := own.NewCase(embassy)
	s.says(embassy, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: police}})
	s.says(embassy, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: embassy}})
	for _, item := range s.c.View(embassy).Trail() {
		next, err := view.Apply(s.acts[item.Number-1], item.Admitted)
		if err != nil {
			t.Fatalf("the embassy cannot take entry %d: %v", item.Number, err)
		}
		view = next
	}
	if string(marshal(t, view)) != string(marshal(t, s.c.View(embassy))) {
		t.Error("the embassy's fold differs from its view")
	}
}
