package mou_test

import (
	"slices"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// openedForMission opens the case for a foreign mission and links it, as the hub
// says in it when its owner links it from the person's own case.
func (s *story) openedForMission() {
	s.t.Helper()
	s.says(police, "", &events.CaseOpened{Said: s.said(), Age: events.Adult, For: events.LinkConsular})
	s.says(events.HubAgency, "", &events.ConsularAllowed{Said: s.said(), Owner: police})
}

// begun opens the person's own case and tells them of their rights.
func (s *story) begun(owner events.AgencyID, age events.AgeClass) {
	s.t.Helper()
	s.says(owner, "", s.opened(age))
	s.says(owner, "", s.rights())
}

// asksFor is a request for a purpose other than a bed.
func (s *story) asksFor(purpose events.Purpose, sections []events.Section, to ...events.AgencyID) *events.ReferralRequested {
	ask := s.asks(to...)
	ask.Purpose, ask.Sections = purpose, sections
	return ask
}

// sealFor is a record for a purpose other than a bed.
func sealFor(to events.AgencyID, purpose events.Purpose, section events.Section) *events.Record {
	r := seal(to, section)
	r.Header.Purpose = purpose
	return r
}

// guarded is a child's consent, in the voice of a guardian.
func (s *story) guarded(name string, by events.Speaker) *events.ConsentGiven {
	c := s.bundle(name)
	c.By, c.ChildView = by, "agrees"
	return c
}

// sees expects that an agency sees the last statement, or does not.
func (s *story) sees(a events.AgencyID, want bool) {
	s.t.Helper()
	if got := slices.Contains(s.c.SeenBy(a), s.number); got != want {
		s.t.Errorf("%s sees entry %d: %v, want %v", a, s.number, got, want)
	}
}

func TestWhoeverWantsNoHelpNowKeepsAWayBack(t *testing.T) {
	s := newStory(t)
	s.begun(police, events.Adult)
	s.says(police, "", &events.HelpDeclined{Said: s.said(), WayBack: "hotline-number"})
	if !s.c.HelpDeclined() || s.c.Status() != mou.StatusActive {
		t.Error("not now is an outcome, and the case stays open")
	}
	s.says(police, "", s.bundle("bed"))
	if s.c.HelpDeclined() {
		t.Error("the person came back and agreed, and is still said to want nothing")
	}
	r := s.says(police, "", s.asks(lightship))
	s.mayNot(mou.RuleReferralPending, police, "", &events.HelpDeclined{Said: s.said(), WayBack: "come-back-here"})
	s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
	s.says(police, "", &events.HelpDeclined{Said: s.said(), WayBack: "none-wanted"})
}

func TestARaidIsOneIncidentAndOneCaseEach(t *testing.T) {
	raid := events.EventID(uuid(7000))
	var seen [2]mou.Case
	for i := range seen {
		s := newStory(t)
		s.id = events.CaseID(uuid(uint64(7100 + i)))
		s.begun(inspector, events.Adult)
		s.says(inspector, "", s.bundle("bed"))
		s.says(inspector, "", s.asks(lightship))
		s.says(inspector, "", &events.IncidentLinked{Said: s.said(), Incident: raid})
		s.sees(lightship, false)
		s.sees(inspector, true)
		seen[i] = s.c
	}
	for _, c := range seen {
		if got := c.Incidents(); !slices.Equal(got, []events.EventID{raid}) {
			t.Errorf("the case names %v, want the raid", got)
		}
	}
}

func TestAMissingPersonIsMissedOnceUntilFound(t *testing.T) {
	s := newStory(t)
	r := s.arrived(lightship)
	s.says(lightship, "", &events.PersonMissing{Said: s.said()})
	s.sees(police, true)
	if !s.c.Missing() || !s.c.View(police).Missing() {
		t.Error("the person is not missing")
	}
	s.mayNot(mou.RulePersonMissing, police, "", &events.PersonMissing{Said: s.said()})
	s.says(police, "", &events.PersonFound{Said: s.said()})
	if s.c.Missing() || s.c.View(lightship).Missing() {
		t.Error("the person is still missing")
	}
	s.says(lightship, r, &events.ServiceStarted{Said: s.said(), Need: "counselling"})
}

// Help never depends on consent to the police, and a no to the police or an
// embassy ends nothing else (CETS 197 Art. 12(6)).
func TestANoToThePoliceLeavesTheBed(t *testing.T) {
	s := newStory(t)
	s.begun(social, events.Adult)
	s.says(social, "", s.bundle("bed"))
	bed := s.says(social, "", s.asks(lightship))
	s.says(social, bed, seal(lightship, events.SectionIdentity))
	s.says(social, "", s.bundle("police"))
	told := s.says(social, "", s.asksFor(events.PurposeInvestigation, []events.Section{events.SectionTestimony}, police))
	s.says(social, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: events.Police}, Purpose: events.PurposeInvestigation})
	s.says(social, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: events.ForeignMission}, Purpose: events.PurposeConsular})
	s.mayNot(mou.RuleReferralWithdraw, police, told, &events.ReferralAccepted{Said: s.said()})
	s.says(lightship, bed, &events.ReferralAccepted{Said: s.said()})
	if due := s.hub(); len(due) != 1 || due[0].Type() != events.TypeRecordReleased {
		t.Errorf("the hub says %v, want the record for the bed released", due)
	}
	s.says(lightship, bed, &events.HandoverCompleted{Said: s.said()})
	if got := s.leg(bed); got != mou.LegHandedOver {
		t.Errorf("the bed is %s: it does not depend on the police", got)
	}
	if got := s.c.SeenBy(embassy); got != nil {
		t.Errorf("the embassy that was refused sees %v", got)
	}
}

// Who waits for its turn hears of nothing, not even of the person's age.
func TestWhoWaitsForItsTurnHearsNothing(t *testing.T) {
	s := newStory(t)
	s.begun(police, events.Child)
	ask := s.asksFor(events.PurposeChildProtection, []events.Section{events.SectionIdentity}, childcare)
	s.says(police, "", s.guarded("bed", events.ByGuardian))
	s.says(police, "", ask)
	bed := s.asks(lightship, harbour)
	bed.Order = events.InTurn
	r := s.says(police, "", bed)
	s.says(police, "", &events.AgeDetermined{Said: s.said(), Age: events.Unsure})
	s.says(childcare, "", &events.GuardianConflicted{Said: s.said()})
	if got := s.c.SeenBy(harbour); got != nil {
		t.Errorf("the second shelter sees %v before its turn", got)
	}
	s.says(police, "", s.guarded("bed", events.ByAppointed))
	s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
	s.drain()
	if s.c.View(harbour).Age() != events.Unsure {
		t.Error("asked, the second shelter does not know how old the person is said to be")
	}
}
