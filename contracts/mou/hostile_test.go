package mou_test

import (
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// missed lets the time of every clock run out, and the hub speak of it.
func (s *story) missed(after time.Duration) (told []*events.ReferralEscalated) {
	s.t.Helper()
	s.now = s.now.Add(after)
	for _, p := range s.hub() {
		if step, ok := p.(*events.ReferralEscalated); ok {
			told = append(told, step)
		}
	}
	return told
}

func (s *story) discloses(by events.AgencyID) {
	s.t.Helper()
	s.says(by, "", &events.EmergencyDisclosed{
		Said: s.said(), Reason: "life", To: social, Sections: events.Set[events.Section]{"risk"}, Staff: "officer-1",
	})
	s.hub()
}

func TestEveryDisclosureThatNobodyConfirmsIsTold(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	for n := range 3 {
		s.discloses(police)
		if told := s.missed(25 * time.Hour); len(told) != 1 || told[0].Because != events.DutyEmergency || told[0].To != office {
			t.Fatalf("of disclosure %d that nobody confirmed the coordinator is told %v, want once", n+1, told)
		}
	}
	s.discloses(police)
	s.discloses(police)
	if told := s.missed(25 * time.Hour); len(told) != 2 {
		t.Errorf("of two at once the coordinator is told %d times", len(told))
	}
}

func TestWhoeverIsAChildAgainIsToldOfAgain(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Unsure))
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Adult})
	s.hub()
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Child})
	again := s.number
	s.hub()
	var open bool
	for _, c := range s.c.Clocks(s.now) {
		open = open || c.Rule == mou.ClockChildProtection && c.Set == again && c.State == mou.ClockPending
	}
	if !open {
		t.Error("taken for an adult and then for a child, nobody owes child protection a word")
	}
	if told := s.missed(2 * time.Hour); len(told) != 1 || told[0].Because != events.DutyChildProtection {
		t.Errorf("missed, the coordinator is told %v", told)
	}
}

func TestAnIdStandsInACaseOnce(t *testing.T) {
	s := newStory(t)
	r := s.requested(lightship, harbour)
	taken := s.acts[len(s.acts)-2].Event.ID // the record for the first shelter
	s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	question := s.act(lightship, r, ask(police))
	question.Event.ID, question.Event.CausationID = taken, taken
	question.Payload.(*events.Record).Header.ID = taken
	if err := s.c.Judge(question, s.now); err == nil {
		t.Error("another agency's id is taken for a statement of one's own")
	}
	mine := s.act(lightship, "", s.rights())
	mine.Event.ID, mine.Event.CausationID = s.acts[0].Event.ID, s.acts[0].Event.ID
	if err := s.c.Judge(mine, s.now); err == nil {
		t.Error("another agency's id is taken for a statement of one's own")
	}
}

// A case of very many words must not hold up the hub, which judges for everybody.
func TestManyConsentsHoldUpNobody(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	for range 2000 {
		a := s.act(police, "", s.bundle("bed"))
		c, err := s.c.Apply(a, s.now)
		if err != nil {
			t.Fatal(err)
		}
		s.c, s.number, s.now = c, s.number+1, s.now.Add(time.Second)
	}
	begin := time.Now()
	if clocks := s.c.Clocks(s.now); len(clocks) != 2000 {
		t.Errorf("%d clocks", len(clocks))
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the clocks of 2000 consents took %s", took)
	}
}

func TestAPromiseByTelephoneThatNobodyConfirms(t *testing.T) {
	t.Run("is taken back", func(t *testing.T) {
		s := newStory(t)
		r := s.inLine(lightship, harbour)
		s.says(lightship, r, s.byTelephone())
		s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
		s.hub()
		if got := legOf(s.c, r, harbour).State; got != mou.LegRequested {
			t.Errorf("the next shelter's part is %s, want requested", got)
		}
		s.mayNot(mou.RuleReferralOver, police, r, &events.ReferralConfirmed{Said: s.said(), Provider: lightship})
	})
	t.Run("counts once it is said by any other channel", func(t *testing.T) {
		s := newStory(t)
		r := s.inLine(lightship, harbour)
		s.says(lightship, r, s.byTelephone())
		first := s.number
		s.mayNot(mou.RuleAlreadyAnswered, lightship, r, s.byTelephone())
		s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
		if said := s.hub(); len(said) != 1 || said[0].(*events.RecordReleased).To != lightship {
			t.Errorf("the hub says %v, want the record released", said)
		}
		if clock := s.clock(mou.ClockAnswer, lightship); clock.Met != first {
			t.Errorf("its answer is met by entry %d, want by its first word, %d", clock.Met, first)
		}
		s.mayNot(mou.RuleAlreadyAnswered, lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
	})
}
