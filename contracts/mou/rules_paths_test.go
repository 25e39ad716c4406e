package mou_test

import (
	"handrail/contracts/mou"
	"handrail/events"
)

func pathBreaks() []breaks {
	return []breaks{
		{"a guardian who may be involved agrees for the child", mou.RuleGuardianConflict, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Child)
			s.says(police, "", &events.GuardianConflicted{Said: s.said()})
			return police, "", s.guarded("bed", events.ByGuardian)
		}},
		{"nobody asked the child", mou.RuleChildView, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Child)
			c := s.guarded("bed", events.ByGuardian)
			c.ChildView = ""
			return police, "", c
		}},
		{"an adult is asked as a child", mou.RuleChildView, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Adult)
			c := s.bundle("bed")
			c.ChildView = "agrees"
			return police, "", c
		}},
		{"a shelter that was asked accuses the guardian", mou.RuleNotInContact, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Child)
			s.says(police, "", s.guarded("bed", events.ByGuardian))
			s.says(police, "", s.asks(lightship))
			return lightship, "", &events.GuardianConflicted{Said: s.said()}
		}},
		{"a child is left without a way back", mou.RuleWayBack, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Unsure)
			return police, "", &events.HelpDeclined{Said: s.said(), WayBack: "none-wanted"}
		}},
		{"somebody is found who was not missing", mou.RulePersonMissing, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Adult)
			return police, "", &events.PersonFound{Said: s.said()}
		}},
		{"a shelter links the police's case with a raid", mou.RulePower, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.arrived(lightship)
			return lightship, "", &events.IncidentLinked{Said: s.said(), Incident: events.EventID(uuid(7000))}
		}},
		{"a shelter links the police's case for a mission", mou.RuleNotOwner, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.arrived(lightship)
			return lightship, "", &events.CaseLinked{Said: s.said(), Case: events.CaseID(uuid(5000)), For: events.LinkConsular}
		}},
		{"a case is linked with itself", mou.RuleMissionLinked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Adult)
			return police, "", &events.CaseLinked{Said: s.said(), Case: s.id, For: events.LinkConsular}
		}},
		{"the case of a mission is linked on", mou.RuleMissionLinked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.openedForMission()
			return police, "", &events.CaseLinked{Said: s.said(), Case: events.CaseID(uuid(5000)), For: events.LinkConsular}
		}},
		{"the hub bars a mission that it never allowed", mou.RuleMissionLinked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Adult)
			return events.HubAgency, "", &events.ConsularBarred{Said: s.said()}
		}},
		{"a mission is addressed in a case that nobody linked, on the ledger's own account", mou.RuleMissionClosed, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", &events.CaseOpened{Said: s.said(), Age: events.Adult, For: events.LinkConsular})
			s.says(police, "", s.rights())
			s.says(police, "", s.bundle("embassy"))
			s.inside = true
			return police, "", s.asksFor(events.PurposeConsular, []events.Section{events.SectionTravel}, embassy)
		}},
		{"an embassy says that asylum is sought", mou.RulePower, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.openedForMission()
			return embassy, "", &events.AsylumSought{Said: s.said()}
		}},
		{"asylum is sought in the mission's case", mou.RuleMissionLinked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.openedForMission()
			return police, "", &events.AsylumSought{Said: s.said()}
		}},
		{"asylum ends that nobody sought", mou.RuleAsylumSought, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(police, events.Adult)
			return police, "", &events.AsylumEnded{Said: s.said()}
		}},
		{"migration control is told of an inspectorate's case", mou.RuleWall, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(inspector, events.Adult)
			s.says(inspector, "", s.bundle("residence"))
			return inspector, "", s.asksFor(events.PurposeResidence, []events.Section{events.SectionTravel}, migration)
		}},
		{"a travel document has run out", mou.RuleTravelDocument, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.openedForMission()
			s.says(police, "", s.rights())
			s.says(police, "", s.bundle("embassy"))
			r := s.says(police, "", s.asksFor(events.PurposeConsular, []events.Section{events.SectionTravel}, embassy))
			s.says(embassy, r, &events.ReferralAccepted{Said: s.said()})
			return embassy, r, &events.TravelDocumentIssued{Said: s.said(), Until: events.At(morning)}
		}},
		{"a return is agreed before its risks are assessed", mou.RuleReturnOrder, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.goingHome(events.Adult)
			return homeward, r, s.agreed(events.ByPerson)
		}},
		{"a child returns to danger", mou.RuleReturnRisk, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.goingHome(events.Child)
			s.says(homeward, r, s.assessed(events.ReturnAdverse))
			return homeward, r, s.agreed(events.ByGuardian)
		}},
		{"a disclosure names no danger", mou.RuleEmergency, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(lightship, events.Adult)
			e := s.disclosed(police, events.SectionRisk)
			e.Reason = ""
			return lightship, "", e
		}},
		{"an emergency is asked for consent", mou.RuleEmergency, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(lightship, events.Adult)
			c := s.bundle("police")
			c.Purpose = events.PurposeEmergency
			return lightship, "", c
		}},
		{"another agency confirms a disclosure", mou.RuleEmergency, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.arrived(lightship)
			e := s.says(lightship, "", s.disclosed(clinic, events.SectionRisk))
			return police, "", s.confirmed(e, "told")
		}},
		{"who signed confirms", mou.RuleSecondPerson, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(lightship, events.Adult)
			c := s.confirmed(s.says(lightship, "", s.disclosed(police, events.SectionRisk)), "told")
			c.Staff = "worker-7"
			return lightship, "", c
		}},
		{"a disclosure is confirmed twice", mou.RulePersonTold, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.begun(lightship, events.Adult)
			e := s.says(lightship, "", s.disclosed(police, events.SectionRisk))
			s.says(lightship, "", s.confirmed(e, "told"))
			return lightship, "", s.confirmed(e, "told")
		}},
	}
}
