package mou_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestLateIsMarkedNotRefused(t *testing.T) {
	s := newStory(t)
	said := s.said()
	s.now = s.now.Add(30 * time.Hour)
	s.says(police, "", &events.CaseOpened{Said: said, Age: events.Adult})
	s.says(police, "", s.rights())
	trail := s.c.Trail()
	if !trail[0].Late || trail[1].Late {
		t.Errorf("late: %v, %v; want the first alone", trail[0].Late, trail[1].Late)
	}
}

func TestTonightSetsShortClocks(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	ask, asked := s.asks(lightship), s.now
	ask.Urgency = events.Tonight
	s.says(police, "", ask)
	if got := s.clock(mou.ClockAcknowledge, lightship).Due.Sub(asked); got != 15*time.Minute {
		t.Errorf("acknowledge within %s, want 15 min", got)
	}
	if got := s.clock(mou.ClockAnswer, lightship).Due.Sub(asked); got != 30*time.Minute {
		t.Errorf("answer within %s, want 30 min", got)
	}
}

func TestADeskIsToldWhatItMayDoNextAndWhyNot(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	moves := s.c.Next(police, s.now)
	at := slices.IndexFunc(moves, func(m mou.Move) bool { return m.Type == events.TypeConsentGiven })
	if m := moves[at]; m.Allowed || m.Rule != mou.RuleRightsFirst || m.Reason == "" {
		t.Errorf("before rights are told consent is %+v", m)
	}
	if moves := s.c.Next(office, s.now); moves != nil {
		t.Errorf("a coordinator is offered %v", moves)
	}
	for _, m := range s.c.Next(lightship, s.now) {
		if m.Allowed != (m.Type == events.TypeCaseOpened) {
			t.Errorf("a shelter that knows nothing of the case is told %+v", m)
		}
	}
}

func TestAnAgencyFoldsWhatItIsGivenInAnyOrder(t *testing.T) {
	s := newStory(t)
	var acts []mou.Act
	keep := func(a mou.Act) {
		acts = append(acts, a)
		s.says(a.Event.Agency(), a.Event.Referral(), a.Payload)
	}
	keep(s.act(police, "", s.opened(events.Adult)))
	keep(s.act(police, "", s.rights()))
	keep(s.act(police, "", s.bundle("bed")))
	ask := s.act(police, "", s.asks(lightship))
	keep(ask)
	keep(s.act(lightship, ask.Event.ID, &events.ReferralAccepted{Said: s.said()}))
	view := s.m.NewCase(lightship)
	trail := s.c.Trail()
	for _, i := range []int{3, 0, 4, 2, 1, 2} {
		var err error
		if view, err = view.Apply(acts[i], trail[i].Admitted); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(marshal(t, view), marshal(t, s.c.View(lightship))) {
		t.Error("the order of delivery changed the case")
	}
}

func TestACaseIsNotRestoredFromWhatItWasNotStoredAs(t *testing.T) {
	s := newStory(t)
	s.requested(lightship)
	stored := marshal(t, s.c)
	for name, change := range map[string][2]string{
		"another semantics":    {`"semantics":1`, `"semantics":2`},
		"another profile":      {`"model@1"`, `"uk@1"`},
		"an unknown member":    {`"semantics":1`, `"semantics":1,"more":1`},
		"an unknown code":      {`"adult"`, `"grown"`},
		"entries out of order": {`"number":2`, `"number":1`},
		"a cut":                {`"trail":[`, `"trail":`},
	} {
		bad := bytes.Replace(stored, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(bad, stored) {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := s.m.RestoreCase(bad); err == nil {
			t.Errorf("%s was restored", name)
		}
	}
}

func TestWhatIsNoActOfTheCaseIsRefused(t *testing.T) {
	s := newStory(t)
	s.says(police, "", s.opened(events.Adult))
	good := s.act(police, "", s.rights())
	for name, change := range map[string]func(*mou.Act){
		"no facts":        func(a *mou.Act) { a.Payload = nil },
		"other facts":     func(a *mou.Act) { a.Payload = s.opened(events.Adult) },
		"another case":    func(a *mou.Act) { a.Event.Subject = uuid(7) },
		"a taken number":  func(a *mou.Act) { a.Number = 1 },
		"not about cases": func(a *mou.Act) { a.Event.Type, a.Payload = events.TypeControlHead, &events.HeadAnnounced{} },
	} {
		a := good
		change(&a)
		_, err := s.c.Apply(a, s.now)
		if _, refused := errors.AsType[*events.Violation](err); !refused {
			t.Errorf("%s: got %v, want a violation", name, err)
		}
	}
}
