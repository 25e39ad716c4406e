package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestTheNextShelterIsAskedWhenTheFirstIsFull(t *testing.T) {
	s := newStory(t)
	r := s.inLine(lightship, harbour)
	if seen := s.c.SeenBy(harbour); seen != nil || slices.Contains(s.c.Parties(), harbour) {
		t.Errorf("before its turn the second shelter sees %v", seen)
	}
	if got := legOf(s.c, r, harbour).State; got != mou.LegWaiting {
		t.Errorf("the second shelter's part is %s, want waiting", got)
	}
	s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
	no := s.number
	said := s.hub()
	if len(said) != 2 || said[0].(*events.RecordErased).Reason != events.ErasedDeclined || said[1].(*events.ReferralEscalated).To != harbour {
		t.Fatalf("the hub says %v, want the first's record erased and the second asked", said)
	}
	if got, want := s.c.SeenBy(harbour), []uint64{1, 2, 4, s.number}; !slices.Equal(got, want) || slices.Contains(got, no) {
		t.Errorf("asked, the second shelter sees %v, want %v: nothing of the first", got, want)
	}
	if clock := s.clock(mou.ClockAnswer, harbour); clock.Set != s.number {
		t.Errorf("its time to answer runs from entry %d, want from its turn", clock.Set)
	}
	s.says(harbour, r, &events.ReferralAccepted{Said: s.said()})
	if said := s.hub(); len(said) != 1 || said[0].(*events.RecordReleased).To != harbour {
		t.Errorf("the hub says %v, want the record that waited released, with no new sealing", said)
	}
}

func TestAHandOverThatFailsGoesToTheNext(t *testing.T) {
	s := newStory(t)
	r := s.inLine(lightship, harbour, social)
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	if got := legOf(s.c, r, harbour).State; got != mou.LegWaiting {
		t.Errorf("until the person is there the second shelter's part is %s, want waiting", got)
	}
	s.says(lightship, r, &events.HandoverFailed{Said: s.said(), Reason: "not-reached"})
	said := s.hub()
	if step, ok := said[0].(*events.ReferralEscalated); len(said) != 1 || !ok || step.To != harbour || step.Because != events.DutyHandover {
		t.Fatalf("the hub says %v, want the second shelter asked because of the hand-over", said)
	}
	s.says(harbour, r, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	s.says(police, r, &events.HandoverArranged{Said: s.said(), Planned: events.At(s.now.Add(time.Hour))})
	if s.clock(mou.ClockHandover, harbour).State != mou.ClockPending || slices.Contains(s.c.SeenBy(lightship), s.number) {
		t.Error("the hand-over is arranged with the wrong shelter")
	}
	s.says(harbour, r, &events.HandoverCompleted{Said: s.said()})
	s.says(harbour, r, &events.ReferralFeedback{Said: s.said(), Outcome: "completed"})
	s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "completed"})
	if seen := s.c.SeenBy(social); seen != nil {
		t.Errorf("a provider whose turn never came sees %v", seen)
	}
}

// tonight tells the story up to a request for a bed tonight with risk, needs and
// identity sealed for each shelter.
func (s *story) tonight(to ...events.AgencyID) events.ReferralID {
	s.t.Helper()
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	ask := s.asks(to...)
	ask.Urgency, ask.Sections = events.Tonight, events.Set[events.Section]{"risk", "needs", "identity"}
	r := s.says(police, "", ask)
	for _, a := range to {
		for _, section := range ask.Sections {
			s.says(police, r, seal(a, section))
		}
	}
	return r
}

func (s *story) released(to events.AgencyID) (sections []events.Section) {
	for _, r := range s.c.Records() {
		if r.To == to && r.State == mou.RecordReleased {
			sections = append(sections, r.Section)
		}
	}
	return sections
}

func TestTonightRiskAndNeedsOpenToANamedDutyWorker(t *testing.T) {
	s := newStory(t)
	r := s.tonight(lightship, harbour)
	s.says(harbour, r, &events.ReferralAcknowledged{Said: s.said()})
	s.hub()
	if got := s.released(harbour); got != nil {
		t.Errorf("nobody is named, and %v opened", got)
	}
	s.says(lightship, r, &events.ReferralAcknowledged{Said: s.said(), Duty: "duty-1"})
	s.hub()
	if got := s.released(lightship); !slices.Equal(got, []events.Section{"risk", "needs"}) {
		t.Errorf("to the duty worker %v opened, want risk and needs", got)
	}
	t.Run("whoever acknowledged may name who is on duty, once", func(t *testing.T) {
		s := *s
		s.mayNot(mou.RuleAlreadyAnswered, harbour, r, &events.ReferralAcknowledged{Said: s.said()})
		s.says(harbour, r, &events.ReferralAcknowledged{Said: s.said(), Duty: "duty-2"})
		s.hub()
		if got := s.released(harbour); !slices.Equal(got, []events.Section{"risk", "needs"}) {
			t.Errorf("to the duty worker %v opened, want risk and needs", got)
		}
		s.mayNot(mou.RuleAlreadyAnswered, harbour, r, &events.ReferralAcknowledged{Said: s.said(), Duty: "duty-3"})
	})
	t.Run("who opened and is not chosen answers for it", func(t *testing.T) {
		s := *s
		s.says(harbour, r, &events.ReferralAccepted{Said: s.said()})
		s.hub()
		if got := s.released(harbour); len(got) != 3 {
			t.Errorf("to the shelter that accepted %v opened", got)
		}
		leg := legOf(s.c, r, lightship)
		if leg.State != mou.LegNotChosen || !leg.Owes {
			t.Errorf("the other is %+v, want not chosen, and owing", leg)
		}
		if clock := s.clock(mou.ClockErasure, lightship); clock.State != mou.ClockPending || s.c.View(lightship).Clocks(s.now)[0].Rule == "" {
			t.Errorf("its answer is %s, want pending", clock.State)
		}
		if last := s.c.View(lightship).Trail(); last[len(last)-1].Type != events.TypeReferralNotNeeded {
			t.Error("it is not told that it is no longer needed")
		}
		s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
	})
	t.Run("who opened and declines answers for it", func(t *testing.T) {
		s := *s
		s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "not-safe-here"})
		if !legOf(s.c, r, lightship).Owes {
			t.Error("a shelter that opened risk and needs and declined owes no answer")
		}
		if got := s.c.Recallable(s.now); len(got) != 2 || got[0].Reason != events.ErasedDeclined {
			t.Errorf("on their way may be stopped %v, want both records", got)
		}
	})
	t.Run("not tonight, nothing opens early", func(t *testing.T) {
		s := newStory(t)
		r := s.requested(lightship)
		s.says(police, r, seal(lightship, events.SectionNeeds))
		s.says(lightship, r, &events.ReferralAcknowledged{Said: s.said(), Duty: "duty-1"})
		if said := s.hub(); said != nil {
			t.Errorf("the hub says %v", said)
		}
	})
	t.Run("without consent nothing opens", func(t *testing.T) {
		s := newStory(t)
		r := s.tonight(lightship)
		s.now = s.now.Add(31 * 24 * time.Hour)
		s.says(lightship, r, &events.ReferralAcknowledged{Said: s.said(), Duty: "duty-1"})
		s.hub()
		if got := s.released(lightship); got != nil {
			t.Errorf("%v opened", got)
		}
	})
}

func ask(to events.AgencyID) *events.Record {
	return &events.Record{Header: events.RecordHeader{Type: events.TypeReferralAsked, To: to, Purpose: events.PurposeAccommodation, Section: events.SectionQuestion}}
}

func answer(to events.AgencyID) *events.Record {
	return &events.Record{Header: events.RecordHeader{Type: events.TypeReferralAnswered, To: to, Purpose: events.PurposeAccommodation, Section: events.SectionQuestion}}
}

func TestAShelterAsksOneQuestionFirst(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship)
	s.says(lightship, r, ask(police))
	if said := s.hub(); len(said) != 1 || said[0].(*events.RecordReleased).To != police {
		t.Fatalf("the hub says %v, want the question released at once", said)
	}
	s.says(police, r, answer(lightship))
	if said := s.hub(); len(said) != 1 || said[0].(*events.RecordReleased).To != lightship {
		t.Fatalf("the hub says %v, want the answer released at once", said)
	}
	if got := s.clock(mou.ClockAnswer, lightship).State; got != mou.ClockPending {
		t.Errorf("a question stops no clock; the answer is %s", got)
	}
	s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
	if leg := legOf(s.c, r, lightship); leg.Holds != 1 || !leg.Owes {
		t.Errorf("the shelter that got an answer and declined is %+v, want owing", leg)
	}
	s.hub()
	if c := s.c.View(police); len(c.Records()) != 3 {
		t.Errorf("the police see %d records", len(c.Records()))
	}
}

func (s *story) byTelephone() *events.ReferralAccepted {
	said := s.said()
	said.Channel = events.Telephone
	return &events.ReferralAccepted{Said: said}
}

func TestAnAcceptanceByTelephoneCountsWhenBothSidesRecordedIt(t *testing.T) {
	both := map[string][]func(*story, events.ReferralID){
		"the shelter first": {
			func(s *story, r events.ReferralID) { s.says(lightship, r, s.byTelephone()) },
			func(s *story, r events.ReferralID) {
				s.says(police, r, &events.ReferralConfirmed{Said: s.said(), Provider: lightship})
			},
		},
		"the police first": {
			func(s *story, r events.ReferralID) {
				s.says(police, r, &events.ReferralConfirmed{Said: s.said(), Provider: lightship})
			},
			func(s *story, r events.ReferralID) { s.says(lightship, r, s.byTelephone()) },
		},
	}
	for name, sides := range both {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			r := s.requested(lightship, harbour)
			sides[0](s, r)
			if said := s.hub(); said != nil || s.leg(r) == mou.LegAccepted {
				t.Errorf("on one side's word the shelter is %s and the hub says %v", s.leg(r), said)
			}
			sides[1](s, r)
			if said := s.hub(); len(said) != 3 || s.leg(r) != mou.LegAccepted {
				t.Errorf("on both sides' word the shelter is %s and the hub says %v", s.leg(r), said)
			}
			if own := s.c.View(lightship); !slices.Equal(own.SeenBy(lightship), s.c.SeenBy(lightship)) || legOf(own, r, lightship).State != mou.LegAccepted {
				t.Error("the shelter does not see that its acceptance counts")
			}
		})
	}
	t.Run("its own word meets its clock", func(t *testing.T) {
		s := newStory(t)
		r := s.requested(lightship)
		s.says(lightship, r, s.byTelephone())
		if got := s.clock(mou.ClockAnswer, lightship); got.State != mou.ClockMet || s.leg(r) != mou.LegByTelephone {
			t.Errorf("the answer is %s, the shelter %s", got.State, s.leg(r))
		}
		s.mayNot(mou.RuleNotAccepted, lightship, r, &events.HandoverCompleted{Said: s.said()})
	})
	t.Run("another may accept before it counts", func(t *testing.T) {
		s := newStory(t)
		r := s.requested(lightship, harbour)
		s.says(lightship, r, s.byTelephone())
		s.says(harbour, r, &events.ReferralAccepted{Said: s.said()})
		s.hub()
		if s.leg(r) != mou.LegNotChosen || legOf(s.c, r, harbour).State != mou.LegAccepted {
			t.Errorf("the shelters are %s and %s", s.leg(r), legOf(s.c, r, harbour).State)
		}
		s.mayNot(mou.RuleAlreadyAccepted, police, r, &events.ReferralConfirmed{Said: s.said(), Provider: lightship})
	})
	t.Run("late is marked, not refused", func(t *testing.T) {
		s := newStory(t)
		r := s.requested(lightship)
		word := s.byTelephone()
		s.now = s.now.Add(30 * time.Hour)
		s.says(lightship, r, word)
		if trail := s.c.Trail(); !trail[len(trail)-1].Late {
			t.Error("an acceptance of yesterday is not marked late")
		}
	})
}

func TestClocksStandStillWhileThePersonIsMissing(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.says(police, r, &events.HandoverArranged{Said: s.said(), Planned: events.At(s.now.Add(time.Hour))})
	due := s.clock(mou.ClockHandover, lightship).Due
	s.says(lightship, "", &events.PersonMissing{Said: s.said()})
	gone := s.now.Add(-time.Minute)
	s.now = s.now.Add(60 * time.Hour)
	clock := s.clock(mou.ClockHandover, lightship)
	if clock.State != mou.ClockSuspended || !clock.Look.Equal(gone.Add(7*24*time.Hour)) {
		t.Errorf("while the person is missing the hand-over is %s, to be looked at %s", clock.State, clock.Look)
	}
	if said := s.hub(); said != nil {
		t.Errorf("while the person is missing the hub says %v", said)
	}
	s.says(lightship, "", &events.PersonFound{Said: s.said()})
	away := s.now.Add(-time.Minute).Sub(gone)
	for name, c := range map[string]mou.Case{"ledger": s.c, "shelter": s.c.View(lightship), "police": s.c.View(police)} {
		for _, clock := range c.Clocks(s.now) {
			if clock.Rule == mou.ClockHandover && (clock.State != mou.ClockPending && clock.State != mou.ClockDueSoon || !clock.Due.Equal(due.Add(away))) {
				t.Errorf("the %s sees the hand-over %s until %s, want %s", name, clock.State, clock.Due, due.Add(away))
			}
		}
	}
	s.says(lightship, r, &events.HandoverCompleted{Said: s.said()})
	if got := s.clock(mou.ClockHandover, lightship).State; got != mou.ClockMet {
		t.Errorf("the hand-over is %s, want met", got)
	}
}

func TestADeskThatIsNotToldThatThePersonIsMissingKeepsItsTime(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	doubtful := s.bundle("counselling")
	doubtful.Capacity = events.Doubtful
	s.says(lightship, "", doubtful)
	s.says(lightship, r, &events.HandoverFailed{Said: s.said(), Reason: "person-left"})
	due := s.clock(mou.RuleConsentProvisional, lightship).Due
	s.says(police, "", &events.PersonMissing{Said: s.said()})
	s.now = s.now.Add(10 * time.Hour)
	for name, c := range map[string]mou.Case{"ledger": s.c, "shelter": s.c.View(lightship)} {
		for _, clock := range c.Clocks(s.now) {
			if clock.Rule == mou.RuleConsentProvisional && (clock.State != mou.ClockPending || !clock.Due.Equal(due)) {
				t.Errorf("the %s sees the clock %s until %s, want pending until %s", name, clock.State, clock.Due, due)
			}
		}
	}
}
