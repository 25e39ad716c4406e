package mou_test

import (
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func referralBreaks() []breaks {
	return []breaks{
		{"the police ask themselves", mou.RuleRecipientUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return police, "", s.asks(police)
		}},
		{"testimony is offered to a shelter", mou.RuleAgreementTable, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			r := s.asks(lightship)
			r.Sections = events.Set[events.Section]{events.SectionTestimony}
			return police, "", r
		}},
		{"an answer to no referral", mou.RuleReferralUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return lightship, "", &events.ReferralAccepted{Said: s.said()}
		}},
		{"an answer after withdrawal", mou.RuleReferralWithdraw, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "person-declined"})
			return lightship, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"an answer after the person withdrew consent", mou.RuleReferralWithdraw, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
			return lightship, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"a referral is withdrawn twice", mou.RuleReferralWithdraw, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"})
			return police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"}
		}},
		{"a referral is withdrawn when the person is there", mou.RuleReferralOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.arrived(lightship)
			return police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"}
		}},
		{"the shelter withdraws the police's referral", mou.RuleNotReferrer, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return lightship, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"}
		}},
		{"the police accept for the shelter", mou.RuleNotCandidate, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return police, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"a shelter accepts twice", mou.RuleAlreadyAnswered, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship)
			return lightship, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"a shelter acknowledges twice", mou.RuleAlreadyAnswered, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralAcknowledged{Said: s.said()})
			return lightship, r, &events.ReferralAcknowledged{Said: s.said()}
		}},
		{"a second shelter accepts, and is not told why it may not", mou.RuleReferralOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship, harbour)
			return harbour, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"the hand-over comes before acceptance", mou.RuleNotAccepted, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return lightship, r, &events.HandoverCompleted{Said: s.said()}
		}},
		{"the person arrives twice", mou.RuleReferralOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.arrived(lightship)
			return lightship, r, &events.HandoverCompleted{Said: s.said()}
		}},
		{"a service starts before the person is there", mou.RuleNotHandedOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship)
			return lightship, r, &events.ServiceStarted{Said: s.said(), Need: "counselling"}
		}},
		{"a service starts that nobody asked for", mou.RuleNeedAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.arrived(lightship)
			return lightship, r, &events.ServiceStarted{Said: s.said(), Need: "return"}
		}},
		{"a service ends that never started", mou.RuleNeedAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.arrived(lightship)
			return lightship, r, &events.ServiceEnded{Said: s.said(), Need: "counselling", Reason: "completed"}
		}},
	}
}

func recordBreaks() []breaks {
	return []breaks{
		{"the shelter seals a record into the police's referral", mou.RuleNotReferrer, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship)
			return lightship, r, seal(harbour, events.SectionContact)
		}},
		{"a record for a shelter that was not asked", mou.RuleNotCandidate, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return police, r, seal(harbour, events.SectionContact)
		}},
		{"a record for the coordinator", mou.RuleAgreementTable, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return police, r, seal(office, events.SectionContact)
		}},
		{"a record of a section that the request did not name", mou.RuleRecordNotAsked, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return police, r, seal(lightship, events.SectionRisk)
		}},
		{"a record after consent ran out", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.now = s.now.Add(31 * 24 * time.Hour)
			return police, r, seal(lightship, events.SectionContact)
		}},
		{"a record after the shelter declined", mou.RuleReferralOver, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
			return police, r, seal(lightship, events.SectionContact)
		}},
		{"a record for a shelter that rests", mou.RuleRecipientUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.away(lightship)
			return police, r, seal(lightship, events.SectionContact)
		}},
		{"the hub releases what was sealed to a lost key", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
			s.lost(lightship)
			return events.HubAgency, "", &events.RecordReleased{Said: s.said(), Record: s.c.Records()[0].ID, To: lightship}
		}},
		{"the hub says that a key ended, and it did not", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return events.HubAgency, "", &events.RecordErased{Said: s.said(), Record: s.c.Records()[0].ID, Reason: events.ErasedKeyEnded}
		}},
		{"a shelter reads what waits for it", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return lightship, "", s.reading()
		}},
		{"the police read what they sealed", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.accepted(lightship)
			return police, "", s.reading()
		}},
		{"a shelter reads for another purpose", mou.RulePurposeOther, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship)
			p := s.reading()
			p.Purpose = events.PurposeCounselling
			return lightship, r, p
		}},
		{"a shelter reads, and names no referral", mou.RuleCorrelation, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.accepted(lightship)
			return lightship, "", s.reading()
		}},
		{"the hub releases before acceptance", mou.RuleNotAccepted, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return events.HubAgency, "", &events.RecordReleased{Said: s.said(), Record: s.c.Records()[0].ID, To: lightship}
		}},
		{"the hub releases to another than the recipient", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
			return events.HubAgency, "", &events.RecordReleased{Said: s.said(), Record: s.c.Records()[0].ID, To: harbour}
		}},
		{"the hub releases what consent no longer covers", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
			s.now = s.now.Add(31 * 24 * time.Hour)
			return events.HubAgency, "", &events.RecordReleased{Said: s.said(), Record: s.c.Records()[0].ID, To: lightship}
		}},
		{"the hub erases what still waits", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return events.HubAgency, "", &events.RecordErased{Said: s.said(), Record: s.c.Records()[0].ID, Reason: events.ErasedDeclined}
		}},
		{"the shelter disputes a record that it does not have", mou.RuleRecordUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return lightship, "", &events.RecordDisputed{Said: s.said(), Record: s.c.Records()[0].ID}
		}},
		{"a second shelter accepts, on the ledger's own account", mou.RuleAlreadyAccepted, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship, harbour)
			s.says(lightship, r, &events.ReferralAccepted{Said: s.said()})
			s.inside = true
			return harbour, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"a shelter keeps a record until yesterday", mou.RuleErasureGround, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.accepted(lightship)
			return lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Kept, Ground: "court-order", Until: events.At(morning)}
		}},
		{"a shelter that holds nothing confirms erasure", mou.RuleNothingHeld, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			return lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased}
		}},
	}
}
