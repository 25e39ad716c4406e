package mou_test

import (
	"slices"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestALabourRaidStaysWalledOffFromMigrationControl(t *testing.T) {
	s := newStory(t)
	s.begun(inspector, events.Adult)
	s.says(inspector, "", &events.IncidentLinked{Said: s.said(), Incident: events.EventID(uuid(7000))})
	s.says(inspector, "", s.bundle("social"))
	r := s.says(inspector, "", s.asks(social))
	s.says(social, r, &events.ReferralAccepted{Said: s.said()})
	s.says(social, "", s.bundle("residence"))
	papers := s.asksFor(events.PurposeResidence, []events.Section{events.SectionTravel}, migration)
	s.mayNot(mou.RuleWall, social, "", papers)
	s.mayNot(mou.RuleWall, inspector, "", papers)

	// the person's papers are a case of their own
	own := newStory(t)
	own.id = events.CaseID(uuid(5000))
	own.begun(social, events.Adult)
	own.says(social, "", own.bundle("residence"))
	own.says(social, "", own.asksFor(events.PurposeResidence, []events.Section{events.SectionTravel}, migration))
	if got := s.c.SeenBy(migration); got != nil {
		t.Errorf("migration control sees %v of the raid", got)
	}
}

func TestTheWallStandsOnBothSides(t *testing.T) {
	s := newStory(t)
	s.m.Profile = walled(t)
	s.begun(social, events.Adult)
	s.says(social, "", s.bundle("residence"))
	both := s.asksFor(events.PurposeResidence, []events.Section{events.SectionTravel}, migration)
	s.says(social, "", both)
	s.mayNot(mou.RuleWall, social, "", &events.NoticeSent{Said: s.said(), To: inspector, Age: events.Adult})
	if !s.m.Profile.Walled(events.Migration, events.LabourInspectorate) || s.m.Profile.Walled(events.Migration, events.Social) {
		t.Error("a wall has two sides, and there is only one")
	}
}

// A desk that does not know of the other party is told no more than that it may not.
func TestAWallThatIsHiddenIsNotExplained(t *testing.T) {
	s := newStory(t)
	s.m.Profile = walled(t)
	s.begun(police, events.Adult)
	s.says(police, "", s.bundle("bed"))
	bed := s.says(police, "", s.asks(lightship))
	s.says(lightship, bed, &events.ReferralAccepted{Said: s.said()})
	s.says(police, "", &events.NoticeSent{Said: s.said(), To: inspector, Age: events.Adult})
	s.says(lightship, "", s.bundle("residence"))
	ask := s.asksFor(events.PurposeResidence, []events.Section{events.SectionTravel}, migration)
	s.mayNot(mou.RuleNotPermitted, lightship, "", ask)
	s.inside = true
	s.mayNot(mou.RuleWall, lightship, "", ask)
}

// walled is the model profile with a notice to the inspectorate.
func walled(t *testing.T) *mou.Profile {
	t.Helper()
	p, err := mou.LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	p.Notices.To = append(slices.Clone(p.Notices.To), events.LabourInspectorate)
	return p
}
