package mou_test

import (
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// goingHome tells the story until the agency that prepares the return has accepted.
func (s *story) goingHome(age events.AgeClass) events.ReferralID {
	s.t.Helper()
	s.begun(social, age)
	consent := s.bundle("return")
	if age != events.Adult {
		consent = s.guarded("return", events.ByGuardian)
	}
	s.says(social, "", consent)
	ask := s.asksFor(events.PurposeReturn, []events.Section{events.SectionIdentity, events.SectionTravel}, homeward)
	ask.Needs, ask.Age = events.Set[events.Need]{"return"}, age
	r := s.says(social, "", ask)
	s.says(social, r, sealFor(homeward, events.PurposeReturn, events.SectionIdentity))
	s.says(homeward, r, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	return r
}

func (s *story) assessed(outcome events.ReturnOutcome) events.Payload {
	return &events.ReturnRiskAssessed{Said: s.said(), Outcome: outcome}
}

func (s *story) agreed(by events.Speaker) events.Payload {
	return &events.ReturnAgreed{Said: s.said(), By: by}
}

func TestAVoluntaryReturn(t *testing.T) {
	s := newStory(t)
	r := s.goingHome(events.Adult)
	s.mayNot(mou.RuleReturnOrder, homeward, r, s.agreed(events.ByPerson))
	s.says(homeward, r, s.assessed(events.ReturnAdverse))
	s.mayNot(mou.RuleChildGuardian, homeward, r, s.agreed(events.ByGuardian))
	s.mayNot(mou.RuleReturnOrder, homeward, r, &events.ReturnDeparted{Said: s.said()})
	s.says(homeward, r, s.agreed(events.ByPerson)) // an adult decides, whatever the assessment
	s.mayNot(mou.RuleReturnOrder, homeward, r, &events.ReturnArrived{Said: s.said()})
	s.says(homeward, r, &events.ReturnDeparted{Said: s.said()})
	s.mayNot(mou.RuleReturnOrder, homeward, r, s.assessed(events.ReturnAcceptable))
	s.says(homeward, r, &events.ReturnArrived{Said: s.said()})
	s.sees(social, true)
	s.mayNot(mou.RuleReturnOrder, homeward, r, &events.ReturnArrived{Said: s.said()})
}

func TestWhoChangesTheirMindDoesNotLeave(t *testing.T) {
	s := newStory(t)
	r := s.goingHome(events.Adult)
	s.says(homeward, r, &events.HandoverCompleted{Said: s.said()})
	s.says(homeward, r, s.assessed(events.ReturnAcceptable))
	s.says(homeward, r, s.agreed(events.ByPerson))
	s.says(social, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.IOM}, Purpose: events.PurposeReturn})
	s.mayNot(mou.RuleReturnOrder, homeward, r, &events.ReturnDeparted{Said: s.said()})
	s.says(homeward, r, s.agreed(events.ByPerson))
	s.says(homeward, r, &events.ReturnDeparted{Said: s.said()})
}

func TestAChildDoesNotReturnToDanger(t *testing.T) {
	s := newStory(t)
	r := s.goingHome(events.Child)
	s.says(homeward, r, s.assessed(events.ReturnAcceptable))
	s.mayNot(mou.RuleChildGuardian, homeward, r, s.agreed(events.ByPerson))
	s.says(homeward, r, s.agreed(events.ByGuardian))
	s.says(homeward, r, s.assessed(events.ReturnAdverse))
	s.mayNot(mou.RuleReturnRisk, homeward, r, s.agreed(events.ByGuardian))
	s.mayNot(mou.RuleReturnRisk, homeward, r, &events.ReturnDeparted{Said: s.said()})
	s.says(homeward, r, s.assessed(events.ReturnAcceptable))
	s.says(social, "", &events.GuardianConflicted{Said: s.said()})
	s.mayNot(mou.RuleReturnOrder, homeward, r, &events.ReturnDeparted{Said: s.said()})
	s.mayNot(mou.RuleGuardianConflict, homeward, r, s.agreed(events.ByGuardian))
	s.says(homeward, r, s.agreed(events.ByAppointed))
	s.says(homeward, r, &events.ReturnDeparted{Said: s.said()})
}

func TestAReturnHasAReferralOfItsOwn(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.mayNot(mou.RuleReturnOrder, lightship, r, s.assessed(events.ReturnAcceptable))
	s.mayNot(mou.RulePower, police, r, s.assessed(events.ReturnAcceptable))
}
