package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func (s *story) disclosed(to events.AgencyID, sections ...events.Section) *events.EmergencyDisclosed {
	return &events.EmergencyDisclosed{Said: s.said(), Reason: "life", To: to, Sections: sections, Staff: "worker-7"}
}

func (s *story) confirmed(id events.EventID, told events.Told) *events.EmergencyConfirmed {
	return &events.EmergencyConfirmed{Said: s.said(), Disclosure: id, Staff: "lead-1", Person: told}
}

func TestAnEmergencyOpensAtOnceOnOneSignature(t *testing.T) {
	s := newStory(t)
	s.begun(lightship, events.Adult)
	s.says(lightship, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: events.Police}, Purpose: events.PurposeInvestigation})
	s.mayNot(mou.RuleConsentRequired, lightship, "", s.asksFor(events.PurposeEmergency, []events.Section{events.SectionRisk}, police))
	e := s.says(lightship, "", s.disclosed(police, events.SectionContact, events.SectionRisk))
	if got := s.c.SeenBy(police); !slices.Equal(got, []uint64{s.number}) {
		t.Errorf("the police see %v, want the emergency alone", got)
	}
	s.mayNot(mou.RuleConsentRequired, lightship, "", s.asksFor(events.PurposeEmergency, []events.Section{events.SectionIdentity}, police))
	r := s.says(lightship, "", s.asksFor(events.PurposeEmergency, []events.Section{events.SectionRisk}, police))
	s.says(lightship, r, sealFor(police, events.PurposeEmergency, events.SectionRisk))
	if due := s.hub(); len(due) != 1 || due[0].Type() != events.TypeRecordReleased {
		t.Fatalf("the hub says %v, want the record released without waiting for an answer", due)
	}
	s.says(lightship, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: police}})
	if !s.owes(r) {
		t.Error("the police do not answer for what they hold although the person said no")
	}
	s.says(police, r, &events.ReferralAccepted{Said: s.said()})
	s.says(lightship, r, sealFor(police, events.PurposeEmergency, events.SectionRisk))
	if got := s.clock(mou.ClockEmergency, lightship); got.State != mou.ClockPending || got.Due.Sub(morning) > 25*time.Hour {
		t.Errorf("confirming is %+v, want pending for a day", got)
	}
	s.hub()
	s.now = s.now.Add(73 * time.Hour)
	s.mayNot(mou.RuleConsentRequired, lightship, r, sealFor(police, events.PurposeEmergency, events.SectionRisk))
	if got := s.clock(mou.ClockEmergency, lightship).State; got != mou.ClockMissed {
		t.Errorf("three days later confirming is %s, want missed", got)
	}
	s.says(lightship, "", s.confirmed(e, "would-endanger"))
	if got := s.clock(mou.ClockEmergency, lightship).State; got != mou.ClockLateMet {
		t.Errorf("confirmed at last, it is %s, want late-met", got)
	}
}

func TestASecondPersonConfirmsAndThePersonIsTold(t *testing.T) {
	s := newStory(t)
	s.begun(hotline, events.Adult)
	e := s.says(hotline, "", s.disclosed(police, events.SectionRisk))
	same := s.confirmed(e, "told")
	same.Staff = "worker-7"
	s.mayNot(mou.RuleSecondPerson, hotline, "", same)
	s.says(hotline, "", s.confirmed(e, "would-endanger"))
	s.sees(police, true)
	s.mayNot(mou.RulePersonTold, hotline, "", s.confirmed(e, "would-endanger"))
	s.says(hotline, "", s.confirmed(e, "told"))
	s.mayNot(mou.RulePersonTold, hotline, "", s.confirmed(e, "told"))
	if got := s.c.Emergencies(); len(got) != 1 || !got[0].Confirmed || !got[0].Told || got[0].To != police {
		t.Errorf("the emergency stands as %+v", got)
	}
	if got := s.clock(mou.ClockEmergency, hotline); got.State != mou.ClockMet || got.Met != 4 {
		t.Errorf("confirming is %+v, want met by the first confirmation", got)
	}
}

func TestAnEmergencyOpensNothingToAnybodyElse(t *testing.T) {
	s := newStory(t)
	s.begun(lightship, events.Adult)
	for _, never := range []events.AgencyID{migration, inspector, homeward, office, auditor} {
		s.mayNot(mou.RuleAgreementTable, lightship, "", s.disclosed(never, events.SectionRisk))
	}
	s.mayNot(mou.RuleMissionLinked, lightship, "", s.disclosed(embassy, events.SectionIdentity))
	s.mayNot(mou.RuleAgreementTable, lightship, "", s.disclosed(police, events.SectionHealth))
	s.says(lightship, "", s.disclosed(clinic, events.SectionHealth))
	s.mayNot(mou.RuleConsentRequired, lightship, "", s.asksFor(events.PurposeMedical, []events.Section{events.SectionHealth}, clinic))
	s.mayNot(mou.RuleConsentRequired, lightship, "", s.asksFor(events.PurposeEmergency, []events.Section{events.SectionRisk}, harbour))
}
